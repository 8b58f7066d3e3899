from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "equivae.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("sklearn", reason="scikit-learn ships the digits")
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    spec = importlib.util.spec_from_file_location("equivae_tool", TOOL)
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
    small = [str(tmp_path), "--labels", "0", "20", "--seeds", "1", "--steps", "2"]
    assert tool.main(small) == 0
    assert "20 labels" in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"equivae.csv", "parts.png", "table.txt"}
    assert len((tmp_path / "equivae.csv").read_text().splitlines()) == 1 + 4
    monkeypatch.setattr(tool, "run_trial", lambda *_, **__: pytest.fail("trained again"))
    assert tool.main(small) == 0


@pytest.mark.slow
def test_a_grid_that_was_killed_ends_with_the_same_files(tool: ModuleType, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    options = ["--labels", "0", "--seeds", "3", "--steps", "15"]
    assert tool.main([str(whole), *options]) == 0
    process = subprocess.Popen([sys.executable, str(TOOL), str(cut), *options])
    for _ in range(12000):
        if (cut / "equivae.csv").is_file():
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (cut / "table.txt").exists()
    assert tool.main([str(cut), *options]) == 0
    for name in ("equivae.csv", "table.txt", "parts.png"):
        assert (whole / name).read_bytes() == (cut / name).read_bytes(), name


def test_mistakes_are_one_line(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        tool.main([str(tmp_path), "--labels", "7", "--steps", "1"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: digits: expected a number")
