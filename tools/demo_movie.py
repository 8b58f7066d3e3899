"""Draw the README's moving picture: a generated crossing, mohart beside SORT, the same detections.

    python tools/demo_movie.py                                # docs/images/crossing.webp
    python tools/demo_movie.py --scene 11 --every 5 -o other.webp

The detector errs as a real one does (`noisy_detections`, preset `strong`) and is asked in every
K-th frame only; then the frame has a bright bar. Both trackers are called in every frame and draw
what they say: solid active, dashed predicted. The number counts people who are at least 30 %
visible and have a box with an IoU above 0.5. The scene was picked by eye, for being readable at
this size, among 24 that the same generator draws, and not for the score: on some mohart is ahead by
more, on some by less; `--scene` shows them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import mohart
from mohart.aliases import Frame
from mohart.boxes import pairwise_iou
from mohart.data.sequence import Sequence
from mohart.draw import Trails, draw_tracks
from mohart.structures import ACTIVE, PREDICTED, TrackedObjects
from mohart.synth.detections.noise import noisy_detections
from mohart.synth.scenes.generator import Generator

Boxes = NDArray[np.float64]

WIDTH, HEIGHT, BAR, BETWEEN = 400, 300, 26, 6
SEEN, GOOD = 0.3, 0.5  # visibility that counts, IoU that counts
LIT, DARK, INK = (80, 210, 255), (46, 40, 36), (245, 245, 245)  # BGR
LIMIT = 2_000_000  # bytes


def crossing(number: int, frames: int) -> Sequence:
    """A generated scene on a street."""
    generator = Generator(
        seed=3_000_017,
        width=WIDTH,
        height=HEIGHT,
        objects=(5, 8),
        size=(0.14, 0.34),
        frame_rate=(12.0, 15.0),
        camera=0.3,
        alike=0.25,
        scenery=0.6,
        leaving=0.0,
        street=1.0,
        shutter=0.3,
        scaling=0.0,
        solid=0.5,
    )
    return generator.sequence(number, frames)


def panel(
    frame: Frame, name: str, tracks: TrackedObjects, trails: Trails, truth: Boxes, asked: bool
) -> tuple[Frame, int]:
    """One tracker's half of the picture, and how many objects it is on."""
    said = tracks.select(np.isin(tracks.state, [ACTIVE, PREDICTED]))
    trails.update(said)
    overlap = pairwise_iou(truth, said.xyxy.astype(np.float64))
    good = int((overlap.max(1, initial=0) > GOOD).sum())
    top = np.full((BAR, WIDTH, 3), LIT if asked else DARK, np.uint8)
    ink = DARK if asked else INK
    word = "detector asked" if asked else "detector silent"
    cv2.putText(top, name, (8, 18), cv2.FONT_HERSHEY_DUPLEX, 0.55, ink, 1, cv2.LINE_AA)
    cv2.putText(top, word, (118, 18), cv2.FONT_HERSHEY_DUPLEX, 0.45, ink, 1, cv2.LINE_AA)
    count = f"on {good} of {len(truth)}"
    cv2.putText(top, count, (WIDTH - 92, 18), cv2.FONT_HERSHEY_DUPLEX, 0.45, ink, 1, cv2.LINE_AA)
    return np.vstack([top, draw_tracks(frame, said, trails)]), good


def movie(number: int, frames: int, every: int, rival: str) -> tuple[list[Frame], float]:
    """All pictures, and their rate per second. Prints how many objects both were on."""
    sequence = crossing(number, frames)
    found = noisy_detections(
        sequence.tracks, WIDTH, HEIGHT, np.random.default_rng(1), "strong", length=frames
    )
    names = ("mohart", rival)
    trackers = [mohart.load_tracker(name) for name in names]
    trails = [Trails(20) for _ in names]
    totals, present, pictures = [0, 0], 0, []
    for t, frame in enumerate(sequence.frames()):
        asked = t % every == 0
        rows = sequence.tracks.at(t)
        truth = rows.boxes[(rows.visibility >= SEEN) & ~rows.ignored]
        present += len(truth)
        halves = []
        for n, name in enumerate(names):
            tracks = trackers[n].update(frame, found[t] if asked else None)
            half, good = panel(frame, name.upper() if n else name, tracks, trails[n], truth, asked)
            totals[n] += good
            halves.append(half)
        gap = np.full((HEIGHT + BAR, BETWEEN, 3), 255, np.uint8)
        pictures.append(np.hstack([halves[0], gap, halves[1]]))
    for name, total in zip(names, totals, strict=True):
        print(f"{name}: on {total} of {present} ({total / present:.0%})")
    return pictures, sequence.frame_rate


def write(path: Path, pictures: list[Frame], rate: float, quality: int) -> None:
    """An endless WebP, or GIF by the file's ending."""
    if not hasattr(cv2, "imwriteanimation"):
        sys.exit("error: this OpenCV writes no animations; pip install -U 'opencv-python>=4.11'")
    animation = cv2.Animation()
    animation.frames = pictures
    animation.durations = [round(1000 / rate)] * len(pictures)
    if not cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, quality]):
        sys.exit(f"error: {path}: OpenCV cannot write it; take a name that ends with .webp or .gif")


def main(arguments: list[str] | None = None) -> None:
    """Write the picture and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scene", type=int, default=18, metavar="N")
    parser.add_argument("--frames", type=int, default=90, metavar="N")
    parser.add_argument("--every", type=int, default=10, metavar="K")
    parser.add_argument("--rival", default="sort", metavar="NAME", help="sort, bytetrack or iou")
    parser.add_argument("--quality", type=int, default=55, metavar="Q", help="of WebP, 1 to 100")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/crossing.webp"))
    args = parser.parse_args(arguments)
    pictures, rate = movie(args.scene, args.frames, args.every, args.rival)
    write(args.output, pictures, rate, args.quality)
    size = args.output.stat().st_size
    print(f"{args.output}: {len(pictures)} frames, {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"error: more than {LIMIT:,} bytes; take a lower --quality or fewer --frames")


if __name__ == "__main__":
    main()
