"""Ground truth beside a result: scores, IoU over time, and errors grouped into rows of a table.

The numbers are those of `mohart eval`: the same readers, rules and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import iou
from mohart.data.annotation_files import find_sources, read_source
from mohart.errors import FormatError
from mohart.evaluation.files.input import ScoringInput, load_kitti, load_mot
from mohart.evaluation.files.scoring import Scored, SequenceEvents
from mohart.formats.annotation import Annotation
from mohart.formats.class_names import MOT_CLASSES
from mohart.formats.detect import detect_format
from mohart.formats.mot.seqinfo import scan_seqinfo
from mohart.metrics.evaluate import ScoredSequence
from mohart.metrics.events import match
from mohart.metrics.labels import Labels
from mohart.metrics.rules import MotRules, Rules
from mohart.structures import Tracks

SHOWN = ("false_positive", "miss", "switch")
OUTSIDE_SHARE = 0.05  # of true boxes that lie wholly outside the frame, from which it is wrong


@dataclass(frozen=True, kw_only=True)
class ErrorRow:
    """One error, or the same one in frames that follow each other.

    Attributes:
        kind: `false_positive`, `miss` or `switch`.
        first: zero-based frame.
        last: zero-based frame, inclusive.
        count: of the errors in it: `last - first + 1`.
        truth_id: -1 for false positives.
        result_id: -1 for misses.
        previous_id: for a switch, whom the truth had before; otherwise -1.
        iou: mean, see `mohart.metrics.events.Events`.
        boxes: [count, 4] xyxy pixels, one per frame.
        class_name: of the objects.
    """

    kind: str
    first: int
    last: int
    count: int
    truth_id: int
    result_id: int
    previous_id: int
    iou: float
    boxes: NDArray[np.float64]
    class_name: str

    def box_at(self, frame: int) -> NDArray[np.float64]:
        """[4] the box in a frame, or in the nearest one of the error."""
        box: NDArray[np.float64] = self.boxes[min(max(frame - self.first, 0), self.count - 1)]
        return box


@dataclass(frozen=True, kw_only=True)
class OverTime:
    """How good a result is, frame by frame, over all classes.

    Attributes:
        iou: [T] mean IoU of the matched boxes; NaN where none is matched.
        truths: [T] boxes of the truth that count.
        matched: [T] of them matched.
    """

    iou: NDArray[np.float64]
    truths: NDArray[np.int64]
    matched: NDArray[np.int64]


def load_truth(truth: Path, results: Path, *, name: str) -> ScoringInput:
    """What `mohart eval mot` (or `kitti`) would count.

    MOT text and KITTI text go through the very readers of `mohart eval`; other formats are read as
    annotations and scored under the rules of MOT17 where the truth has its classes, and otherwise
    with every box counting, as MOT15 does.

    Args:
        truth: file, or a folder as `mohart eval` takes it.
        results: file.
        name: of the video.

    Raises:
        MissingDataError: a file is not there.
        FormatError: a file is damaged, or empty.
        ConfigError: it is not clear what it is.
    """
    if truth.is_file():
        with truth.open("rb") as content:
            if not content.read(1 << 16).strip():
                raise FormatError(f"{truth}: an empty file, so there is no ground truth in it")
    given = detect_format(results, kind="results").format
    how = given if truth.is_dir() else detect_format(truth, kind="gt").format
    if how == given == "mot":
        return load_mot(truth, results)
    if how == given == "kitti":
        return load_kitti(truth, results)
    true, mine = (
        _annotation(path, kind, name) for path, kind in ((truth, "gt"), (results, "results"))
    )
    known = {number: MOT_CLASSES.get(number) for number in true.classes}
    is_mot = bool(known) and dict(true.classes) == known
    last = max(mine.frames, true.frames, true.length or 0)
    return ScoringInput(
        sequences=(
            ScoredSequence(
                name=name,
                length=max(last, 1) if true.length is None else last,
                truth=_labels(true),
                results=_labels(mine, one_class=True),
            ),
        ),
        rules=MotRules("mot17" if is_mot else "mot15"),
        dataset=truth.absolute().name,
        split="all",
        tracker=results.stem,
        first_frame=0,
        problems=(),
        notes=(f"benchmark {'mot17' if is_mot else 'mot15'}, by the classes of {truth.name}",),
    )


def _annotation(path: Path, kind: str, name: str) -> Annotation:
    source = find_sources(path, kind="gt" if kind == "gt" else "results")[0]
    records = read_source(source)
    named = [record for record in records if record.name == name]
    return (named or records)[0]


def _labels(record: Annotation, *, one_class: bool = False) -> Labels:
    tracks: Tracks = record.tracks.select(record.has_identity)
    states = np.array(record.extras.get("state", [""] * len(record.tracks)), dtype=object)
    lost = states[record.has_identity] == "lost"
    labels = Labels.from_tracks(tracks.select(~lost))
    ones = np.ones(len(labels), np.int64)
    return Labels.from_columns(
        labels.frame,
        labels.track_id,
        labels.boxes,
        class_id=ones if one_class else labels.class_id,
        flagged=labels.flagged,
    )


def check_size(labels: Labels, truth: Path, name: str, width: int, height: int) -> None:
    """Make sure that the truth belongs to frames of this size.

    Args:
        labels: of the truth.
        truth: file or folder of it; a seqinfo.ini beside it is believed.
        name: of the sequence.
        width: of the video, pixels.
        height: of the video, pixels.

    Raises:
        FormatError: seqinfo.ini says another size, or more than a twentieth of the boxes lie wholly
            outside the frame.
    """
    folders = [truth / name, truth, truth.parent, truth.parent.parent]
    for path in [folder / "seqinfo.ini" for folder in folders]:
        if path.is_file():
            info, _ = scan_seqinfo(path)
            if info is not None and (info.width, info.height) != (width, height):
                raise FormatError(
                    f"{path}: the truth is for frames of {info.width}x{info.height} pixels, but "
                    f"the video has {width}x{height}; is this the right video?"
                )
            break
    if not len(labels):
        return
    x1, y1, x2, y2 = labels.boxes.T
    outside = (x2 <= 0) | (y2 <= 0) | (x1 >= width) | (y1 >= height)
    if outside.mean() > OUTSIDE_SHARE:
        raise FormatError(
            f"{truth}: {int(outside.sum())} of {len(labels)} boxes lie outside the frame of "
            f"{width}x{height} pixels (they reach to {x2.max():.0f}x{y2.max():.0f}); was the video "
            f"labelled at another size?"
        )


def group_errors(found: Sequence[SequenceEvents], sequence: str) -> list[ErrorRow]:
    """False positives, misses and switches of one sequence, runs of frames together.

    Args:
        found: as `mohart.evaluation.files.scoring.score` gives them.
        sequence: its name.

    Returns:
        Sorted by first frame; the counts of a kind add up to CLEAR's number.
    """
    rows = []
    for part in found:
        if part.sequence != sequence:
            continue
        events = part.events
        for kind in SHOWN:
            chosen = events.select(events.kind == kind)
            who = chosen.truth_id if kind == "miss" else chosen.result_id
            order = np.lexsort((chosen.frame, who))
            chosen, who = chosen.select(order), who[order]
            new = np.ones(len(chosen), bool)
            if kind != "switch":
                new[1:] = (np.diff(who) != 0) | (np.diff(chosen.frame) != 1)
            starts = np.flatnonzero(new)
            stops = np.append(starts[1:], len(chosen))[: len(starts)]
            for start, stop in zip(starts, stops, strict=True):
                rows.append(
                    ErrorRow(
                        kind=kind,
                        first=int(chosen.frame[start]),
                        last=int(chosen.frame[stop - 1]),
                        count=int(stop - start),
                        truth_id=int(chosen.truth_id[start]),
                        result_id=int(chosen.result_id[start]),
                        previous_id=int(chosen.previous_id[start]),
                        iou=float(chosen.iou[start:stop].mean()),
                        boxes=chosen.boxes[start:stop],
                        class_name=part.class_name,
                    )
                )
    return sorted(rows, key=lambda row: (row.first, SHOWN.index(row.kind), row.last))


def over_time(sequence: ScoredSequence, rules: Rules) -> OverTime:
    """Mean IoU of CLEAR's matches in every frame of a sequence."""
    total = np.zeros(sequence.length)
    matched, truths = np.zeros(sequence.length, np.int64), np.zeros(sequence.length, np.int64)
    for class_name in rules.classes:
        kept = rules.apply(sequence.truth, sequence.results, class_name)
        numbers = [
            np.unique(ids, return_inverse=True)[1].reshape(-1)
            for ids in (kept.truth.track_id, kept.results.track_id)
        ]
        pairs = match(kept, *numbers)
        frame = kept.truth.frame[pairs.truth]
        here, there = kept.truth.boxes[pairs.truth], kept.results.boxes[pairs.result]
        np.add.at(total, frame, iou(here, there))
        np.add.at(matched, frame, 1)
        np.add.at(truths, kept.truth.frame, 1)
    mean = np.divide(total, matched, out=np.full(len(total), np.nan), where=matched > 0)
    return OverTime(iou=mean, truths=truths, matched=matched)


def counts_of(scored: Scored, sequence: str) -> dict[str, int]:
    """CLEAR's numbers of false positives, misses and switches over all classes."""
    rows = [row for row in scored.scores.rows if row.sequence == sequence]
    names = {"false_positive": "FP", "miss": "FN", "switch": "IDSW"}
    return {kind: sum(int(row.scores[name] or 0) for row in rows) for kind, name in names.items()}
