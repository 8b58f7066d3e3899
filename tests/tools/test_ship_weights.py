"""tools/ship_weights.py: a run's checkpoint becomes weights in half precision."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

import mohart
from mohart.training.checkpoint import load_checkpoint
from mohart.weights.names import weights_file

TOOL = Path(mohart.__file__).parents[1] / "tools" / "ship_weights.py"


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_it_writes_has_half_the_bits_and_says_where_it_began(tmp_path: Path) -> None:
    target = tmp_path / "small.safetensors"
    done = _run(weights_file("fast"), target, "start.safetensors")
    assert done.returncode == 0, done.stderr
    assert "largest rounding error 0.0e+00" in done.stdout  # they were in half precision
    with safe_open(target, "np") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"F16"}  # noqa: SIM118
    about = load_checkpoint(target).about
    assert about["config"]["train"]["start_from"] == "start.safetensors"
    assert about["precision"] == "float16"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "error: expected RUN/best.safetensors [TARGET [START]], got []"),
        (("nosuch.safetensors", "fast"), "error: nosuch.safetensors: no such weights"),
        ((weights_file("fast"), "nosuch"), "error: nosuch: no such weights"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(arguments: tuple[object, ...], told: str) -> None:
    failed = _run(*arguments)
    assert failed.returncode == 2
    assert failed.stderr.startswith(told)
    assert len(failed.stderr.splitlines()) == 1
