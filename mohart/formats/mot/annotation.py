"""MOTChallenge text <-> Annotation: classes by name, and what the text cannot hold.

Conventions: as in `formats.mot.tracks` (frames from 1; left, top, width, height taken as they are).
Ground truth of other classes than the thirteen of MOTChallenge has their names in `labels.txt`
beside `gt.txt` (line n is class n), as CVAT writes and reads it; then only the flag says what is
ignored.

Source: CVAT manual, "MOT sequence" format; Milan et al. 2016 (MOT16), table 6.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import xyxy_to_xywh
from mohart.errors import ConfigError, did_you_mean
from mohart.formats.annotation import (
    Annotation,
    Losses,
    Rendered,
    exact,
    fresh_ids,
    number,
)
from mohart.formats.class_names import MOT_CLASSES, class_name, nearest_class, numbers_of
from mohart.formats.mot.labels import LABELS, read_labels
from mohart.formats.mot.seqinfo import SequenceInfo
from mohart.formats.mot.tracks import KINDS, PEDESTRIAN, Kind, MotTable, scan_mot
from mohart.formats.rows import DamagedFileError, Header, Row, check_rows, make_annotation

LABELS_NOTE = (
    "classes are named in labels.txt, as CVAT does it; MOTChallenge tools take class 1 as "
    "pedestrian and ignore the others"
)
MAX_CLASS = 1000


def read_mot_annotation(
    path: Path, *, kind: Kind, info: SequenceInfo | None = None, identities: bool = True
) -> Annotation:
    """A MOTChallenge text file.

    Args:
        path: the file; class names are read from the `labels.txt` beside it, where there is one.
        kind: what the columns after the box mean, see `formats.mot.tracks.read_mot`.
        info: the `seqinfo.ini` that belongs to the file.
        identities: whether ids are read.

    Returns:
        Rows as `formats.mot.tracks.read_mot` gives them; with `labels.txt` no class is ignored as
        such.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a row is not what the format says; a DamagedFileError has all problems.
        ConfigError: `kind` is unknown.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    table = scan_mot(path, kind=kind)
    errors = [problem for problem in table.problems if problem.severity == "error"]
    if errors:
        raise DamagedFileError(errors)
    named = read_labels(path) if kind == "gt" else {}
    header = Header(name=path.stem)
    if info is not None:
        header = Header(
            name=info.name,
            width=info.width,
            height=info.height,
            frame_rate=info.frame_rate,
            length=info.length,
        )
    rows, has_classes, world = _rows(table, kind, bool(named))
    if world:
        header["unread"] = (f"world coordinates: columns 8 to 10 dropped ({world} boxes)",)
    if rows and not has_classes:
        header["assumed"] = (f"no classes in the file; all boxes are '{MOT_CLASSES[PEDESTRIAN]}'",)
    checked = check_rows(path, rows, table.lines, box="xywh", first_frame=1, identities=identities)
    return make_annotation(path, checked, named or MOT_CLASSES, header)


def _rows(table: MotTable, kind: Kind, named: bool) -> tuple[list[Row], bool, int]:
    """The rows, whether they have classes, and how many have world coordinates."""
    values = table.values
    given = np.isfinite(values)
    eighth = np.where(given[:, 7], values[:, 7], -1.0)
    whole = eighth == np.floor(eighth)
    if kind == "gt":
        short = bool((table.columns <= 9).all()) or named
        has_classes = len(values) > 0 and short and bool((whole & (eighth >= 1)).all())
        class_id = eighth if has_classes else np.ones(len(values))
        visible = np.where(given[:, 8] & has_classes, values[:, 8], 1.0)
        ignored = np.where(given[:, 6], values[:, 6], 1.0) == 0
        if not named:
            ignored |= class_id != PEDESTRIAN
        confidence = np.ones(len(values))
    else:
        has_classes = bool((whole & (eighth >= -1)).all()) and bool((eighth >= 0).any())
        class_id = np.where(has_classes & (eighth >= 0), eighth, 1.0)
        visible = np.ones(len(values))
        ignored = np.zeros(len(values), bool)
        seventh = np.where(given[:, 6], values[:, 6], 1.0)
        confidence = np.where(seventh == -1, 1.0, seventh)
    first = 8 if has_classes and kind == "gt" else 7
    rest = values[:, first + 1 if has_classes else first : 10]
    world = int(((rest != -1) & np.isfinite(rest)).any(axis=1).sum())
    columns = zip(
        values[:, 0].tolist(),
        table.ids.tolist(),
        values[:, 2:6].tolist(),
        confidence.tolist(),
        visible.tolist(),
        ignored.tolist(),
        class_id.tolist(),
        strict=True,
    )
    rows = [
        Row(frame, track, (box[0], box[1], box[2], box[3]), score, seen, int(ignore), number_)
        for frame, track, box, score, seen, ignore, number_ in columns
    ]
    return rows, has_classes, world


def render_mot(record: Annotation, *, kind: Kind, seqinfo: bool = False) -> Rendered:
    """MOTChallenge text.

    Args:
        record: the annotation.
        kind: `gt` has flag, class and visibility; `results` a confidence; `det` a confidence, a
            class and no ids.
        seqinfo: whether size, rate and length are written to a `seqinfo.ini` beside it.

    Returns:
        The text with up to six decimals, what is lost, and `labels.txt` where it is needed.

    Raises:
        ConfigError: `kind` is unknown.
    """
    if kind not in KINDS:
        raise ConfigError(f"kind: '{kind}' is unknown{did_you_mean(kind, KINDS)}")
    words = {
        "gt": "MOT ground truth",
        "results": "a MOT results file",
        "det": "a MOT detections file",
    }
    losses = Losses(record, words[kind])
    losses.extras()
    losses.header(*(("size", "frame_rate", "length") if seqinfo else ()))
    render = {"gt": _render_gt, "results": _render_results, "det": _render_det}[kind]
    return render(record, losses)


def _render_gt(record: Annotation, losses: Losses) -> Rendered:
    tracks = record.tracks
    class_id, labels = _class_numbers(record, losses)
    losses.columns("confidence")
    losses.rows(~record.has_identity, "identity", "needs one, boxes without got new ids")
    other = ~tracks.ignored & (class_id != PEDESTRIAN)
    if not labels:
        losses.rows(other, "ignored", "counts pedestrians only, other classes become ignored")
    ids = fresh_ids(record, ~record.has_identity).tolist()
    flags = np.where(tracks.ignored, 0, 1).tolist()
    tails = [
        f",{flag},{kind},{exact(seen)}\n"
        for flag, kind, seen in zip(
            flags, class_id.tolist(), tracks.visibility.tolist(), strict=True
        )
    ]
    text = "".join(map(str.__add__, _starts(record, ids), tails))
    return Rendered(text, losses.found, [LABELS_NOTE] if labels else [], labels)


def _class_numbers(record: Annotation, losses: Losses) -> tuple[NDArray[np.int64], dict[str, str]]:
    """[K] class numbers for ground truth, and the text of `labels.txt` where it is needed."""
    class_id, classes = record.tracks.class_id, dict(record.classes)
    if set(classes.values()) <= set(MOT_CLASSES.values()):
        table = MOT_CLASSES
    elif (
        min(classes) >= 1
        and max(classes) <= MAX_CLASS
        and len(set(classes.values())) == len(classes)
    ):
        table = {n: class_name(classes, n) for n in range(1, max(classes) + 1)}
    else:
        used = sorted(set(record.row_names))
        table = dict(enumerate(used, 1))
    by_name = numbers_of(table)
    losses.class_numbers(by_name)
    numbers = np.array([by_name[name] for name in record.row_names], np.int64)
    if table is MOT_CLASSES:
        return numbers.reshape(len(class_id)), {}
    return numbers.reshape(len(class_id)), {LABELS: "".join(f"{n}\n" for n in table.values())}


def _render_results(record: Annotation, losses: Losses) -> Rendered:
    kept = record.has_identity
    losses.columns("visibility", "ignored")
    losses.rows(~kept, "identity", "needs one, boxes without are left out")
    other = np.array([name != MOT_CLASSES[PEDESTRIAN] for name in record.row_names], bool)
    losses.rows(kept & other, "class", f"has none, read as '{MOT_CLASSES[PEDESTRIAN]}'")
    record = _only(record, kept)
    tails = [f",{exact(score)},-1,-1,-1\n" for score in record.tracks.confidence.tolist()]
    starts = _starts(record, record.tracks.track_id.tolist())
    return Rendered("".join(map(str.__add__, starts, tails)), losses.found)


def _render_det(record: Annotation, losses: Losses) -> Rendered:
    tracks = record.tracks
    losses.columns("visibility", "ignored")
    losses.rows(record.has_identity, "identity", "has none, ids are dropped")
    unknown = np.array([nearest_class(n, MOT_CLASSES) is None for n in record.row_names], bool)
    losses.rows(unknown, "class", "has the numbers of MOTChallenge, others keep theirs or become 1")
    numbers = [
        nearest_class(name, MOT_CLASSES) or max(own, PEDESTRIAN)
        for name, own in zip(record.row_names, tracks.class_id.tolist(), strict=True)
    ]
    numbers = [-1 if kind == PEDESTRIAN else kind for kind in numbers]
    losses.class_numbers(
        {name: nearest_class(name, MOT_CLASSES) or k for k, name in record.classes.items()}
    )
    tails = [
        f",{exact(score)},{kind},-1,-1\n"
        for score, kind in zip(tracks.confidence.tolist(), numbers, strict=True)
    ]
    return Rendered(
        "".join(map(str.__add__, _starts(record, [-1] * len(tracks)), tails)), losses.found
    )


def _only(record: Annotation, rows: NDArray[np.bool_]) -> Annotation:
    """The rows where the mask [K] is True, without extras."""
    return replace(record, tracks=record.tracks.select(rows), extras={})


def _starts(record: Annotation, ids: list[int]) -> list[str]:
    """`frame,id,left,top,width,height` of every row."""
    frames = (record.tracks.frame + 1).tolist()
    boxes = xyxy_to_xywh(record.tracks.boxes).tolist()
    return [
        f"{frame},{track},{','.join(map(number, box))}"
        for frame, track, box in zip(frames, ids, boxes, strict=True)
    ]


def seqinfo_of(record: Annotation) -> SequenceInfo | None:
    """What `seqinfo.ini` would say, None where size or rate are not known."""
    if record.width is None or record.height is None or record.frame_rate is None:
        return None
    return SequenceInfo(
        name=record.name,
        frame_rate=record.frame_rate,
        length=max(record.frames, 1),
        width=record.width,
        height=record.height,
    )
