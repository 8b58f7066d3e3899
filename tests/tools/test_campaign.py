"""The fault campaign, small: each kind of case, that findings are found, that it goes on."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import mohart
from mohart.errors import FormatError

TOOLS = Path(mohart.__file__).parents[1] / "tools"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the campaign forks")


@pytest.fixture(scope="module", autouse=True)
def _found() -> Iterator[None]:
    sys.path.insert(0, str(TOOLS))
    yield
    sys.path.remove(str(TOOLS))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "area",
    [
        "eval mot, kitti",
        "track --init",
        "track --detections",
        "convert",
        "configurations, --set",
        "bench.yaml",
        "seqinfo, labels, seqmap",
        "odd options",
    ],
)
def test_damaged_texts_are_read_or_refused(tmp_path: Path, area: str) -> None:
    attempt = load("faults.texts").TEXTS[area].prepare(tmp_path, None)
    cases = [load("faults.watch").judge(area, attempt, number, 1) for number in range(40)]
    assert [case for case in cases if case.is_finding] == []
    assert {case.outcome for case in cases} == {"taken", "refused"}


@pytest.mark.slow
def test_damaged_real_truth_is_scored_or_refused(tmp_path: Path, shared_data: Path) -> None:
    attempt = load("faults.texts").scored(tmp_path, shared_data)
    cases = [load("faults.watch").judge("eval", attempt, number, 2) for number in range(60)]
    assert [case for case in cases if case.is_finding] == []


@pytest.mark.parametrize("area", ["ablate, cells", "eval --compare", "app, its folder"])
def test_damaged_files_of_our_own(tmp_path: Path, area: str) -> None:
    attempt = load("faults.binaries").FILES[area].prepare(tmp_path, None)
    cases = [load("faults.watch").judge(area, attempt, number, 1) for number in range(40)]
    assert [case for case in cases if case.is_finding] == []
    assert {case.outcome for case in cases} == {"taken", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "area", ["weights", "train --resume", "track --resume, report", "onnx", "whole commands"]
)
def test_damaged_binaries(tmp_path: Path, area: str) -> None:
    watch = load("faults.watch").watch
    attempt = load("faults.binaries").FILES[area].prepare(tmp_path, None)
    cases = list(watch(area, attempt, range(15), 1))
    assert [case for case in cases if case.is_finding] == []
    assert [case.number for case in cases] == list(range(15))


@pytest.mark.slow
@pytest.mark.parametrize("area", ["videos", "images", "headers that promise much"])
def test_damaged_media(tmp_path: Path, area: str) -> None:
    cases = list(load("faults.media").attack(area, tmp_path, range(12), 1))
    assert [case for case in cases if case.is_finding] == []
    assert max(case.megabytes for case in cases) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("area", ["track, a video", "track, over results", "convert", "synth"])
def test_kills(tmp_path: Path, area: str) -> None:
    cases = list(load("faults.kills").kill_at_random(area, tmp_path, range(2), 1))
    assert [case for case in cases if case.is_finding] == []


def broken(generator: np.random.Generator) -> str:
    match int(generator.integers(5)):
        case 0:
            raise FormatError("no")
        case 1:
            raise KeyError("x")
        case 2:
            os.kill(os.getpid(), 9)
        case 3:
            time.sleep(30)
    return ""


@pytest.mark.slow
def test_crashes_hangs_and_errors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("faults.watch")
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.5)
    monkeypatch.setattr(module, "STUCK", 2)
    cases = list(module.watch("a", broken, range(12), 0))
    draws = [int(np.random.default_rng([0, number]).integers(5)) for number in range(12)]
    names = ["refused", "error", "crash", "hang", "taken"]
    assert [case.outcome for case in cases] == [names[draw] for draw in draws]
    assert {case.outcome for case in cases} == set(names)
    shown = load("faults.tables").table(cases)
    assert f"| a | 12 | {draws.count(4)} | {draws.count(0)} | {draws.count(1)} |" in shown
    assert "KeyError" in "".join(load("faults.tables").findings(cases))


def test_a_campaign_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    main = load("campaign").main
    command = ["texts", "--only", "odd options", "--work", str(tmp_path)]
    assert main([*command, "--cases", "6"]) == 0
    path = next(tmp_path.glob("*.jsonl"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:3]) + "\n" + lines[3][:20])
    assert main([*command, "--cases", "8", "--markdown", str(tmp_path / "t.md")]) == 0
    cases = load("faults.ledger").read_ledgers(tmp_path)
    assert sorted(case.number for case in cases) == list(range(8))
    assert "| odd options | 8 |" in (tmp_path / "t.md").read_text()
    assert main(["table", "--work", str(tmp_path)]) == 0
