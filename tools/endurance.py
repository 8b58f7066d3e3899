"""Track 20 minutes of 1280x720: do memory and time per frame stay flat?

Usage: python tools/endurance.py [--minutes M] [--objects N] [--precision KIND] [--json FILE]

A generated street that runs forwards and backwards without a jump, as a video file of 25 frames a
second, through everything that `mohart track --no-video` does. Whenever it is back at its first
frame, the objects are drawn again, so that they stay followed. Now and then a fixed piece of work
is timed between two frames: what slows down the machine slows down both. Prints for every minute of
the video CPU milliseconds per frame, those of the fixed work, their ratio, how many objects are
active, and the memory of the process, once what the allocator keeps free is given back; exit code 1
where, behind the first minute, memory grows by more than 5 % or the last quarter has a ratio more
than 5 % higher than the first (medians of minutes).
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
from soak import resident_mb

from mohart.assembly import build_tracker
from mohart.cli.terminal.progress import show_progress
from mohart.keyframes import Keyframes
from mohart.session.run import track_video
from mohart.structures import ACTIVE, TrackedObjects
from mohart.synth.scenes.generator import Generator
from mohart.video import VideoWriter, open_source

WIDTH, HEIGHT, RATE = 1280, 720, 25
HALF = 250  # frames forwards, and as many backwards
EVERY = 5  # frames between two pieces of fixed work
ALLOWED = 1.05


class FixedWork:
    """Work that is the same every time, of the kinds that tracking is made of.

    Attributes:
        seconds: of processor time, so far.
        count: how often it was done.
    """

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._factors = rng.normal(size=(2, 320, 320)).astype(np.float32)
        self._picture = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        self.seconds, self.count = 0.0, 0

    def do(self) -> None:
        """A product of matrices, a picture made smaller, and a loop."""
        began = time.thread_time()
        left, right = self._factors
        for _ in range(2):
            left = np.clip(left @ right, -1, 1)
        cv2.resize(self._picture, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_LINEAR)
        sum(n % 7 for n in range(5000))
        self.seconds += time.thread_time() - began
        self.count += 1


def write_swing(path: Path, objects: int) -> np.ndarray:
    """One swing forwards and backwards; boxes [N, 4] of its first frame."""
    generator = Generator(
        seed=6, width=WIDTH, height=HEIGHT, objects=(objects, objects), leaving=0.0, alike=0.0,
        interaction=0.0, speed=0.5, scenery=0.2, camera=0.3, turning=0.0,
    )  # fmt: skip  # nearly all of them are in view all the time
    frames = [(one.frame, one.boxes) for one in generator.scene(0, HALF).frames()]
    with VideoWriter(path, WIDTH, HEIGHT, float(RATE)) as writer:
        for frame, _ in [*frames, *frames[::-1]]:
            writer.write(frame)
    return np.asarray(frames[0][1])


def repeat(swing: Path, path: Path, times: int) -> None:
    """The same packets again and again, behind each other."""
    with av.open(str(swing)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        out = target.add_stream_from_template(stream)
        packets = [p for p in source.demux(stream) if p.dts is not None]
        step = round(1 / RATE / stream.time_base)
        held = [(bytes(p), p.pts, p.dts, p.is_keyframe) for p in packets]
        for turn in range(times):
            for data, pts, dts, key in held:
                packet = av.Packet(data)
                shift = turn * 2 * HALF * step
                packet.pts, packet.dts, packet.time_base = (
                    pts + shift,
                    dts + shift,
                    stream.time_base,
                )
                packet.is_keyframe, packet.stream = key, out
                target.mux(packet)


def give_back() -> None:
    """Let the allocator (glibc) give back what it keeps free: a heap with holes is not in use."""
    gc.collect()
    with suppress(OSError, AttributeError):  # not on other systems
        ctypes.CDLL(None).malloc_trim(0)


def drawn_again(boxes: np.ndarray, frames: int) -> Keyframes:
    """Boxes [N, 4] of the first frame, and of every other one that is the same."""
    count = len(boxes)
    turns = np.arange(0, frames, 2 * HALF)
    return Keyframes.from_rows(
        np.repeat(turns, count),
        np.tile(np.arange(1, count + 1), len(turns)),
        np.tile(boxes, (len(turns), 1)),
    )


def main(argv: list[str] | None = None) -> int:
    """Make the video, track it, print a row per minute, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--objects", type=int, default=5)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)
    if args.minutes < 5:
        parser.error("--minutes: expected at least 5: one to start, one for each quarter")
    rows: list[dict[str, float]] = []
    minute = 60 * RATE
    with tempfile.TemporaryDirectory() as name, show_progress("endurance", "frames") as progress:
        folder = Path(name)
        boxes = write_swing(folder / "swing.mp4", args.objects)
        repeat(folder / "swing.mp4", folder / "long.mp4", -(-args.minutes * minute // (2 * HALF)))
        work, active, began = FixedWork(), 0, time.process_time()

        def watch(number: int, tracks: TrackedObjects) -> None:
            nonlocal began, active
            progress(number + 1, args.minutes * minute)
            active += int((tracks.state == ACTIVE).sum())
            if number % EVERY == 0:
                work.do()
            if (number + 1) % minute == 0:
                now = time.process_time()
                spent = 1000 * (now - began - work.seconds) / minute
                fixed = 1000 * work.seconds / work.count
                give_back()
                rows.append(
                    {
                        "ms": spent,
                        "fixed_ms": fixed,
                        "ratio": spent / fixed,
                        "memory_mb": resident_mb(),
                        "active": active / minute,
                    }
                )
                work.seconds, work.count, active, began = 0.0, 0, 0, now

        with open_source(folder / "long.mp4") as source:
            track_video(
                source,
                build_tracker(threads=1, engine="onnx", precision=args.precision),
                drawn_again(boxes, args.minutes * minute),
                output=folder / "out",
                frames=args.minutes * minute,
                video=False,
                watch=watch,
            )
    for number, row in enumerate(rows, 1):
        print(
            "minute {:>3}  {ms:6.2f} ms  fixed {fixed_ms:5.3f} ms  ratio {ratio:6.3f}  "
            "{memory_mb:7.1f} MB  {active:4.2f} active".format(number, **row)
        )
    quarter = (len(rows) - 1) // 4
    grown = max(row["memory_mb"] for row in rows[1:]) / rows[0]["memory_mb"]
    first, last = (
        float(np.median([row["ratio"] for row in part]))
        for part in (rows[1 : 1 + quarter], rows[-quarter:])
    )
    slower = last / first
    print(f"memory, most / first minute: {grown:.3f}")
    print(f"time in units of the fixed work, last / first quarter: {slower:.3f}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if grown <= ALLOWED and slower <= ALLOWED and len(rows) == args.minutes else 1


if __name__ == "__main__":
    raise SystemExit(main())
