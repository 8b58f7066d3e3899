"""The shipped graphs: those of the shipped weights and of this code; and a run without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import numpy as np
import pytest

from mohart.assembly import build_tracker
from mohart.assembly.engines import CLOSE, distance
from mohart.assembly.shipped import load_shipped, shipped_graph
from mohart.assembly.weights import load_model
from mohart.errors import CheckpointError, ConfigError
from mohart.tracking.learned.graph_engine import GraphEngine
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.weights.names import FOLDER, NAMES

pytest.importorskip("onnxruntime")
ROOT = Path(__file__).parents[2]
BLOCKED = "import sys; sys.modules['torch'] = None\n"  # as if it were not installed
CLIP = """\
import numpy as np
from mohart.video import VideoWriter
rng = np.random.default_rng(0)
ground = rng.integers(80, 130, (96, 128, 3), dtype=np.uint8)
with VideoWriter("clip.mp4", 128, 96, 25) as writer:
    for t in range(6):
        frame = ground.copy()
        frame[30:60, 20 + 2 * t : 40 + 2 * t] = (30, 60, 220)
        writer.write(frame)
"""


def without_torch(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_they_say_what_torch_says_with_the_shipped_weights(name: str) -> None:
    """After a change of weights or network: python tools/ship_graphs.py."""
    found, loaded = load_shipped(None, name), load_model(name)
    assert found is not None, "graphs of other weights"
    import torch

    assert distance(TorchEngine(loaded.model, torch.device("cpu")), found.engine) < CLOSE
    assert found.calibration == loaded.calibration
    assert (found.identity is None) == (loaded.identity is None)
    assert {**found.details, "engine": None} == {**loaded.details, "engine": None}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "weights"), [("default", "shipped"), ("fast", "shipped: fast")])
def test_a_run_without_torch(name: str, weights: str, tmp_path: Path) -> None:
    track = f"['track', 'clip.mp4', '--box', '20,30,20,30', '--model', '{name}', '-o', 'out']"
    done = without_torch(
        f"{CLIP}\nfrom mohart.cli.main import main\ncode = main({track})\n"
        "assert sys.modules['torch'] is None\nsys.exit(code)",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "run.json").read_text())
    assert report["model"]["weights"] == weights
    assert report["model"]["engine"]["name"] == "onnx"
    assert report["states"]["active"] == 1
    assert len((tmp_path / "out" / "tracks.txt").read_text().splitlines()) == 6


@pytest.mark.parametrize(
    "options", ["engine='torch'", "model='mine.safetensors'", "precision='int8', engine='onnx'"]
)
def test_what_needs_torch_says_so(options: str, tmp_path: Path) -> None:
    done = without_torch(f"import mohart\nmohart.load_tracker({options})", tmp_path)
    assert done.stderr.splitlines()[-1].startswith("mohart.errors.MissingDataError: ")
    assert "needs torch" in done.stderr


@pytest.mark.slow
def test_everything_else_works_without_torch(tmp_path: Path) -> None:
    done = without_torch(
        "import numpy as np, mohart\n"
        "tracker = mohart.load_tracker()\n"
        "frame = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)\n"
        "print(len(tracker.update(frame, [])))\n"
        "tracker.update(frame, [[20, 20, 50, 60, 0.9]])\n"
        "tracker.add(frame, [[60, 30, 90, 80]])\n"
        "tracker.coast(); kept = tracker.snapshot(); tracker.restore(kept)\n"
        "print(len(tracker.update(frame)), tracker.snapshot() != kept)\n"
        "try: tracker.model\n"
        "except mohart.errors.MissingDataError as error: print(error)",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    counts, later, why = done.stdout.splitlines()
    assert (counts, later) == ("0", "2 True")
    assert "needs torch, which is not installed" in why


@pytest.mark.slow
def test_the_network_can_be_watched_where_there_is_torch() -> None:
    tracker = build_tracker(device="cpu", threads=1)
    assert isinstance(tracker, RecurrentTracker)
    frames = np.random.default_rng(0).integers(0, 255, (2, 96, 128, 3), np.uint8)
    tracker.init(frames[0], [[20, 20, 50, 70]])
    before, seen = tracker.update(frames[1]).xyxy, list[int]()
    tracker.model.cell.register_forward_hook(lambda *_: seen.append(1))
    tracker.init(frames[0], [[20, 20, 50, 70]])
    np.testing.assert_allclose(tracker.update(frames[1]).xyxy, before, atol=2e-3)
    assert seen


@pytest.mark.parametrize("name", NAMES)
def test_graphs_of_other_weights_are_not_used(name: str, tmp_path: Path) -> None:
    for path in FOLDER.glob(f"{name}*"):
        shutil.copy(path, tmp_path)
    assert load_shipped(1, name, tmp_path) is not None  # these weights
    (tmp_path / f"{name}.safetensors").write_bytes(b"others")
    assert load_shipped(1, name, tmp_path) is None
    shipped_graph(name, "step", tmp_path).write_bytes(b"nonsense")
    with pytest.raises(CheckpointError, match="can not read the graph"):
        load_shipped(1, name, tmp_path)
    shipped_graph(name, "step", tmp_path).unlink()
    assert load_shipped(1, name, tmp_path) is None


def test_threads_are_positive() -> None:
    with pytest.raises(ConfigError, match="threads: expected at least 1, got 0"):
        build_tracker(threads=0)


def test_copies_compute_by_themselves() -> None:
    import copy

    found = load_shipped(1)
    assert found is not None
    twin = copy.deepcopy(found.engine)
    assert isinstance(twin, GraphEngine)
    boxes = np.array([[[1.0, 2, 30, 40]]], np.float32)
    np.testing.assert_array_equal(twin.aim(boxes), found.engine.aim(boxes))


def test_what_runs_without_torch_is_told_once_and_whole() -> None:
    """requirements-lite.txt: what the package needs, with onnxruntime in the place of torch."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", "utf-8")
    needed = settings["options"]["install_requires"].split()
    lines = (ROOT / "requirements-lite.txt").read_text("utf-8").splitlines()
    lite = [line for line in lines if line and not line.startswith("#")]
    fast = settings["options.extras_require"]["fast"].split()
    runtime = [line for line in fast if line.startswith("onnxruntime")]
    assert set(lite) == {*(n for n in needed if not n.startswith("torch")), *runtime}
