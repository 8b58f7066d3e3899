"""tools/cost.py: parts are measured, and the model multiplies them out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "cost.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cost", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_model_multiplies_what_was_measured(tool: ModuleType) -> None:
    row = {
        "objects": 5,
        "track_ms": 10.0,
        "write_ms": 0.5,
        "draw_ms": 8.0,
        "tables": 800.0,
        "video": 6e3,
        "state": 2e5,
    }
    measured = {"decode_ms": 2.0, "skip_ms": 1.5, "input_bytes": 5e3, "rows": [row]}
    (hour,) = tool.model(measured, 25)
    assert hour["track"] == pytest.approx(900)  # 90,000 frames of 10 ms
    assert hour["decode"] == pytest.approx(180)
    assert hour["tables"] == pytest.approx(72e6)
    lines = tool.tell([hour], measured, 1e6).splitlines()
    # 180 + 900 + 45 s without video, 180 + 900 + 720 with it; a core year has 31,557,600 s
    assert lines[2] == "| 5 | 180 | 900 | 45 | 720 | 1,125 | 1,800 |"
    assert lines[6] == "| 5 | 36 | 57 | 72 | 540 | 200 |"
    assert lines[8] == "passing over a frame costs 75% of decoding it"


@pytest.mark.slow
def test_it_measures(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--objects", "1,2", "--size", "160x120", "--rounds", "1"]) == 0
    table = capsys.readouterr().out.splitlines()[2]
    numbers = [float(cell.replace(",", "")) for cell in table.strip("| ").split("|")]
    assert numbers[0] == 1
    assert all(number > 0 for number in numbers)
    assert numbers[5] == pytest.approx(sum(numbers[1:4]), abs=2)
