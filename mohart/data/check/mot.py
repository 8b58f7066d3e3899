"""What is wrong with a MOT sequence folder; see `data.check.folder`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mohart.boxes import xywh_to_xyxy
from mohart.data.frames import missing_numbers, numbered_images, read_image
from mohart.data.mot import FIRST_IMAGE, find_video, video_info
from mohart.errors import FormatError, MissingDataError
from mohart.formats.mot.seqinfo import SequenceInfo, scan_seqinfo
from mohart.formats.mot.tracks import Kind, MotTable, scan_mot
from mohart.formats.problems import LineProblems, Problem

SHOWN_NAMES = 5


def check_mot_sequence(folder: Path) -> list[Problem]:
    """Everything that is wrong with one sequence, `seqinfo.ini` first; never raises for content."""
    info, problems = _check_seqinfo(folder)
    image_dir = info.image_dir if info else "img1"
    images, video = folder / image_dir, find_video(folder, image_dir)
    length: int | None = info.length if info else None
    if any(numbered_images(images)):
        problems += _check_images(images, info)
        length = length or len(numbered_images(images)[0]) or None
    elif video is not None:
        problems += _check_video(video, info)
    else:
        problems.append(
            Problem(
                images,
                None,
                "no images and no video",
                f"put {image_dir}/000001.jpg, ... or video.mp4 there; labels alone can be "
                "scored but not tracked",
                "warning",
            )
        )
    size = (info.width, info.height) if info else None
    for kind, path in (("gt", folder / "gt" / "gt.txt"), ("det", folder / "det" / "det.txt")):
        if path.is_file():
            problems += check_mot_text(path, "gt" if kind == "gt" else "det", length, size)
        elif kind == "gt":
            problems += _missing_truth(folder)
    return problems


def _check_seqinfo(folder: Path) -> tuple[SequenceInfo | None, list[Problem]]:
    path = folder / "seqinfo.ini"
    if not path.is_file():
        fix = "write one; without it size, length and rate are measured (images: 30 per second)"
        return None, [Problem(path, None, "seqinfo.ini is missing", fix, "warning")]
    try:
        info, problems = scan_seqinfo(path)
    except (FormatError, MissingDataError) as error:
        return None, [problem_of_error(path, error)]
    if info and info.name != folder.absolute().name:
        what = f"name={info.name}, but the folder is called {folder.absolute().name}"
        problems.append(Problem(path, None, what, "results go by the folder's name", "warning"))
    return info, problems


def _missing_truth(folder: Path) -> list[Problem]:
    path = folder / "gt" / "gt.txt"
    if (folder / "gt.txt").is_file():
        return [Problem(folder / "gt.txt", None, "not where it belongs", f"move it to {path}")]
    fix = "fine for a test set, but nothing can be trained or scored"
    return [Problem(path, None, "no ground truth", fix, "warning")]


def _check_images(folder: Path, info: SequenceInfo | None) -> list[Problem]:
    """Numbers, count, first image."""
    numbered, odd = numbered_images(folder)
    problems = []
    if odd:
        what = f"{_named([p.name for p in odd])} not numbered like 000001.jpg"
        fix = "rename or remove; such files are not read"
        problems.append(Problem(folder, None, what, fix, "warning"))
    if not numbered:
        return problems
    first, last = min(numbered), max(numbered)
    if first != FIRST_IMAGE:
        fix = "rename them so that they count from 000001"
        problems.append(Problem(folder, None, f"the images start at {first:06d}", fix))
    count = last - first + 1 - len(numbered)
    if count:
        names = [f"{n:06d}" for n in missing_numbers(numbered, first, SHOWN_NAMES)]
        what = f"missing between {first:06d} and {last:06d}: {_named(names, count)}"
        problems.append(Problem(folder, None, what, "copy them again; reading stops at a gap"))
    if info:
        problems += _check_count(folder, len(numbered), info.length, "images")
    path = numbered[first]
    try:
        height, width = read_image(path).shape[:2]
    except (FormatError, MissingDataError) as error:
        return [*problems, problem_of_error(path, error)]
    return problems + _check_size(path, (width, height), info)


def _check_video(path: Path, info: SequenceInfo | None) -> list[Problem]:
    try:
        found = video_info(path)
    except (FormatError, MissingDataError) as error:
        return [problem_of_error(path, error)]
    size = (found.width, found.height)
    if info and info.width + info.width % 2 == size[0]:  # encoders make odd sizes even
        size = (info.width, size[1])
    if info and info.height + info.height % 2 == size[1]:
        size = (size[0], info.height)
    counted = _check_count(path, found.length, info.length, "frames") if info else []
    return counted + _check_size(path, size, info)


def _check_count(path: Path, found: int, expected: int, noun: str) -> list[Problem]:
    what = f"{found} {noun}, but seqinfo.ini says seqLength={expected}"
    if found < expected:
        return [Problem(path, None, what, "copy the missing ones, or correct seqLength")]
    if found > expected:
        return [Problem(path, None, what, "correct seqLength; the rest is not read", "warning")]
    return []


def _check_size(path: Path, found: tuple[int, int], info: SequenceInfo | None) -> list[Problem]:
    if info is None or found == (info.width, info.height):
        return []
    what = f"{found[0]}x{found[1]} pixels, but seqinfo.ini says {info.width}x{info.height}"
    return [Problem(path, None, what, "correct imWidth and imHeight, or the images")]


def check_mot_text(
    path: Path, kind: Kind, length: int | None, size: tuple[int, int] | None
) -> list[Problem]:
    """Everything that is wrong with a MOT text file.

    Args:
        path: the file.
        kind: see `formats.mot.tracks.read_mot`.
        length: frames of the sequence, None where not known.
        size: width and height of the frame, None where not known.
    """
    try:
        table = scan_mot(path, kind=kind)
    except (FormatError, MissingDataError) as error:
        return [problem_of_error(path, error)]
    if not len(table.values) and not table.problems:
        return [Problem(path, None, "no rows", "is the file complete?", "warning")]
    return table.problems + _check_range(path, table, length, size)


def _check_range(
    path: Path, table: MotTable, length: int | None, size: tuple[int, int] | None
) -> list[Problem]:
    """Frames behind the end, boxes outside the frame."""
    frames = table.values[:, 0]
    problems = LineProblems(path, table.lines)
    if length is not None:
        problems.add(
            frames > length,
            lambda row: f"frame {int(frames[row])}, but the sequence has {length} frames",
            "correct seqLength, or remove these rows",
        )
    if size is not None:
        boxes = xywh_to_xyxy(table.values[:, 2:6])
        outside = (boxes[:, 2:] <= 0).any(axis=1) | (boxes[:, :2] >= np.array(size)).any(axis=1)
        problems.add(
            outside,
            lambda row: (
                f"frame {int(frames[row])}, id {int(table.values[row, 1])}: the box lies outside "
                f"the frame of {size[0]}x{size[1]} pixels"
            ),
            "columns 3 to 6 are left, top, width, height",
            "warning",
        )
    return problems.found


def problem_of_error(path: Path, error: Exception) -> Problem:
    """An exception of a reader as a problem."""
    what, _, fix = str(error).removeprefix(f"{path}: ").partition("; ")
    return Problem(path, None, what, fix or "check the file")


def _named(names: list[str], count: int | None = None) -> str:
    count = len(names) if count is None else count
    dots = f", ... ({count} in all)" if count > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + dots
