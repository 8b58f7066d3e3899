"""What tracking costs: processor seconds and bytes per hour of video, by number of objects.

Usage: python tools/cost.py [--objects 1,5,10,25,50] [--size 1280x720] [--fps 25] [--hours 1e6]
           [--rounds 5] [--engine auto] [--json FILE]

Measures decoding, tracking, drawing with encoding, and passing over frames, each in processor time,
on the committed sample scaled to the size; of every part the fastest round counts, so that other
work on the machine matters little. Prints the model that docs/results/cost.md explains.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.assembly.tracker import build_tracker
from mohart.session.sink import ResultSink
from mohart.session.timing import Stages
from mohart.structures import TrackedObjects
from mohart.tracking.corrections import Resumable
from mohart.video import VideoWriter, open_source

SAMPLE = Path(__file__).parents[1] / "datasets/samples/synth-0080"
FRAMES = 50
OBJECT = (40, 80)  # pixels
PARTS = ("decode", "track", "draw and encode")
HOUR = 3600
TB = 1e12


def measure(
    objects: list[int], width: int, height: int, *, fps: float, rounds: int, engine: str
) -> dict[str, Any]:
    """Milliseconds of processor time per frame, and bytes.

    Args:
        objects: numbers of them to measure with.
        width: of the frames, pixels.
        height: of the frames, pixels.
        fps: of the video that is written and read.
        rounds: of `FRAMES` frames each.
        engine: of the tracker.

    Returns:
        `decode_ms`, `skip_ms`, `input_bytes` per frame; `rows`, one per number of objects:
        `objects`, `track_ms`, `write_ms` (tables alone), `draw_ms` (with drawing and encoding), and
        bytes per frame of `tables` and `video`, and `state`, of a snapshot.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        frames = _write_video(folder / "in.mp4", width, height, fps)
        found: dict[str, Any] = {
            "decode_ms": _fastest(lambda: _read(folder / "in.mp4", skip=False), rounds),
            "skip_ms": _fastest(lambda: _read(folder / "in.mp4", skip=True), rounds),
            "input_bytes": (folder / "in.mp4").stat().st_size / FRAMES,
        }
        found["rows"] = [_with_objects(folder, frames, n, fps, rounds, engine) for n in objects]
    return found


def _with_objects(
    folder: Path, frames: list[NDArray[np.uint8]], count: int, fps: float, rounds: int, engine: str
) -> dict[str, Any]:
    height, width = frames[0].shape[:2]
    corner = np.random.default_rng(0).uniform((0, 0), (width - 40, height - 80), (count, 2))
    tracker = build_tracker(threads=1, engine=engine)
    said: list[TrackedObjects] = []

    def start() -> None:
        said[:] = [tracker.init(frames[0], np.concatenate([corner, corner + np.array(OBJECT)], 1))]

    def track() -> None:
        said.extend(tracker.update(frame) for frame in frames[1:])

    found: dict[str, Any] = {"objects": count, "track_ms": _fastest(track, rounds, start)}
    assert isinstance(tracker, Resumable)  # noqa: S101  # the house's own is
    found["state"] = len(tracker.snapshot())

    def write(pictured: tuple[int, int, float] | None) -> Callable[[], None]:
        def add_all() -> None:
            with ResultSink(folder, Stages("draw", "write", "encode"), pictured=pictured) as sink:
                for number, (frame, tracks) in enumerate(zip(frames, said, strict=True)):
                    sink.add(number, frame.copy(), tracks)
                sink.close()

        return add_all

    found["write_ms"] = _fastest(write(None), rounds)
    found["draw_ms"] = _fastest(write((width, height, fps)), rounds)
    tables = sum((folder / name).stat().st_size for name in ("tracks.txt", "tracks.csv"))
    found["tables"] = tables / FRAMES
    found["video"] = (folder / "video.mp4").stat().st_size / FRAMES
    return found


def _write_video(path: Path, width: int, height: int, fps: float) -> list[NDArray[np.uint8]]:
    with open_source(SAMPLE) as source:
        frames = [
            np.asarray(cv2.resize(frame, (width, height)), np.uint8)
            for frame, _ in zip(source, range(FRAMES), strict=False)
        ]
    with VideoWriter(path, width, height, fps) as writer:
        for frame in frames:
            writer.write(frame)
    return frames


def _read(path: Path, *, skip: bool) -> None:
    with open_source(path) as source:
        if skip:
            source.skip(FRAMES)
        else:
            for _ in source:
                pass


def _fastest(
    work: Callable[[], None], rounds: int, prepare: Callable[[], None] | None = None
) -> float:
    """Milliseconds of processor time per frame, all threads together, of the fastest round.

    Args:
        work: goes through all frames.
        rounds: of it.
        prepare: called before each round, and not timed.
    """
    times = []
    for _ in range(rounds):
        if prepare:
            prepare()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1e3 * min(times) / FRAMES


def model(measured: dict[str, Any], fps: float) -> list[dict[str, float]]:
    """Per hour of video, by number of objects: core seconds of every part, bytes of every file."""
    per_hour = HOUR * fps
    rows = []
    for row in measured["rows"]:
        seconds = [measured["decode_ms"], row["track_ms"], row["draw_ms"]]
        rows.append(
            {
                "objects": row["objects"],
                **{name: ms * per_hour / 1e3 for name, ms in zip(PARTS, seconds, strict=True)},
                "tables alone": row["write_ms"] * per_hour / 1e3,
                "input": measured["input_bytes"] * per_hour,
                "tables": row["tables"] * per_hour,
                "video": row["video"] * per_hour,
                "state": row["state"],
            }
        )
    return rows


def tell(rows: list[dict[str, float]], measured: dict[str, Any], hours: float) -> str:
    """Two tables, in Markdown: one hour, and all."""
    lines = [
        "| objects | decode | track | tables | draw and encode | sum without video | with video |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        without = row["decode"] + row["track"] + row["tables alone"]
        whole = row["decode"] + row["track"] + row["draw and encode"]
        cells = [row["decode"], row["track"], row["tables alone"], row["draw and encode"]]
        told = " | ".join(f"{cell:,.0f}" for cell in [*cells, without, whole])
        lines.append(f"| {row['objects']} | {told} |")
    lines += [
        "",
        f"| objects | core years for {hours:,.0f} h | with video | tables, TB | video.mp4, TB |"
        " state, kB |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        scale = hours / (HOUR * 24 * 365.25)
        without = (row["decode"] + row["track"] + row["tables alone"]) * scale
        whole = (row["decode"] + row["track"] + row["draw and encode"]) * scale
        bytes_ = [row["tables"] * hours / TB, row["video"] * hours / TB]
        told = " | ".join([f"{without:,.0f}", f"{whole:,.0f}", *(f"{x:,.0f}" for x in bytes_)])
        lines.append(f"| {row['objects']} | {told} | {row['state'] / 1e3:,.0f} |")
    share = measured["skip_ms"] / measured["decode_ms"]
    return "\n".join([*lines, "", f"passing over a frame costs {share:.0%} of decoding it"])


def main(argv: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", default="1,5,10,25,50")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=float, default=25)
    parser.add_argument("--hours", type=float, default=1e6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was measured")
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    av.logging.set_level(None)
    width, height = map(int, args.size.split("x"))
    measured = measure(
        [int(word) for word in args.objects.split(",")],
        width,
        height,
        fps=args.fps,
        rounds=args.rounds,
        engine=args.engine,
    )
    if args.json:
        args.json.write_text(json.dumps(measured, indent=1) + "\n")
    print(tell(model(measured, args.fps), measured, args.hours))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
