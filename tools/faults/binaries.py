"""What reads what mohart itself wrote, and networks: weights, checkpoints, runs, cells, results."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from faults.damage import (
    Generator,
    damage_bytes,
    damage_json,
    damage_json_lines,
    damage_text,
    damage_values,
    pick,
)
from faults.networks import make_network
from faults.texts import Target
from faults.watch import Try
from faults.wholes import app_folders, commands
from mohart.ablation.cells import CellFolder, Order
from mohart.ablation.metrics import COLUMNS
from mohart.assembly import build_tracker
from mohart.assembly.run import train_run
from mohart.assembly.weights import load_model
from mohart.config.loader import load_config, load_resolved
from mohart.config.shipped import find_config
from mohart.formats.score_file import read_scores, write_scores
from mohart.keyframes import Keyframes
from mohart.metrics.compare import compare, format_differences, units
from mohart.report.results import read_result
from mohart.session.resume import find_run, take_over
from mohart.session.run import track_video
from mohart.tracking.corrections import Resumable
from mohart.tracking.detectors.onnx.detector import OnnxDetector
from mohart.video import open_source
from mohart.video.writer import VideoWriter

SIZE = (64, 48)
LENGTH = 12


def train_smoke(folder: Path) -> None:
    """A training of seconds."""
    train_run(load_config(find_config("smoke")), folder, device="cpu", report=_silent)


def _silent(*_: object) -> None:
    return


def damage_tensors(data: bytes, generator: Generator) -> bytes:
    """Damage to a safetensors file: to its header's values, or to its bytes."""
    if generator.random() < 0.4:
        return damage_bytes(data, generator, head=2000)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header["__metadata__"]["mohart"])
    if generator.random() < 0.7:
        header["__metadata__"]["mohart"] = json.dumps(damage_values(about, generator))
    else:
        header = damage_values(header, generator)
    text = json.dumps(header).encode()
    said = len(text) if generator.random() < 0.95 else int(generator.integers(1 << 40))
    return struct.pack("<Q", said) + text + data[8 + length :]


def weights(folder: Path, _: Path | None) -> Try:
    """`--model FILE`: small weights with a damaged header, or damaged bytes."""
    train_smoke(folder / "run")
    whole = (folder / "run" / "best.safetensors").read_bytes()

    def attempt(generator: Generator) -> str:
        path = folder / "damaged.safetensors"
        path.write_bytes(damage_tensors(whole, generator))
        tracker = build_tracker("mohart", model=path, engine="torch", threads=1)
        picture = generator.integers(0, 255, (48, 64, 3)).astype(np.uint8)
        tracker.init(picture, [[10, 10, 30, 30]])
        found = tracker.update(picture)
        if not np.isfinite(found.xyxy).all():
            raise ValueError("boxes that are not finite")
        return ""

    return attempt


def checkpoints(folder: Path, _: Path | None) -> Try:
    """`mohart train --resume RUN`: one of the files of a finished run is damaged."""
    whole = folder / "whole"
    train_smoke(whole)
    names = ("last.safetensors", "best.safetensors", "config.yaml", "log.jsonl", "last.json")

    def attempt(generator: Generator) -> str:
        run = folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        name = pick(names, generator)
        data = (whole / name).read_bytes()
        if name.endswith("safetensors"):
            data = damage_tensors(data, generator)
        elif name.endswith(".jsonl"):
            data = damage_json_lines(data.decode(), generator)
        else:
            data = damage_text(data.decode(), generator)
        (run / name).write_bytes(data)
        train_run(
            load_resolved(run / "config.yaml"), run, device="cpu", report=_silent, resume=True
        )
        load_model(run / "best.safetensors")
        return str(name)

    return attempt


def runs(folder: Path, _: Path | None) -> Try:
    """`mohart track --resume RUN` and `mohart report RUN`: a file of a run is damaged."""
    train_smoke(folder / "run")
    tracker = build_tracker(
        "mohart", model=folder / "run" / "best.safetensors", engine="torch", threads=1
    )
    assert isinstance(tracker, Resumable)  # noqa: S101  # the one of that name
    picture = np.random.default_rng(0).integers(0, 255, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    with VideoWriter(folder / "clip.mp4", *SIZE, 25) as writer:
        for _frame in range(LENGTH):
            writer.write(picture)
    drawn = Keyframes.from_rows(0, np.array([1]), np.array([[10.0, 10, 30, 30]]))
    whole, run = folder / "whole", folder / "damaged"
    with open_source(folder / "clip.mp4") as source:
        details = {"options": {"source": "clip.mp4"}, "model": None}
        track_video(source, tracker, drawn, output=whole, video=False, details=details)
    (whole / "state").mkdir(exist_ok=True)
    (whole / "state" / "000010.npz").write_bytes(tracker.snapshot())
    names = ("run.json", "tracks.csv", "keyframes.csv", "tracks.txt", "state/000010.npz")

    def attempt(generator: Generator) -> str:
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        name = pick(names, generator)
        data = (whole / name).read_bytes()
        if name.endswith(".npz"):
            data = damage_bytes(data, generator)
        else:
            damage = damage_json if name.endswith(".json") else damage_text
            data = damage(data.decode(), generator)
        (run / name).write_bytes(data)
        if generator.random() < 0.5:
            read_result(run)
            return str(name)
        past = find_run(run, corrected=False)
        earlier = take_over(past, pick((None, past.start + 11), generator))
        if earlier is not None:
            earlier.at(past.start)
            tracker.restore(earlier.snapshot)
            found = tracker.update(picture)
            if not np.isfinite(found.xyxy).all():
                raise ValueError("boxes that are not finite")
        return str(name)

    return attempt


def cells(folder: Path, _: Path | None) -> Try:
    """`mohart ablate`: the order or the result of a cell is damaged."""
    order: dict[str, Any] = {
        "name": "a",
        "variant": "none",
        "setting": "",
        "seed": 0,
        "config": {"train": {"steps": 3}},
        "sequences": 2,
        "length": 4,
        "horizon": 0,
        "test": "own",
    }
    result = {
        "format": 1,
        "order": order,
        "parameters": 10,
        "batches": 3,
        "clips": 6,
        "test": "ab",
        "curve": [[3, 0.5]],
        "objects": {name: [0.5, 0.25] for name in COLUMNS},
        "versions": {"mohart": "1"},
        "groups": [],
    }
    cell = CellFolder(folder / "cell")
    cell.path.mkdir()

    def attempt(generator: Generator) -> str:
        cell.order.write_text(json.dumps({"format": 1, **order}))
        cell.result.write_text(json.dumps(result))
        path = pick((cell.order, cell.result), generator)
        path.write_bytes(damage_json(path.read_text(), generator))
        cell.agree(Order(**order))
        cell.read_result()
        return str(path.name)

    return attempt


def scores(folder: Path, _: Path | None) -> Try:
    """`mohart eval --compare A.json B.json`: one of the two is damaged."""
    from faults.samples import generated_scored
    from mohart.evaluation.files.input import load_mot
    from mohart.evaluation.files.scoring import score

    sample = generated_scored()[0]
    (folder / "gt.txt").write_text(sample.truth)
    (folder / "results.txt").write_text(sample.results)
    content = score(load_mot(folder / "gt.txt", folder / "results.txt"), with_events=False)
    whole = folder / "whole.json"
    write_scores(whole, content.scores.to_dict())
    text = whole.read_text()

    def attempt(generator: Generator) -> str:
        path = folder / "damaged.json"
        path.write_bytes(damage_json(text, generator))
        pair = (whole, path) if generator.random() < 0.5 else (path, whole)
        first, second = (read_scores(name) for name in pair)
        units(first)
        format_differences(compare(first, second, trackers=(None, None), seed=0))
        return ""

    return attempt


def networks(folder: Path, _: Path | None) -> Try:
    """`--detector onnx:FILE`, with onnxruntime."""
    whole = make_network()
    picture = np.full((48, 64, 3), 114, np.uint8)

    def attempt(generator: Generator) -> str:
        path = folder / "network.onnx"
        path.write_bytes(damage_bytes(whole, generator))
        detector = OnnxDetector(path, runtime="onnxruntime", threads=1)
        detector(picture)
        return ""

    return attempt


FILES: Mapping[str, Target] = {
    "weights": Target(15, weights),
    "train --resume": Target(5, checkpoints),
    "track --resume, report": Target(15, runs),
    "ablate, cells": Target(15, cells),
    "eval --compare": Target(15, scores),
    "onnx": Target(15, networks),
    "app, its folder": Target(12, app_folders),
    "whole commands": Target(8, commands),
}
