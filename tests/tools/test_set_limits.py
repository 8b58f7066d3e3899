from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "set_limits.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_limits_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_a_grid_is_run_drawn_and_not_run_again(
    tool: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = [str(tmp_path), "--sizes", "3", "--widths", "1", "2", "--seeds", "1", "--steps", "3"]
    assert tool.main([*small, "--pools", "sum", "max"]) == 0
    assert "M = 3" in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"set_limits.csv", "set_limits.png"}
    lines = (tmp_path / "set_limits.csv").read_text().splitlines()
    assert len(lines) == 1 + 4
    monkeypatch.setattr(tool, "run_trial", lambda *_, **__: pytest.fail("trained again"))
    assert tool.main([*small, "--pools", "sum"]) == 0
    assert "max" not in capsys.readouterr().out


def test_mistakes_are_one_line(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        tool.main([str(tmp_path), "--sizes", "0", "--steps", "1"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("error: set limits: expected one of")
