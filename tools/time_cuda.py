"""Time tracking on a GPU beside the CPU, and say how far apart their boxes are.

Usage: python tools/time_cuda.py [--objects 1,10,50] [--size 1280x720] [--frames 100] [--json FILE]

Every engine follows the same generated frames, whole updates of the tracker are timed. What fails
is said in full, and the others go on. Without a GPU: one line, and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mohart.assembly.weights import load_model
from mohart.evaluation.speed.scene import Scene
from mohart.tracking.learned.cuda_engine import CudaEngine
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine

WARM = 5  # frames that are not timed
NO_GPU = "no GPU that torch can use (torch.cuda.is_available() is False): nothing was timed"


class Run(NamedTuple):
    """One engine with one number of objects; `boxes` [N, 4] of every frame."""

    engine: str
    objects: int
    milliseconds: NDArray[np.float64]
    boxes: list[NDArray[np.float32]]


def cpu_engine() -> Engine:
    """Onnxruntime where it is installed, otherwise torch."""
    from mohart.assembly.shipped import load_shipped

    try:
        shipped = load_shipped(1)
    except Exception:
        print("onnxruntime failed, the CPU computes in torch:", file=sys.stderr)
        traceback.print_exc()
        shipped = None
    return shipped.engine if shipped else TorchEngine(load_model().model, torch.device("cpu"))


def makers(device: torch.device) -> dict[str, Callable[[int], Engine]]:
    """Engines by name; each is made for a number of objects."""

    def fixed(precision: Literal["float32", "bfloat16"], objects: int) -> Engine:
        engine = CudaEngine(load_model().model, device, precision)
        engine.warm_up(objects)
        return engine

    return {
        "cpu": lambda _: cpu_engine(),
        f"{device.type} eager": lambda _: TorchEngine(load_model().model, device),
        f"{device.type} graphs": lambda count: fixed("float32", count),
        f"{device.type} graphs bfloat16": lambda count: fixed("bfloat16", count),
    }


def follow(name: str, engine: Engine, scene: Scene, frames: int) -> Run:
    """Whole updates of the tracker."""
    calibration = Calibration.from_header(load_model().calibration, "shipped")
    tracker, took, boxes = RecurrentTracker(engine, calibration=calibration), [], []
    tracker.init(scene.frame(0), scene.boxes)
    for number in range(1, WARM + frames + 1):
        frame = scene.frame(number)
        start = time.perf_counter()
        said = tracker.update(frame)
        took.append(1e3 * (time.perf_counter() - start))
        boxes.append(np.asarray(said.xyxy, np.float32))
    return Run(name, len(scene.boxes), np.array(took[WARM:], np.float64), boxes)


def parts(engine: Engine, scene: Scene, frames: int) -> dict[str, float]:
    """Milliseconds per frame of glimpses and network, in a run of its own; the rest is tracking."""
    calibration = Calibration.from_header(load_model().calibration, "shipped")
    tracker = RecurrentTracker(engine, calibration=calibration)
    spent = tracker.time_parts(time.perf_counter)
    tracker.init(scene.frame(0), scene.boxes)
    before = dict(spent)
    for number in range(1, frames + 1):
        tracker.update(scene.frame(number))
    return {part: 1e3 * (spent[part] - before[part]) / frames for part in before}


def describe(run: Run, reference: Run | None) -> dict[str, Any]:
    """Numbers of a run, and how far its boxes are from those of the reference."""
    said: dict[str, Any] = {
        "engine": run.engine,
        "objects": run.objects,
        "frames": len(run.milliseconds),
        "p50_ms": round(float(np.percentile(run.milliseconds, 50)), 3),
        "p95_ms": round(float(np.percentile(run.milliseconds, 95)), 3),
    }
    if reference is None or [len(x) for x in run.boxes] != [len(x) for x in reference.boxes]:
        return said
    apart = [np.abs(a - b).max() for a, b in zip(run.boxes, reference.boxes, strict=True)]
    ratio = float(np.median(reference.milliseconds) / np.median(run.milliseconds))
    median = float(np.median(apart))
    return {**said, "px": round(float(max(apart)), 4), "px_median": median, "times": ratio}


def measure(
    device: torch.device, objects: list[int], size: tuple[int, int], frames: int
) -> list[dict[str, Any]]:
    """All engines with all numbers of objects; an engine that fails is told of and left out."""
    found: list[dict[str, Any]] = []
    for count in objects:
        scene, reference = Scene(*size, count), None
        for name, make in makers(device).items():
            try:
                began = time.perf_counter()
                engine = make(count)
                ready = time.perf_counter() - began
                run = follow(name, engine, scene, frames)
                spent = parts(engine, scene, max(frames // 5, 3))
            except Exception:
                print(f"{name}, {count} objects, failed:", file=sys.stderr)
                traceback.print_exc()
                continue
            reference = run if name == "cpu" else reference
            found.append({**describe(run, reference), **spent, "ready_s": round(ready, 2)})
            print(json.dumps(found[-1]), flush=True)
    return found


def table(found: list[dict[str, Any]]) -> str:
    """A row a run."""
    heads = ["objects", "engine", "p50 ms", "p95 ms", "glimpse", "network", "times", "px apart"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for x in found:
        parts_of = [f"{x[part]:.2f}" for part in ("glimpse", "network")]
        compared = [f"{x['times']:.2f}", f"{x['px']:.4f}"] if "px" in x else ["", "other objects"]
        own = [str(x["objects"]), x["engine"], f"{x['p50_ms']:.2f}", f"{x['p95_ms']:.2f}"]
        lines.append("| " + " | ".join([*own, *parts_of, *compared]) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print a line a run, and a table last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--objects", default="1,10,50", metavar="LIST")
    parser.add_argument("--size", default="1280x720", metavar="WIDTHxHEIGHT")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--device", default="cuda", help=argparse.SUPPRESS)  # cpu: for the tests
    asked = parser.parse_args(arguments)
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(NO_GPU, file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    width, height = (int(side) for side in asked.size.split("x"))
    objects = [int(count) for count in asked.objects.split(",")]
    found = measure(device, objects, (width, height), asked.frames)
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    where = {"gpu": gpu, "torch": torch.__version__, "size": [width, height]}
    if asked.json:
        asked.json.write_text(json.dumps({**where, "runs": found}, indent=2) + "\n")
    print(f"\n{gpu}, torch {torch.__version__}, {width}x{height}\n{table(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
