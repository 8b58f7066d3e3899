from __future__ import annotations

import math
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mohart
from mohart.assembly.tracker import build_tracker
from mohart.errors import CheckpointError, ConfigError, MissingDataError
from mohart.tracking.baselines.opencv import available_opencv_trackers
from mohart.tracking.catalogue import TRACKERS
from mohart.training.checkpoint import load_checkpoint, save_checkpoint
from mohart.weights.names import weights_file

THERE = [n for n, t in TRACKERS.items() if not t.opencv or n in available_opencv_trackers()]


def test_the_facade_tells_every_name() -> None:
    told = (mohart.load_tracker.__doc__ or "").partition("name:")[2].partition("model:")[0]
    assert set(re.findall(r"`(\w+)`", told)) == set(TRACKERS)


@pytest.mark.parametrize("name", list(TRACKERS))
def test_every_name_of_the_catalogue_has_a_tracker_that_is_as_told(name: str) -> None:
    known = TRACKERS[name]
    if name not in THERE:
        with pytest.raises(MissingDataError, match=r"the installed OpenCV .* does not have it"):
            build_tracker(name)
    elif known.opencv and "model" in known.options:
        with pytest.raises(ConfigError, match=f"tracker '{name}' needs its model"):
            build_tracker(name)
    else:
        tracker = build_tracker(name)
        assert tracker.name == name
        assert tracker.takes_detections == known.takes_detections


def test_the_shipped_tracker_says_what_it_is() -> None:
    tracker = build_tracker()
    assert tracker.name == "mohart"
    assert tracker.details["weights"] == "shipped"
    assert len(tracker.details["sha256"]) == 64
    assert tracker.details["config"]["model"]["relation"]["kind"] == "attention"
    assert tracker.details["parameters"] <= 3_000_000


@pytest.mark.slow
def test_self_only_turns_the_exchange_off() -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (120, 160, 3), np.uint8)
    boxes = np.array([[20, 20, 60, 70], [70, 30, 110, 90]], float)
    alone = build_tracker(relation="self_only")
    alone.init(frame, boxes)
    both = alone.update(frame).xyxy[0]
    alone.init(frame, boxes[:1])
    assert np.allclose(alone.update(frame).xyxy[0], both, atol=1e-3)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_a_program_that_loads_a_tracker_keeps_its_threads_and_random_numbers() -> None:
    code = (
        "import mohart, torch; torch.set_num_threads(3); torch.manual_seed(5); a = torch.rand(3); "
        "torch.manual_seed(5); mohart.load_tracker(); "
        "print(torch.equal(a, torch.rand(3)), torch.get_num_threads()); "
        "mohart.load_tracker(threads=2); print(torch.get_num_threads())"
    )
    assert run(code).split() == ["True", "3", "2"]


@pytest.mark.slow
def test_only_the_trackers_that_need_them_import_slow_libraries() -> None:
    code = (
        "import sys; from mohart.assembly import build_tracker; build_tracker('NAME'); "
        "print(*sorted({'filterpy', 'scipy.stats', 'sympy', 'torch._dynamo', 'torch'} & "
        "{*sys.modules}))"
    )
    assert run(code.replace("'NAME'", "'mohart', engine='torch'")) == "torch"
    if find_spec("onnxruntime"):
        assert run(code.replace("'NAME'", "'mohart', device='cpu'")) == ""
    assert run(code.replace("NAME", "static")) == ""
    assert "filterpy" in run(code.replace("NAME", "sort"))


@pytest.mark.slow
def test_baselines_need_no_torch() -> None:
    code = (
        "import sys; from mohart.assembly import build_tracker; "
        f"[build_tracker(n) for n in {[n for n in THERE if not TRACKERS[n].options]}]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "mohrat"}, "did you mean 'mohart'"),
        ({"name": "static", "model": "x.onnx"}, "has no model"),
        ({"name": "csrt", "relation": "none"}, "has no relational module"),
        ({"relation": "deepsets"}, r"trained with 'attention'; train others with"),
        ({"device": "cuda:99"}, "not usable here"),
        ({"threads": 0}, "threads: expected at least 1, got 0"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_tracker(**options)  # type: ignore[arg-type]


def test_missing_and_corrupt_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such weights"):
        build_tracker(model=tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not safetensors at all")
    with pytest.raises(CheckpointError, match="damaged"):
        build_tracker(model=broken)


def spoil(path: Path, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> Path:
    """The shipped weights with another header or other tensors."""
    saved = load_checkpoint(weights_file())
    about, tensors = deepcopy(saved.about), dict(saved.tensors)
    change(about, tensors)
    save_checkpoint(path, tensors, about)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hidden", "features", "discriminate"])
@pytest.mark.parametrize("value", [30_000, 10**9, 10**400, math.inf, True, "128", -1])
def test_a_header_cannot_ask_for_memory(tmp_path: Path, name: str, value: object) -> None:
    def change(about: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        about["config"]["model"][name] = value

    path = spoil(tmp_path / "w.safetensors", change)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match=r"w\.safetensors: "):
        build_tracker(model=path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


@pytest.mark.parametrize("said", [3, {"logit": "x"}, {"odd": 1.0}, {"mean": math.inf}, [1.0]])
def test_a_damaged_calibration_is_refused(tmp_path: Path, said: object) -> None:
    path = spoil(tmp_path / "w.safetensors", lambda about, tensors: about.update(calibration=said))
    with pytest.raises(CheckpointError, match="its calibration is damaged"):
        build_tracker(model=path)


@pytest.mark.slow
def test_weights_that_answer_with_no_numbers_are_named(tmp_path: Path) -> None:
    """Finite ones, but so large that their products are not."""

    def change(about: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        for name, value in tensors.items():
            if value.is_floating_point() and value.dim() > 1:
                tensors[name] = value.float() * 1e30

    tracker = build_tracker(model=spoil(tmp_path / "w.safetensors", change))
    frame = np.zeros((60, 80, 3), np.uint8)
    with pytest.raises(CheckpointError, match="not finite"):
        tracker.init(frame, [[10, 10, 30, 30]])
