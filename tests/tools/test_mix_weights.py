"""tools/mix_weights.py: on the line between two sets of weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

from mohart.errors import CheckpointError, ConfigError
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

SPEC = importlib.util.spec_from_file_location(
    "mix_weights", Path(__file__).parents[2] / "tools" / "mix_weights.py"
)
assert SPEC is not None
assert SPEC.loader is not None
mix_weights = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(mix_weights)
mix = mix_weights.mix


def _saved(path: Path, **values: float) -> Path:
    tensors = {f"weights.{name}": torch.full((2,), value) for name, value in values.items()}
    save_checkpoint(path, tensors, {"config": {"note": path.stem}, "calibration": {"scale": 2.0}})
    return path


def test_parts_that_were_begun_anew_are_taken_as_they_are(tmp_path: Path) -> None:
    start = _saved(tmp_path / "a.safetensors", **{"x.one": 0.0, "x.two": 0.0, "y": 4.0})
    run = _saved(tmp_path / "b.safetensors", **{"x.one": 1.0, "x.two": 2.0, "y": 0.0})
    mix(start, run, 0.5, tmp_path / "c.safetensors", ["x."])
    mixed = load_checkpoint(tmp_path / "c.safetensors").part("weights")
    assert {n: float(v[0]) for n, v in mixed.items()} == {"x.one": 1.0, "x.two": 2.0, "y": 2.0}
    with pytest.raises(ConfigError, match="--alone: nothing begins with 'z'"):
        mix(start, run, 0.5, tmp_path / "d.safetensors", ["z"])


def test_a_quarter_of_the_way(tmp_path: Path) -> None:
    start = _saved(tmp_path / "a.safetensors", x=0.0, y=4.0)
    run = _saved(tmp_path / "b.safetensors", x=1.0, y=0.0, new=7.0)
    mix(start, run, 0.25, tmp_path / "c.safetensors")
    mixed = load_checkpoint(tmp_path / "c.safetensors")
    values = {name: float(value[0]) for name, value in mixed.part("weights").items()}
    assert values == {"x": 0.25, "y": 3.0, "new": 7.0}
    assert mixed.about["config"] == {"note": "b"}
    assert mixed.about["mixed"] == {"start": start.name, "run": run.name, "share": 0.25}
    assert "calibration" not in mixed.about  # it was fitted to other weights


def test_errors(tmp_path: Path) -> None:
    start = _saved(tmp_path / "a.safetensors", x=0.0, y=4.0)
    less = _saved(tmp_path / "b.safetensors", x=1.0)
    with pytest.raises(ConfigError, match=r"SHARE: expected 0 to 1, got 1\.5"):
        mix(start, less, 1.5, tmp_path / "c.safetensors")
    with pytest.raises(CheckpointError, match=r"b\.safetensors: lacks y, which"):
        mix(start, less, 0.5, tmp_path / "c.safetensors")
    save_checkpoint(tmp_path / "d.safetensors", {"weights.x": torch.zeros(3)}, {"config": {}})
    with pytest.raises(CheckpointError, match=r"x: \[2\] and \[3\] do not mix"):
        mix(less, tmp_path / "d.safetensors", 0.5, tmp_path / "c.safetensors")


def test_the_command_says_in_a_line_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = _saved(tmp_path / "a.safetensors", x=0.0)
    monkeypatch.setattr("sys.argv", ["mix_weights.py", str(start), str(start), "2", "out"])
    with pytest.raises(SystemExit, match=r"^error: SHARE: expected 0 to 1, got 2"):
        mix_weights.main()
