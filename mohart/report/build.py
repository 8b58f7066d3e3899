"""From a result, a video and perhaps ground truth to what the page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np

from mohart.aliases import Progress
from mohart.errors import FormatError
from mohart.evaluation.files.input import ScoringInput
from mohart.evaluation.files.scoring import Scored
from mohart.folders import Kind, OutputFolder, check_folder
from mohart.metrics.evaluate import ScoredSequence
from mohart.metrics.labels import Labels
from mohart.metrics.rules import Rules
from mohart.report.content import Shown, size_of_boxes
from mohart.report.pictures import Pictures, Shelf, take_pictures
from mohart.report.results import UNKNOWN, Result
from mohart.report.truth import OverTime, group_errors, over_time
from mohart.structures import Tracks
from mohart.video import FrameSource

MARK = "about.txt"
LINKED = Kind(
    "mohart report --link",
    names=("*film-*.webp", "*error-*.webp", "*moment-*.webp", MARK),
    mark=MARK,
    said="Pictures of a mohart report",
)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A sequence held against ground truth.

    Attributes:
        sequence: truth and results.
        rules: under which it was scored.
        scored: with events.
    """

    sequence: ScoredSequence
    rules: Rules
    scored: Scored

    @property
    def truth(self) -> Labels:
        """What is drawn: the rows that may count."""
        return self.sequence.truth.select(self.sequence.truth.flagged)


def linked_folder(page: Path) -> Path:
    """Where `--link` puts the pictures of a page.

    >>> linked_folder(Path("out/report.html")).as_posix()
    'out/report-files'
    """
    return page.with_name(f"{page.stem}-files")


def check_link(page: Path, *, overwrite: bool) -> None:
    """Make sure before the work that the pictures may go beside the page.

    Raises:
        OutputError: something is in the way.
    """
    check_folder(linked_folder(page), LINKED, overwrite=overwrite)


def open_link(page: Path, *, overwrite: bool) -> OutputFolder:
    """The folder of a page's pictures, which appears as a whole where the `with` ends well."""
    return OutputFolder(linked_folder(page), LINKED, overwrite=overwrite)


def linked_shelf(page: Path, part: Path) -> Shelf:
    """Pictures into `part`, which will be the folder beside the page."""
    (part / MARK).write_text(f"{LINKED.said}, {page.name}.\n", "utf-8")
    return Shelf(part, quote(linked_folder(page).name))


def check_reach(result: Result, source: FrameSource) -> None:
    """Make sure that a result does not go beyond what the video claims to have.

    Raises:
        FormatError: it does, by more than a container's claim may be wrong.
    """
    length = source.length
    if length is not None and result.last_frame + 1 > length + max(3, 0.02 * length):
        _refuse_beyond(result.path, result.last_frame, length, source.name)


def _refuse_beyond(path: Path | str, last: int, length: int, video: str) -> None:
    raise FormatError(
        f"{path}: has boxes up to frame {last + 1}, but {video} has {length} frames (both counted "
        f"from 1); is this the right video?"
    )


def show_result(
    result: Result,
    source: FrameSource,
    shelf: Shelf,
    *,
    judged: Judged | None = None,
    truth_path: Path | None = None,
    progress: Progress | None = None,
) -> Shown:
    """What the page shows of `mohart report`; the video is read once.

    Args:
        result: what was read.
        source: not read yet.
        shelf: where pictures go.
        judged: against ground truth.
        truth_path: its file, for messages.
        progress: called with frames done and in all.

    Raises:
        FormatError: the result or the truth goes beyond the end of the video.
    """
    classes = result.classes if len(set(result.tracks.class_id.tolist())) > 1 else None
    shown = show(
        source.name,
        result.tracks,
        source,
        shelf,
        state=result.state.tolist(),
        judged=judged,
        progress=progress,
    )
    taken = shown.pictures.frames if shown.pictures else shown.length
    if result.last_frame >= taken:
        _refuse_beyond(result.path, result.last_frame, taken, source.name)
    if judged and len(judged.sequence.truth) and int(judged.sequence.truth.frame[-1]) >= taken:
        _refuse_beyond(
            truth_path or "ground truth", int(judged.sequence.truth.frame[-1]), taken, source.name
        )
    return replace(shown, length=taken, keyframes=result.keyframes, classes=classes)


def show(
    name: str,
    tracks: Tracks,
    source: FrameSource | None,
    shelf: Shelf,
    *,
    state: Sequence[str] | None = None,
    judged: Judged | None = None,
    progress: Progress | None = None,
    prefix: str = "",
) -> Shown:
    """What the page shows of one sequence.

    Args:
        name: of the sequence.
        tracks: K rows of the result.
        source: the video, not read yet; None draws boxes on nothing.
        shelf: where pictures go.
        state: K, see `Result`; None where nobody knows.
        judged: against ground truth.
        progress: called with frames done and in all.
        prefix: of the names of linked pictures.
    """
    reach = int(tracks.frame.max()) + 1 if len(tracks) else 1
    length = max(reach, judged.sequence.length if judged else 0)
    truth = judged.truth if judged else None
    errors = group_errors(judged.scored.events, judged.sequence.name) if judged else None
    pictures: Pictures | None = None
    if source is not None:
        length = max(length, source.length or 0)
        pictures = take_pictures(
            source,
            length,
            shelf,
            tracks,
            truth=truth,
            errors=errors or (),
            name=prefix,
            progress=progress,
        )
        length = max(pictures.frames, reach)
        width, height = source.width, source.height
    else:
        width, height = size_of_boxes([tracks.boxes] + ([truth.boxes] if truth else []))
    return Shown(
        name=name,
        length=length,
        tracks=tracks,
        state=np.array(state if state is not None else [UNKNOWN] * len(tracks), np.str_),
        width=width,
        height=height,
        frame_rate=source.frame_rate if source else 25.0,
        truth=truth,
        errors=errors,
        quality=_quality(judged, length) if judged else None,
        pictures=pictures,
    )


def _quality(judged: Judged, length: int) -> OverTime:
    """As long as the video, which may go on behind the truth."""
    found = over_time(judged.sequence, judged.rules)
    more = max(length - len(found.iou), 0)
    return OverTime(
        iou=np.pad(found.iou, (0, more), constant_values=np.nan)[:length],
        truths=np.pad(found.truths, (0, more))[:length],
        matched=np.pad(found.matched, (0, more))[:length],
    )


def judge(files: ScoringInput, scored: Scored, name: str) -> Judged:
    """One sequence of what was scored, by its name."""
    sequence = next(one for one in files.sequences if one.name == name)
    return Judged(sequence=sequence, rules=files.rules, scored=scored)
