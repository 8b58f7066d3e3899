"""What the comparison runs on: videos with truth and detections, real and generated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.data.mot import video_info
from mohart.data.write import write_mot_sequence
from mohart.errors import MissingDataError
from mohart.formats.mot.seqinfo import read_seqinfo
from mohart.formats.mot.tracks import read_mot, write_mot
from mohart.metrics.filtering import Benchmark
from mohart.structures import Detections, Tracks
from mohart.synth.scenes.online import FRAMES, Group, crowded_sequence
from mohart.video import open_source

LEAST_SCORE = 0.3  # of the detections on cdnet-highway
MOT17 = ("02", "04", "05", "09", "10", "11", "13")


@dataclass(frozen=True)
class OnlineSequence:
    """One video.

    Attributes:
        name: one word.
        video: file, or None where there are labels only.
        det: detections, MOT text.
        truth: labels.
        length: frames.
        width: pixels.
        height: pixels.
        frame_rate: frames per second.
    """

    name: str
    video: Path | None
    det: Path
    truth: Tracks
    length: int
    width: int
    height: int
    frame_rate: float

    def detections(self) -> list[Detections]:
        """Of every frame."""
        rows = read_mot(self.det, kind="det")
        found = []
        for t in range(self.length):
            now = rows.at(t)
            found.append(
                Detections(
                    now.boxes.astype(np.float32),
                    now.confidence.astype(np.float32).clip(0, 1),
                    np.full(len(now), -1, np.int64),
                )
            )
        return found

    def definition(self) -> dict[str, Any]:
        """What decides about a tracker's answers and their scores, ready for JSON."""
        truth = hashlib.sha256()
        for column in fields(self.truth):
            truth.update(getattr(self.truth, column.name).tobytes())
        return {
            "video_bytes": self.video.stat().st_size if self.video else 0,
            "detections": hashlib.sha256(self.det.read_bytes()).hexdigest(),
            "truth": truth.hexdigest(),
            "length": self.length,
        }

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """The pictures, black ones where there is no video."""
        if self.video is None:
            black = np.zeros((self.height, self.width, 3), np.uint8)
            for _ in range(self.length):
                yield black
            return
        with open_source(self.video) as source:
            for _, frame in zip(range(self.length), source, strict=False):
                yield frame


@dataclass(frozen=True)
class OnlineSet:
    """Sequences that are scored together.

    Attributes:
        name: one word.
        about: for people.
        benchmark: whose rules.
        sequences: at least one.
    """

    name: str
    about: str
    benchmark: Benchmark
    sequences: tuple[OnlineSequence, ...]

    def definition(self) -> dict[str, Any]:
        """What decides about the set, ready for JSON."""
        return {
            "kind": "detections now and then",
            "benchmark": self.benchmark,
            "sequences": {sequence.name: sequence.definition() for sequence in self.sequences},
        }


def load_set(name: str, real: Path, work: Path, *, count: int = 21) -> OnlineSet:
    """A set by name: `pets`, `highway`, `mot17`, `test` or `validation`.

    Args:
        name: of the set.
        real: folder with the real videos.
        work: folder for what is derived or generated; kept between runs.
        count: number of generated sequences.

    Raises:
        MissingDataError: the real data are not there.
    """
    match name:
        case "pets":
            sequence = _real(real / "pets09-s2l1", "PETS09-S2L1", "video.avi")
            return OnlineSet(name, "PETS09-S2L1, public detections", "mot15", (sequence,))
        case "highway":
            sequence = _real(real / "cdnet-highway", "highway", "video.mp4")
            sure = work / "data" / "highway" / f"det-{LEAST_SCORE}.txt"
            if not sure.is_file():
                rows = read_mot(sequence.det, kind="det")
                sure.parent.mkdir(parents=True, exist_ok=True)
                write_mot(sure, rows.select(rows.confidence >= LEAST_SCORE), kind="det")
            sequence = OnlineSequence(**{**vars(sequence), "det": sure})
            about = f"cdnet-highway, YOLOX-nano, score >= {LEAST_SCORE}"
            return OnlineSet(name, about, "mot15", (sequence,))
        case "mot17":
            found = tuple(_labels_only(real / "mot17" / f"MOT17-{n}-FRCNN") for n in MOT17)
            return OnlineSet(name, "MOT17 training sequences, FRCNN detections", "mot17", found)
        case "test" | "validation":
            found = tuple(_generated(k, name, work / "data") for k in range(count))
            about = f"{count} generated crowds of {FRAMES} frames, noisy detections ({name})"
            return OnlineSet(name, about, "mot15", found)
    raise MissingDataError(f"unknown set '{name}'; known: pets, highway, mot17, test, validation")


def _real(folder: Path, name: str, video: str) -> OnlineSequence:
    for path in (folder / video, folder / "gt" / "gt.txt", folder / "det" / "det.txt"):
        if not path.is_file():
            raise MissingDataError(f"{path} is missing; check --real")
    info = video_info(folder / video)
    return OnlineSequence(
        name,
        folder / video,
        folder / "det" / "det.txt",
        read_mot(folder / "gt" / "gt.txt", benchmark="mot15"),
        info.length,
        info.width,
        info.height,
        info.frame_rate,
    )


def _labels_only(folder: Path) -> OnlineSequence:
    if not (folder / "seqinfo.ini").is_file():
        raise MissingDataError(f"{folder} is missing; check --real")
    info = read_seqinfo(folder / "seqinfo.ini")
    return OnlineSequence(
        folder.name,
        None,
        folder / "det" / "det.txt",
        read_mot(folder / "gt" / "gt.txt", benchmark="mot17"),
        info.length,
        info.width,
        info.height,
        info.frame_rate,
    )


def _generated(number: int, group: Group, work: Path) -> OnlineSequence:
    """Written once, so that every tracker reads the same bytes."""
    name = f"{group}-{number:04d}"
    folder = work / group / name
    if not (folder / "det" / "det.txt").is_file():
        drawn = crowded_sequence(number, group)
        if not folder.exists():
            write_mot_sequence(folder, drawn.sequence, video=True)
        boxes = np.concatenate([d.xyxy for d in drawn.detections]).astype(np.float64)
        frame = np.concatenate([np.full(len(d), t) for t, d in enumerate(drawn.detections)])
        score = np.concatenate([d.confidence for d in drawn.detections]).astype(np.float64)
        rows = Tracks.from_columns(frame, np.full(len(frame), -1), boxes, confidence=score)
        (folder / "det").mkdir(exist_ok=True)
        write_mot(folder / "det" / "det.txt", rows, kind="det")
    info = read_seqinfo(folder / "seqinfo.ini")
    return OnlineSequence(
        name,
        folder / "img1.mp4",
        folder / "det" / "det.txt",
        read_mot(folder / "gt" / "gt.txt", benchmark="mot17"),
        info.length,
        info.width,
        info.height,
        info.frame_rate,
    )
