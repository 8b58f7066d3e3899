"""What two cores make of decoding, tracking, drawing and encoding; by the clock, and at best.

Usage: python tools/time_side_by_side.py VIDEO --init BOXES [--frames N] [--repeats R]
           [--precision KIND] [--model NAME] [--crowd-threads N]
       python tools/time_side_by_side.py --objects N ...  (the frames of `mohart bench speed`)

Tracks with and without video.mp4 in turn, as `mohart track --engine onnx` does, and decodes alone.
Prints milliseconds per frame, the least of R: by the clock, for an idle machine; and of processor
time, of the thread that tracks and of all threads. A frame takes two cores at least as long as the
one, and as half of the other, however its work is shared; so a busy machine can tell what an idle
one may reach.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.assembly import build_tracker
from mohart.cores import shared_cores
from mohart.errors import MohartError
from mohart.evaluation.speed.scene import Scene
from mohart.formats.keyframes import read_keyframes
from mohart.keyframes import Keyframes
from mohart.session.run import track_video
from mohart.structures import TrackedObjects
from mohart.tracking.protocol import Tracker
from mohart.video import VideoWriter, open_source

FIRST = 20  # frames that do not count
CORES = 2
SIZE, RATE = (1280, 720), 25.0  # of generated frames


def track(
    video: Path, tracker: Tracker, keyframes: Keyframes, frames: int, write: bool
) -> list[float]:
    """Milliseconds per frame: of the thread that tracks, of all threads, by the clock."""
    times: list[tuple[float, float, float]] = []

    def watch(number: int, tracks: TrackedObjects) -> None:
        times.append((time.thread_time(), time.process_time(), time.perf_counter()))

    with tempfile.TemporaryDirectory() as folder, open_source(video) as source:
        track_video(
            source, tracker, keyframes, output=Path(folder) / "out", frames=frames, video=write,
            watch=watch,
        )  # fmt: skip
    counted = len(times) - 1 - FIRST
    return [
        1000 * (last - first) / counted for first, last in zip(times[FIRST], times[-1], strict=True)
    ]


def decode(video: Path, frames: int) -> tuple[float, float]:
    """Milliseconds per frame: of processor time, by the clock."""
    with open_source(video) as source:
        began = time.process_time(), time.perf_counter()
        count = sum(1 for _ in zip(range(frames), source, strict=False))
        ended = time.process_time(), time.perf_counter()
        return 1000 * (ended[0] - began[0]) / count, 1000 * (ended[1] - began[1]) / count


def noise(folder: Path, objects: int, frames: int) -> tuple[Path, NDArray[np.float64]]:
    """The frames of `mohart bench speed` as a video, and its objects' boxes [N, 4]."""
    scene, video = Scene(*SIZE, objects), folder / "noise.mp4"
    with VideoWriter(video, *SIZE, RATE) as writer:
        for number in range(frames):
            writer.write(scene.frame(number))
    return video, scene.boxes.astype(np.float64)


def main(argv: list[str] | None = None) -> None:
    """Print a row for each way, and the shares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path, nargs="?")
    parser.add_argument("--init", type=Path, help="boxes of the first frame")
    parser.add_argument("--objects", type=int, help="in generated frames, without a video")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--model", help="weights: a name or a file")
    parser.add_argument("--crowd-threads", type=int, default=shared_cores())
    args = parser.parse_args(argv)
    given = [x is not None for x in (args.video, args.init, args.objects)]
    if given not in ([True, True, False], [False, False, True]):
        parser.error("expected a VIDEO with --init BOXES, or --objects N")
    if args.objects is not None and args.objects < 1:
        parser.error("--objects: expected at least one")
    if args.frames < FIRST + 2 or args.repeats < 1:
        parser.error(f"expected at least {FIRST + 2} frames and one repeat")
    cv2.setNumThreads(1)
    try:
        tracker = build_tracker(
            model=args.model,
            threads=1,
            crowd_threads=args.crowd_threads,
            engine="onnx",
            precision=args.precision,
        )
        with tempfile.TemporaryDirectory() as folder:
            if args.video is None:
                video, boxes = noise(Path(folder), args.objects, args.frames)
                keyframes = Keyframes.from_rows(0, np.arange(1, len(boxes) + 1), boxes)
            else:
                video, keyframes = args.video, read_keyframes(args.init, frame=0).keyframes
            compare(args, video, tracker, keyframes)
    except MohartError as error:
        parser.error(str(error))


def compare(args: argparse.Namespace, video: Path, tracker: Tracker, keyframes: Keyframes) -> None:
    """Take all times in turn, and print them."""
    found: dict[str, list[list[float]]] = {"no video": [], "video.mp4": []}
    alone = []
    for _ in range(args.repeats):
        for name, taken in found.items():
            taken.append(track(video, tracker, keyframes, args.frames, name != "no video"))
        alone.append(decode(video, args.frames))
    least = {}
    for name, taken in found.items():
        own, every, clock = np.min(taken, 0)
        least[name] = max(own, every / CORES)
        print(
            f"{name:<10} tracking {own:6.2f} ms, all threads {every:6.2f} ms, "
            f"{CORES} cores at least {least[name]:6.2f} ms, by the clock {clock:6.2f} ms"
        )
    plain, drawn = (np.array(found[name])[:, 2] for name in ("no video", "video.mp4"))
    _, every, clock = np.min(found["no video"], 0)
    busy, seconds = np.min(alone, 0)
    print(f"decoding alone {busy:.2f} ms, by the clock {seconds:.2f} ms")
    print(
        f"speed with video.mp4, of that without: {least['no video'] / least['video.mp4']:.2f} at "
        f"best, {np.median(plain / drawn):.2f} by the clock (median of {len(plain)})"
    )
    print(
        f"no video, in units of decoding alone: {least['no video'] / busy:.2f} at best, "
        f"{every / CORES / busy:.2f} if all of it could be shared by {CORES} cores, "
        f"{clock / seconds:.2f} by the clock"
    )


if __name__ == "__main__":
    main()
