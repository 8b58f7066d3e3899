"""Track a very long generated stream: do memory and time per frame stay flat, are ids unique?

Usage: python tools/soak.py [--frames N] [--detect-every K] [--json FILE]

Discs of many colours cross a grey picture; new ones come, others go, all the time; a detector that
errs is asked every K frames. Prints CPU milliseconds per frame of the tracker alone and the memory
of the process for every tenth of the run; exit code 1 where the last tenth takes more than 5 % more
than the second, or an identity was used twice.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Boxes
from mohart.assembly import build_tracker
from mohart.cli.terminal.progress import show_progress
from mohart.structures import ENDED, TENTATIVE

WIDTH, HEIGHT = 160, 120
PRESENT = 3  # discs at a time
TENTHS = 10
ALLOWED = 1.05


def stream(frames: int, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.uint8], Boxes]]:
    """Pictures and the boxes [N, 4] of all discs in them."""
    ground = rng.normal(127, 12, (HEIGHT, WIDTH, 3)).clip(0, 255).astype(np.uint8)
    state = np.zeros((0, 5))  # x, y, velocity x, velocity y, radius
    colours = np.zeros((0, 3))
    for _ in range(frames):
        inside = (state[:, 0] > -20) & (state[:, 0] < WIDTH + 20)
        state, colours = state[inside], colours[inside]
        while len(state) < PRESENT:
            left, radius = rng.random() < 0.5, rng.uniform(8, 14)
            speed = rng.uniform(0.8, 2.0)
            born = [
                -15 if left else WIDTH + 15,
                rng.uniform(15, HEIGHT - 15),
                speed if left else -speed,
                rng.normal(0, 0.1),
                radius,
            ]
            state = np.vstack([state, born])
            colours = np.vstack([colours, rng.uniform(0, 255, 3)])
        state[:, :2] += state[:, 2:4]
        picture = ground.copy()
        for (x, y, _, _, radius), colour in zip(state, colours, strict=True):
            cv2.circle(picture, (round(x), round(y)), round(radius), colour.tolist(), -1)
        r = state[:, 4:5]
        yield picture, np.hstack([state[:, :2] - r, state[:, :2] + r]).astype(np.float32)


def detect(boxes: Boxes, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rows of box and score: some are missed, all tremble, now and then one is made up."""
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    found = boxes[(rng.random(len(boxes)) < 0.9) & (centre > 5) & (centre < WIDTH - 5)]
    rows = np.column_stack(
        [found + rng.normal(0, 0.7, found.shape), rng.uniform(0.6, 1, len(found))]
    )
    if rng.random() < 0.05:
        x, y = rng.uniform(20, WIDTH - 20), rng.uniform(20, HEIGHT - 20)
        rows = np.vstack([rows, [x - 10, y - 10, x + 10, y + 10, rng.uniform(0.3, 0.8)]])
    return rows


def resident_mb() -> float:
    """Memory of this process in MB, from /proc where there is one."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(s for s in status.read_text().splitlines() if s.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main(argv: list[str] | None = None) -> int:
    """Run, print a row per tenth, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--detect-every", type=int, default=10)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    tracker, rng = build_tracker(threads=1), np.random.default_rng(0)
    ended, alive = set[int](), set[int]()
    rows, spent, twice = [], 0.0, 0
    length = max(1, args.frames // TENTHS)
    with show_progress("soak", "frames") as progress:
        for t, (picture, boxes) in enumerate(stream(length * TENTHS, rng)):
            found = detect(boxes, rng) if t % args.detect_every == 0 else None
            began = time.process_time()
            tracks = tracker.update(picture, found)
            spent += time.process_time() - began
            now = set(tracks.tracker_id[tracks.state != TENTATIVE].tolist())
            gone = set(tracks.tracker_id[tracks.state == ENDED].tolist())
            twice += len(now) != int((tracks.state != TENTATIVE).sum())
            alive |= now
            ended |= gone
            progress(t + 1, length * TENTHS)
            if (t + 1) % length == 0:
                rows.append(
                    {
                        "frames": t + 1,
                        "ms": 1000 * spent / length,
                        "memory_mb": resident_mb(),
                        "ids": len(alive),
                    }
                )
                spent = 0.0
    consecutive = alive == set(range(1, len(alive) + 1))
    for row in rows:
        print("{frames:>9} frames  {ms:6.2f} ms  {memory_mb:7.1f} MB  {ids:6} ids".format(**row))
    ratio = rows[-1]["ms"] / rows[1]["ms"]
    print(
        f"last tenth / second tenth: time {ratio:.3f}, "
        f"memory {rows[-1]['memory_mb'] / rows[1]['memory_mb']:.3f}; "
        f"ids consecutive: {consecutive}, one id on two rows: {twice} frames"
    )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if ratio <= ALLOWED and consecutive and not twice else 1


if __name__ == "__main__":
    raise SystemExit(main())
