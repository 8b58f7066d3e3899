"""MOTChallenge folders (MOT15, MOT16, MOT17, MOT20 and data in their layout) -> Sequences.

Conventions: a sequence is a folder with `seqinfo.ini`, `img1/000001.jpg, ...` (or a video file
`img1.*` or `video.*`), `gt/gt.txt` and `det/det.txt`; all of them may be missing, not all at once.
"""

from __future__ import annotations

import re
from pathlib import Path

from mohart.data.frames import (
    VIDEO_SUFFIXES,
    ImageFrames,
    NoFrames,
    VideoFrames,
    consecutive_images,
    numbered_images,
    read_image,
)
from mohart.data.sequence import FrameReader, Sequence
from mohart.errors import ConfigError, MissingDataError, did_you_mean
from mohart.formats.mot.seqinfo import SequenceInfo, read_seqinfo
from mohart.formats.mot.tracks import Benchmark, read_mot
from mohart.structures import Tracks
from mohart.video import open_source

ASSUMED_FRAME_RATE = 30.0
FIRST_IMAGE = 1
LAYOUT = "a folder with gt/, det/, img1/ or seqinfo.ini, or a folder of such"
_VARIANT = re.compile(r"(?P<video>.+)-(?P<detector>[A-Za-z]+)")
_DETECTORS = ("DPM", "FRCNN", "SDP")


def is_mot_sequence(folder: Path) -> bool:
    """Whether a folder has at least one of the parts of a MOT sequence."""
    return (folder / "seqinfo.ini").is_file() or any(
        (folder / part).is_dir() for part in ("gt", "det", "img1")
    )


def find_mot_sequences(path: Path) -> list[Path]:
    """The sequence folders at or directly below a folder, by name; empty where there are none."""
    if is_mot_sequence(path):
        return [path]
    if not path.is_dir():
        return []
    return sorted(sub for sub in path.iterdir() if sub.is_dir() and is_mot_sequence(sub))


def find_video(folder: Path, image_dir: str = "img1") -> Path | None:
    """The video file that stands for the images of a sequence, if there is one."""
    names = [f"{stem}{suffix}" for stem in (image_dir, "video") for suffix in VIDEO_SUFFIXES]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read_mot_folder(
    path: Path, *, detector: str = "FRCNN", benchmark: Benchmark = "auto"
) -> list[Sequence]:
    """The sequences of a MOTChallenge folder.

    Args:
        path: one sequence, or a folder of sequences.
        detector: which of several variants of one video to take; MOT17 has each video three
            times, as `-DPM`, `-FRCNN` and `-SDP`. Where there is one variant, it is taken.
        benchmark: how to read the ground truth, see `formats.mot.tracks.read_mot`.

    Returns:
        Sequences by name, at least one. Without images or video, frames raise when asked for.

    Raises:
        MissingDataError: no such folder, or no sequence in it.
        FormatError: a file is damaged; `mohart data check` lists everything that is wrong.
        ConfigError: a video has several variants, none of them by this detector.
    """
    folders = find_mot_sequences(path)
    if not folders:
        raise MissingDataError(f"{path}: no MOT sequences; expected {LAYOUT}{_hint(path)}")
    return [read_mot_sequence(f, benchmark=benchmark) for f in _one_variant(folders, detector)]


def _hint(path: Path) -> str:
    if not path.exists():
        return "; the folder does not exist"
    for name in ("train", "test"):
        if find_mot_sequences(path / name):
            return f"; try {path / name}"
    return ""


def _one_variant(folders: list[Path], detector: str) -> list[Path]:
    """One folder for each video that is there in several variants."""
    videos: dict[str, dict[str, Path]] = {}
    for folder in folders:
        match = _VARIANT.fullmatch(folder.name)
        known = match is not None and match["detector"].upper() in _DETECTORS
        video, name = (match["video"], match["detector"]) if match and known else (folder.name, "")
        videos.setdefault(video, {})[name.upper()] = folder
    chosen = []
    for video, variants in videos.items():
        if len(variants) > 1 and detector.upper() not in variants:
            hint = did_you_mean(detector, sorted(name for name in variants if name))
            raise ConfigError(f"detector: {video} has no variant '{detector}'{hint}")
        chosen.append(variants.get(detector.upper()) or next(iter(variants.values())))
    return chosen


def read_mot_sequence(folder: Path, *, benchmark: Benchmark = "auto") -> Sequence:
    """One sequence folder.

    The length is that of `seqinfo.ini`, or fewer where there are fewer images (counted from
    000001 to the first gap); labels behind it are left out. Without `seqinfo.ini` size and length
    are those of the images or the video, at 30 frames per second where nothing says otherwise.

    Raises:
        MissingDataError: the images do not start at 000001.
        FormatError: `seqinfo.ini`, the ground truth, or the first image is damaged.
    """
    folder = folder.absolute()
    info_path, gt_path = folder / "seqinfo.ini", folder / "gt" / "gt.txt"
    info = read_seqinfo(info_path) if info_path.is_file() else None
    tracks = read_mot(gt_path, benchmark=benchmark) if gt_path.is_file() else Tracks.empty()
    found, reader = _find_frames(folder, info)
    if found is None:
        last = int(tracks.frame.max()) + 1 if len(tracks) else 0
        found = SequenceInfo(
            name=folder.name, frame_rate=ASSUMED_FRAME_RATE, length=last, width=0, height=0
        )
    return Sequence(
        name=folder.name,
        length=found.length,
        width=found.width,
        height=found.height,
        frame_rate=found.frame_rate,
        tracks=tracks.select(tracks.frame < found.length),
        reader=reader,
    )


def _find_frames(
    folder: Path, info: SequenceInfo | None
) -> tuple[SequenceInfo | None, FrameReader]:
    """What is known about the frames, and what reads them."""
    images = folder / (info.image_dir if info else "img1")
    paths = consecutive_images(images, FIRST_IMAGE)
    if paths:
        if info is None:
            height, width = read_image(paths[0]).shape[:2]
            rate, length = ASSUMED_FRAME_RATE, len(paths)
        else:
            height, width, rate = info.height, info.width, info.frame_rate
            length = min(info.length, len(paths))
        known = SequenceInfo(
            name=folder.name, frame_rate=rate, length=length, width=width, height=height
        )
        return known, ImageFrames(tuple(paths[:length]))
    if any(numbered_images(images)):
        raise MissingDataError(
            f"{images}: image 000001 is missing; MOT images are numbered from 000001 on; "
            "run `mohart data check`"
        )
    video = find_video(folder, images.name)
    if video is None:
        reason = f"{folder}: no images in {images.name}/ and no video.mp4; there are labels only"
        return info, NoFrames(reason)
    if info is None:
        info = video_info(video)
    return info, VideoFrames(video, info.width, info.height)


def video_info(video: Path) -> SequenceInfo:
    """Rate, length and size that a video file has.

    Raises:
        FormatError: no frame of it can be read.
    """
    with open_source(video) as source:
        length = source.length
        if length is None:
            length = sum(1 for _ in source)
        return SequenceInfo(
            name=video.stem,
            frame_rate=source.frame_rate,
            length=length,
            width=source.width,
            height=source.height,
        )
