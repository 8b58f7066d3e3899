"""Race engines of the tracker, and rivals, in turn: processor time per frame, and ratios.

Usage: python tools/time_engines.py [--objects 1,5,10,50] [--engines torch,onnx,onnx:int8]
           [--rivals csrt,...] [--size 1280x720] [--rounds 6]

All are timed in one process, a few frames each and round after round; of each the fastest frame
counts, so that other work on the machine matters little. One thread each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mohart.assembly.tracker import build_tracker
from mohart.tracking.protocol import Tracker

WARM, FRAMES = 3, 6
OBJECT = (40, 80)  # pixels


def builders(engines: str, rivals: str) -> dict[str, Callable[[], Tracker]]:
    """What races, by name."""
    found: dict[str, Callable[[], Tracker]] = {}
    for name in filter(None, engines.split(",")):
        engine, _, precision = name.partition(":")
        options = {"engine": engine, "precision": precision or "float32"}
        found[name] = lambda options=options: build_tracker(threads=1, **options)  # type: ignore[misc]
    for name in filter(None, rivals.split(",")):
        found[name] = lambda name=name: build_tracker(name)  # type: ignore[misc]
    return found


def race(
    trackers: dict[str, Tracker], *, objects: int, width: int, height: int, rounds: int
) -> dict[str, float]:
    """Milliseconds of processor time of the fastest frame of each tracker.

    Args:
        trackers: by name; each is started anew.
        objects: that each follows, 40 by 80 pixels.
        width: of the frames, pixels.
        height: of the frames, pixels.
        rounds: of six frames each.
    """
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (max(height // 8, 1), max(width // 8, 1), 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    corner = rng.uniform((0, 0), (max(width - 40, 1), max(height - 80, 1)), (objects, 2))
    for tracker in trackers.values():
        tracker.reset()
        tracker.init(picture, np.concatenate([corner, corner + np.array(OBJECT)], 1))
    best, shown = dict.fromkeys(trackers, float("inf")), dict.fromkeys(trackers, 0)
    for turn in range(rounds + 1):
        for name, tracker in trackers.items():
            for _ in range(FRAMES if turn else WARM):
                shown[name] += 1
                frame: NDArray[np.uint8] = np.ascontiguousarray(np.roll(picture, shown[name], 1))
                start = time.process_time()
                tracker.update(frame)
                if turn:
                    best[name] = min(best[name], 1e3 * (time.process_time() - start))
    return best


def main(arguments: list[str] | None = None) -> None:
    """Print a row per number of objects: milliseconds, and how many times as fast as the first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--objects", default="1,5,10,50")
    parser.add_argument("--engines", default="torch,onnx,onnx:int8")
    parser.add_argument("--rivals", default="")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    width, height = (int(side) for side in asked.size.split("x"))
    trackers = {name: make() for name, make in builders(asked.engines, asked.rivals).items()}
    print("objects", *(name.rjust(18) for name in trackers))
    for count in (int(number) for number in asked.objects.split(",")):
        took = race(trackers, objects=count, width=width, height=height, rounds=asked.rounds)
        first = next(iter(took.values()))
        print(f"{count:7}", *(f"{ms:9.2f} ms {first / ms:5.2f}x" for ms in took.values()))


if __name__ == "__main__":
    main()
