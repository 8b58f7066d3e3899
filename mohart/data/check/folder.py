"""Everything that is wrong with a data folder, found before a training run finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mohart.data.check.mot import check_mot_sequence, problem_of_error
from mohart.data.frames import (
    ImageFrames,
    VideoFrames,
    missing_numbers,
    numbered_images,
    read_image,
)
from mohart.data.kitti import FIRST_IMAGE as KITTI_FIRST_IMAGE
from mohart.data.kitti import LAYOUT as KITTI_LAYOUT
from mohart.data.kitti import find_kitti_root, kitti_sequence_names, read_kitti_sequence
from mohart.data.layout import detect_layout
from mohart.data.mot import LAYOUT as MOT_LAYOUT
from mohart.data.mot import find_mot_sequences, read_mot_sequence
from mohart.data.sequence import Sequence
from mohart.errors import FormatError, MissingDataError, MohartError
from mohart.formats.kitti.tracks import scan_kitti
from mohart.formats.problems import Problem


@dataclass(frozen=True)
class SequenceSummary:
    """One line about a sequence.

    Attributes:
        name: of the sequence.
        readable: False where the readers refuse it; the other fields are then empty.
        frames: number of frames.
        width: pixels, 0 where not known.
        height: pixels, 0 where not known.
        frame_rate: frames per second.
        source: `images`, `video` or `none`.
        objects: number of identities that count.
        boxes: number of boxes that count.
        ignored: number of boxes that do not (distractors, DontCare).
    """

    name: str
    readable: bool
    frames: int = 0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    source: str = "none"
    objects: int = 0
    boxes: int = 0
    ignored: int = 0


def check_folder(path: Path) -> list[Problem]:
    """All problems of a folder in MOT or KITTI layout; content never raises.

    Looks at `seqinfo.ini`, the names and number of images, the first image of every sequence and
    every row of every label file; see `mohart.formats` for the rules. A kind of problem that
    many lines of a file have is one problem.

    Raises:
        MissingDataError: there is no such folder.
    """
    if not path.is_dir():
        state = "is a file, not a folder" if path.exists() else "no such folder"
        raise MissingDataError(f"{path}: {state}; give the folder that holds the sequences")
    match detect_layout(path):
        case "mot":
            return [p for folder in find_mot_sequences(path) for p in check_mot_sequence(folder)]
        case "kitti":
            root = find_kitti_root(path) or path
            names = kitti_sequence_names(root)
            if not names:
                return [Problem(root, None, "no sequences", f"expected {KITTI_LAYOUT}")]
            return [p for name in names for p in _check_kitti_sequence(root, name)]
        case None:
            fix = f"expected MOT ({MOT_LAYOUT}) or KITTI ({KITTI_LAYOUT}); see mohart data --help"
            return [Problem(path, None, "unknown layout", fix)]


def _check_kitti_sequence(root: Path, name: str) -> list[Problem]:
    images, labels = root / "image_02" / name, root / "label_02" / f"{name}.txt"
    numbered, odd = numbered_images(images)
    problems = [
        Problem(path, None, "not numbered like 000000.png", "rename or remove it", "warning")
        for path in odd[:1]
    ]
    if not numbered:
        fix = "labels alone can be scored but not tracked"
        problems.append(Problem(images, None, "no images", fix, "warning"))
    else:
        gaps = max(numbered) + 1 - KITTI_FIRST_IMAGE - len(numbered)
        if gaps > 0:
            first_gap = missing_numbers(numbered, KITTI_FIRST_IMAGE, 1)[0]
            what = f"{gaps} images missing, first {first_gap:06d}"
            problems.append(Problem(images, None, what, "copy them; reading stops at a gap"))
        first = numbered[min(numbered)]
        try:
            read_image(first)
        except (FormatError, MissingDataError) as error:
            problems.append(problem_of_error(first, error))
    if not labels.is_file():
        fix = "fine for the test set, but nothing can be trained or scored"
        return [*problems, Problem(labels, None, "no labels", fix, "warning")]
    try:
        scanned = scan_kitti(labels, kind="gt")
    except (FormatError, MissingDataError) as error:
        return [*problems, problem_of_error(labels, error)]
    problems += scanned.problems
    behind = np.unique(scanned.tracks.frame[scanned.tracks.frame > max(numbered, default=0)])
    if numbered and len(behind):
        what = f"{len(behind)} labelled frames behind the last image, first {int(behind[0])}"
        problems.append(Problem(labels, None, what, "copy the missing images"))
    return problems


def summarise_folder(path: Path) -> list[SequenceSummary]:
    """One summary per sequence, also of those that cannot be read; empty for an unknown layout."""
    match detect_layout(path):
        case "mot":
            return [
                _summary(folder.absolute().name, partial(read_mot_sequence, folder))
                for folder in find_mot_sequences(path)
            ]
        case "kitti":
            root = find_kitti_root(path) or path
            return [
                _summary(name, partial(read_kitti_sequence, root, name))
                for name in kitti_sequence_names(root)
            ]
        case None:
            return []


def _summary(name: str, read: Callable[[], Sequence]) -> SequenceSummary:
    try:
        sequence = read()
    except MohartError:
        return SequenceSummary(name, readable=False)
    counts = sequence.tracks.select(~sequence.tracks.ignored)
    match sequence.reader:
        case ImageFrames():
            source = "images"
        case VideoFrames():
            source = "video"
        case _:
            source = "none"
    return SequenceSummary(
        name=name,
        readable=True,
        frames=sequence.length,
        width=sequence.width,
        height=sequence.height,
        frame_rate=sequence.frame_rate,
        source=source,
        objects=len(np.unique(counts.track_id)),
        boxes=len(counts),
        ignored=len(sequence.tracks) - len(counts),
    )
