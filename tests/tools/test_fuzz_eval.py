"""Damaged files are scored or refused; the tool does it by the thousand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import mohart


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(mohart.__file__).parents[1] / "tools" / "fuzz_eval.py"
    spec = importlib.util.spec_from_file_location("fuzz_eval", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_files_never_crash(tool: ModuleType) -> None:
    outcome = tool.fuzz(300, 1, tool.generated_sources())
    assert outcome.findings == []
    assert outcome.scored > 60
    assert outcome.refused > 60


def test_damaged_real_files_never_crash(tool: ModuleType, shared_data: Path) -> None:
    outcome = tool.fuzz(150, 2, tool.real_sources(shared_data))
    assert outcome.findings == []
    assert outcome.scored + outcome.refused == 150


def test_undamaged_sources_are_scored(tool: ModuleType, tmp_path: Path) -> None:
    paths = tmp_path / "truth.txt", tmp_path / "results.txt"
    for source in tool.generated_sources():
        for path, text in zip(paths, (source.truth, source.results), strict=True):
            path.write_text(text)
        assert tool._outcome(source.kind, *paths) == "scored"


def test_findings_are_reported(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tool, "load_mot", crash)
    monkeypatch.setattr(tool, "load_kitti", crash)
    outcome = tool.fuzz(3, 0, tool.generated_sources())
    assert len(outcome.findings) == 3
    assert "ZeroDivisionError" in outcome.findings[0]
