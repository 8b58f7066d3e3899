"""tools/install_rivals.py: what pip is told, and what is said afterwards."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
OVER = ["install", "--force-reinstall", "--no-deps"]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("install_rivals")


def pip_says(
    monkeypatch: pytest.MonkeyPatch, tool: ModuleType, out: str, err: str = "", code: int = 0
) -> list[list[str]]:
    """Let every command answer so; the commands."""
    told: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        told.append(words[2:])
        return subprocess.CompletedProcess(words, code, out, err)

    monkeypatch.setattr(tool.subprocess, "run", run)
    return told


def test_the_same_version_is_laid_over_the_plain_one(tool: ModuleType) -> None:
    offered = ["5.1.0", "5.0.0", "4.14.0"]
    assert tool.commands("5.0.0", offered) == [[*OVER, "opencv-contrib-python==5.0.0"]]
    newest = [*OVER, "opencv-contrib-python==5.1.0"]
    for plain in ("4.1", None):
        assert tool.commands(plain, offered) == [["install", "opencv-python==5.1.0"], newest]


def test_versions_are_read_and_told(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_says(monkeypatch, tool, "x (5.1)\nAvailable versions: 5.1, 5.0\n")
    monkeypatch.setattr(tool, "installed", lambda: "5.0")
    assert tool.main(["--dry-run"]) == 0
    wanted = "pip install --force-reinstall --no-deps opencv-contrib-python==5.0\n"
    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize("words", [["--dry-run"], []])
def test_without_pip_or_network_the_reason_is_told(
    words: list[str],
    tool: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = pip_says(monkeypatch, tool, "", "/bin/python: No module named pip\n", 1)
    assert tool.main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: pip finds no opencv-contrib-python: /bin/python: No module")
    assert said.count("\n") == 1
    assert len(told) == 1


def test_it_is_no_success_where_the_trackers_are_not_there(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_says(monkeypatch, tool, "", "ImportError: libGL.so.1\n", 1)
    assert tool.tell() == 2
    assert "cv2 has no further trackers: ImportError: libGL.so.1" in capsys.readouterr().err
