"""Pseudo-labels: let a teacher follow what moves in films without labels, keep what it is sure of.

Usage: python tools/teach_films.py FILM ... -o DIR --teacher BACKBONE.onnx,HEAD.onnx
           [--detector MODEL.onnx] [--frames N] [--longest PX] [--seed S]

DIR becomes a folder in MOTChallenge layout, one sequence a film, for `data.folders` of `mohart
train`. Every START frames boxes are chosen: what the detector finds, and regions round corners, of
any size and shape, most of them where the picture moves. NanoTrack follows each for REACH frames,
and from its answer in the last one back again. Where both ways agree in every frame and the way
back ends on the box that was chosen, the mean of the two is the label; else a third of the frames
is tried. Boxes after the end of a track are not labelled. A film is thinned to at most N frames a
part of it, by leaving out frames, so that what moves slowly moves at all.

Only the teacher's answers are used, nothing of its weights.

Source: forward-backward error, Kalal et al. 2010; answers of a tracker as labels for another, Wang
et al. 2019 (UDT), sec. 3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Frame, Random
from mohart.assembly.detector import build_detector
from mohart.boxes import iou, pairwise_iou
from mohart.cli.terminal.progress import show_progress
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import MohartError
from mohart.structures import Tracks
from mohart.tracking.baselines.nanotrack import NanoTracker
from mohart.tracking.detectors.protocol import SelectingDetector
from mohart.video import open_source

START, REACH = 20, 48  # frames between choices, and followed at most
SHORTER = (1.0, 0.35)  # of the reach; what is tried one after the other
CHOSEN = 10  # boxes at every start, at most
FOUND = 5  # of them by the detector
SMALLEST, LARGEST = 16.0, 0.5  # pixels, and of the frame's shorter side
SCORE = 0.4  # of the detector
APART = 0.4  # IoU from which a second box is not worth following
BACK, ALONG = 0.7, 0.55  # IoU of both ways: on the chosen box, and in every frame
STILL = 0.15  # of its size, that a region has to move; of those that do not, one in KEPT is kept
KEPT = 5


@dataclass(frozen=True)
class Lesson:
    """One object that was followed: boxes [T, 4] from a frame on."""

    start: int
    boxes: Floats


def teach(
    frames: list[Frame], teacher: NanoTracker, detector: SelectingDetector | None, rng: Random
) -> Iterator[list[Lesson]]:
    """Lessons of a film, start by start.

    Args:
        frames: [H, W, 3] uint8 BGR.
        teacher: follows boxes.
        detector: finds whole objects; None: regions alone.
        rng: chooses regions.
    """
    for start in range(0, max(1, len(frames) - 8), START):
        piece = frames[start : start + REACH]
        if len(piece) < 8:
            return
        waiting = choose(piece, detector, rng)
        lessons = []
        for share in SHORTER:
            length = max(8, round(len(piece) * share))
            if not len(waiting):
                break
            boxes, sure = followed(piece[:length], waiting, teacher)
            lessons += [Lesson(start, track) for track in boxes[:, sure].swapaxes(0, 1)]
            waiting = waiting[~sure]
        yield [one for one in lessons if moves(one.boxes) or rng.integers(KEPT) == 0]


def choose(piece: list[Frame], detector: SelectingDetector | None, rng: Random) -> Floats:
    """[K, 4] boxes of the first frame: detections, then regions round corners, most that move."""
    first, later = piece[0], piece[min(4, len(piece) - 1)]
    height, width = first.shape[:2]
    gray = cv2.cvtColor(first, cv2.COLOR_BGR2GRAY)
    change = cv2.blur(cv2.absdiff(gray, cv2.cvtColor(later, cv2.COLOR_BGR2GRAY)), (9, 9))
    boxes = list[Floats]()
    if detector is not None:
        found = detector(first)
        order = np.argsort(-found.confidence)
        boxes += [found.xyxy[k].astype(float) for k in order if found.confidence[k] >= SCORE]
        boxes = boxes[: 2 * FOUND]
    corners = cv2.goodFeaturesToTrack(gray, 300, 0.01, 6)
    points = np.zeros((0, 2)) if corners is None else corners.reshape(-1, 2)
    if len(points):
        moved = change[points[:, 1].astype(int), points[:, 0].astype(int)].astype(float) + 1
        chance = moved / moved.sum()
        for point in points[rng.choice(len(points), 4 * CHOSEN, p=chance)]:
            size = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST * min(height, width))))
            shape = np.exp(rng.normal(0, 0.35) / 2)
            half = size / 2 * np.array([shape, 1 / shape])
            middle = point + rng.uniform(-0.4, 0.4, 2) * half
            boxes.append(np.concatenate([middle - half, middle + half]))
    kept = list[Floats]()
    for box in boxes:
        sides = box[2:] - box[:2]
        inside = (box[:2] >= 2).all() and (box[2:] <= [width - 2, height - 2]).all()
        if not inside or sides.min() < SMALLEST or sides.max() > 0.8 * min(height, width):
            continue
        if kept and pairwise_iou(box[None], np.array(kept)).max() > APART:
            continue
        kept.append(box)
    return np.array(kept[:CHOSEN]).reshape(-1, 4)


def followed(
    piece: list[Frame], boxes: Floats, teacher: NanoTracker
) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean boxes [T, K, 4] of both ways, and which of them [K] are sure."""
    there = run(piece, boxes, teacher)
    back = run(piece[::-1], there[-1], teacher)[::-1]
    agree = iou(there, back)
    sure = (agree.min(axis=0) >= ALONG) & (iou(back[0], boxes) >= BACK)
    mean = (there + back) / 2
    mean[0] = boxes
    return mean, sure


def run(piece: list[Frame], boxes: Floats, teacher: NanoTracker) -> Floats:
    """[T, K, 4]: the teacher's answers, the first as given."""
    height, width = piece[0].shape[:2]
    inside = np.clip(boxes, 0, [width, height] * 2)
    broad = (inside[:, 2:] - inside[:, :2]).min(axis=1) > 4
    given = np.where(broad[:, None], inside, [0.0, 0.0, 9.0, 9.0])
    answers = [given]
    teacher.init(piece[0], given)
    answers += [teacher.update(frame).xyxy.astype(float) for frame in piece[1:]]
    return np.array(answers)


def moves(boxes: Floats) -> bool:
    """Whether a box goes anywhere, in sizes of its own."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = np.sqrt((boxes[0, 2:] - boxes[0, :2]).prod())
    return bool(np.ptp(middle, axis=0).max() > STILL * size)


def film(path: Path, most: int, longest: int) -> tuple[list[Frame], float]:
    """At most `most` frames of a film, evenly thinned down to every third, and their rate."""
    frames = list[Frame]()
    with open_source(str(path)) as source:
        scale = min(1.0, longest / max(source.width, source.height))
        size = round(source.width * scale), round(source.height * scale)
        for frame in source:
            if len(frames) == 3 * most:
                break
            smaller = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            frames.append(np.asarray(smaller, np.uint8))
        rate = source.frame_rate
    every = max(1, len(frames) // most)
    return frames[::every][:most], rate / every


def as_sequence(name: str, frames: list[Frame], rate: float, lessons: list[Lesson]) -> Sequence:
    """A film with its lessons as tracks."""
    number = np.concatenate([np.arange(len(o.boxes)) + o.start for o in lessons])
    ids = np.repeat(np.arange(len(lessons)) + 1, [len(one.boxes) for one in lessons])
    boxes = np.concatenate([one.boxes for one in lessons])
    height, width = frames[0].shape[:2]
    return Sequence(
        name=name,
        length=len(frames),
        width=width,
        height=height,
        frame_rate=rate,
        tracks=Tracks.from_columns(number, ids, boxes),
        reader=partial(_read, frames),
    )


def _read(frames: list[Frame], start: int, stop: int) -> Iterator[Frame]:
    yield from frames[start:stop]


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--teacher", required=True, metavar="BACKBONE.onnx,HEAD.onnx")
    parser.add_argument("--detector", metavar="MODEL.onnx")
    parser.add_argument("--frames", type=int, default=240, metavar="N")
    parser.add_argument("--longest", type=int, default=640, metavar="PX")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    args = parser.parse_args(argv)
    try:
        teacher = NanoTracker(args.teacher)
        detector = build_detector(f"onnx:{args.detector}") if args.detector else None
        for path in args.films:
            rng = np.random.default_rng([args.seed, *path.stem.encode()])
            frames, rate = film(path, args.frames, args.longest)
            lessons = list[Lesson]()
            with show_progress(path.name, "starts") as report:
                for done, some in enumerate(teach(frames, teacher, detector, rng), 1):
                    lessons += some
                    report(done, None)
            print(f"{path.name}: {len(frames)} frames, {len(lessons)} objects followed")
            if lessons:
                sequence = as_sequence(path.stem, frames, rate, lessons)
                write_mot_sequence(args.output / path.stem, sequence, overwrite=True)
    except MohartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
