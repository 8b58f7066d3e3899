"""Time a tracker on generated frames, the shipped one or another, in processor time.

Usage: python tools/time_tracking.py [--threads 1] [--engine onnx [--precision int8]]
           [--weights FILE | --config FILE [--set A.B=C]]

A configuration alone is timed with weights drawn at random.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch

from mohart.assembly.engines import ENGINES, PRECISIONS, build_engine
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import load_config
from mohart.tracking.learned.engine import Engine, TorchEngine
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration

PARTS = ("glimpse", "network")


def timed(run: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    """`run`, with its seconds of processor time added to `spent[part]`."""

    def measured(*arguments: Any) -> Any:
        start = time.process_time()
        result = run(*arguments)
        spent[part] += time.process_time() - start
        return result

    return measured


def measure(
    engine: Engine,
    calibration: Calibration,
    *,
    width: int,
    height: int,
    objects: int,
    threads: int,
    frames: int,
) -> dict[str, float]:
    """Milliseconds per frame, medians: `glimpse`, `network`, `rest`, `all`; and `threads`.

    Args:
        engine: computes the network, on the CPU.
        calibration: of its visibility.
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: how many are followed, each 40 by 80 pixels.
        threads: of torch.
        frames: how many are timed; five before them are not.
    """
    torch.set_num_threads(threads)
    tracker = RecurrentTracker(engine, calibration=calibration)
    spent = dict.fromkeys((*PARTS, "step"), 0.0)
    for name, part in (("read", "glimpse"), ("step", "step")):
        setattr(engine, name, timed(getattr(engine, name), part, spent))
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (max(height // 8, 1), max(width // 8, 1), 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    corner = rng.uniform((0, 0), (max(width - 40, 1), max(height - 80, 1)), (objects, 2))
    tracker.init(picture, np.concatenate([corner, corner + np.array([40, 80])], 1))
    took = []
    for number in range(frames + 5):
        frame = np.roll(picture, number, 1)
        spent.update(dict.fromkeys(spent, 0.0))
        start = time.process_time()
        tracker.update(frame)
        whole = time.process_time() - start
        network = spent["step"] - spent["glimpse"]
        took.append((spent["glimpse"], network, whole - spent["step"], whole))
    middle = [1e3 * median(column) for column in zip(*took[5:], strict=True)]
    return {
        **dict(zip((*PARTS, "rest", "all"), middle, strict=True)),
        "threads": torch.get_num_threads(),
    }


def main(arguments: list[str] | None = None) -> None:
    """Print one line per part, then frames per second."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", type=Path, help="default: the shipped ones")
    parser.add_argument("--config", type=Path, help="a model with random weights instead")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C")
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--height", type=int, default=576)
    parser.add_argument("--objects", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of torch (default 1)")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--engine", default="torch", choices=ENGINES)
    parser.add_argument("--precision", default="float32", choices=PRECISIONS)
    asked = parser.parse_args(arguments)
    if asked.set and not asked.config:
        parser.error("--set changes a configuration: name one with --config")
    if asked.config and asked.weights:
        parser.error("--config and --weights: expected one of them")
    if asked.config and asked.engine != "torch":
        parser.error("--config: random weights are timed in torch alone")
    calibration = Calibration()
    if asked.config:
        model = build_model(load_config(asked.config, asked.set).model)
        engine: Engine = TorchEngine(model, torch.device("cpu"))
    else:
        loaded = load_model(asked.weights)
        engine, _ = build_engine(
            asked.engine,
            loaded,
            torch.device("cpu"),
            threads=asked.threads,
            precision=asked.precision,
        )
        calibration = Calibration.from_header(loaded.calibration, str(asked.weights or "shipped"))
    found = measure(
        engine,
        calibration,
        width=asked.width,
        height=asked.height,
        objects=asked.objects,
        threads=asked.threads,
        frames=asked.frames,
    )
    for part in (*PARTS, "rest", "all"):
        print(f"{part:<8}{found[part]:7.2f} ms per frame")
    print(
        f"{1e3 / found['all']:.1f} fps with {asked.objects} objects at "
        f"{asked.width}x{asked.height}, threads: {found['threads']:.0f}"
    )


if __name__ == "__main__":
    main()
