"""Time a model by itself on generated frames, also one without weights; see `mohart bench speed`.

Usage: python tools/time_tracking.py [--threads 1] [--engine onnx [--precision int8]]
           [--weights NAME|FILE | --config FILE [--set A.B=C]]

A configuration alone is timed with weights drawn at random.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from mohart.assembly.engines import ENGINES, PRECISIONS, build_engine
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import load_config
from mohart.evaluation.speed.race import race
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.weights.names import CHOICE

ROUND = 6  # frames


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
    """Milliseconds per frame, medians: `glimpse`, `network`, `belief`, `all`; and `threads`.

    Args:
        engine: computes the network, on the CPU.
        calibration: of its visibility.
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: how many are followed, each 40 by 80 pixels.
        threads: of torch.
        frames: how many are timed, at least.
    """
    torch.set_num_threads(threads)
    tracker = RecurrentTracker(engine, calibration=calibration)
    [lap] = race(
        {tracker.name: tracker},
        [objects],
        width=width,
        height=height,
        rounds=-(-frames // ROUND),
        clock=time.process_time,
    )
    parts = {part: float(np.median(took)) for part, took in lap.parts.items()}
    return {**parts, "all": float(np.median(lap.frames)), "threads": torch.get_num_threads()}


def main(arguments: list[str] | None = None) -> None:
    """Print one line per part, then frames per second."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", help=f"{CHOICE}; otherwise default")
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
        calibration = Calibration.from_header(loaded.calibration, loaded.details["weights"])
    found = measure(
        engine,
        calibration,
        width=asked.width,
        height=asked.height,
        objects=asked.objects,
        threads=asked.threads,
        frames=asked.frames,
    )
    for part in [name for name in found if name != "threads"]:
        print(f"{part:<8}{found[part]:7.2f} ms per frame")
    print(
        f"{1e3 / found['all']:.1f} fps with {asked.objects} objects at "
        f"{asked.width}x{asked.height}, threads: {found['threads']:.0f}"
    )


if __name__ == "__main__":
    main()
