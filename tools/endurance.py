"""Track 20 minutes of 1280x720: do memory and time per frame stay flat?

Usage: python tools/endurance.py [--minutes M] [--objects N] [--precision KIND] [--json FILE]

A generated street that runs forwards and backwards without a jump, as a video file of 25 frames a
second, through everything that `mohart track --no-video` does. Prints CPU milliseconds per frame
and the memory of the process for every minute of the video; exit code 1 where, behind the first
minute, memory grows by more than 5 % or the last quarter takes more than 5 % longer than the first
(medians of minutes).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import av
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
ALLOWED = 1.05


def write_swing(path: Path, objects: int) -> np.ndarray:
    """One swing forwards and backwards; boxes [N, 4] of its first frame."""
    generator = Generator(seed=5, width=WIDTH, height=HEIGHT, objects=(objects, objects))
    frames = [(one.frame, one.boxes) for one in generator.scene(3, HALF).frames()]
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
        began = time.process_time()

        def watch(number: int, tracks: TrackedObjects) -> None:
            nonlocal began
            progress(number + 1, args.minutes * minute)
            if (number + 1) % minute == 0:
                now = time.process_time()
                spent, began = now - began, now
                said = int((tracks.state == ACTIVE).sum())
                rows.append(
                    {"ms": 1000 * spent / minute, "memory_mb": resident_mb(), "active": said}
                )

        with open_source(folder / "long.mp4") as source:
            track_video(
                source,
                build_tracker(threads=1, engine="onnx", precision=args.precision),
                Keyframes.from_rows(0, np.arange(1, len(boxes) + 1), boxes),
                output=folder / "out",
                frames=args.minutes * minute,
                video=False,
                watch=watch,
            )
    for number, row in enumerate(rows, 1):
        print(
            "minute {:>3}  {ms:6.2f} ms  {memory_mb:7.1f} MB  {active} active".format(number, **row)
        )
    quarter = (len(rows) - 1) // 4
    grown = max(row["memory_mb"] for row in rows[1:]) / rows[0]["memory_mb"]
    first, last = (
        float(np.median([row["ms"] for row in part]))
        for part in (rows[1 : 1 + quarter], rows[-quarter:])
    )
    slower = last / first
    print(f"memory, most / first minute: {grown:.3f}; time, last / first quarter: {slower:.3f}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if grown <= ALLOWED and slower <= ALLOWED and len(rows) == args.minutes else 1


if __name__ == "__main__":
    raise SystemExit(main())
