"""Weights are calibrated in the end of a training, or by `mohart calibrate`."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mohart.assembly import calibration
from mohart.assembly.calibration import calibrate_weights, is_calibrated
from mohart.assembly.run import train_run
from mohart.assembly.weights import load_model
from mohart.cli.main import main
from mohart.config.schema import Config
from mohart.errors import ConfigError, TrainingError
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.strata import Stratum
from mohart.tracking.learned.sight import Calibration

SMALL = Generator(seed=7, width=96, height=72, objects=(2, 3), speed=2.0)


@pytest.fixture(autouse=True)
def short_strata(monkeypatch: pytest.MonkeyPatch) -> None:
    strata = (Stratum("short", "", SMALL, 8), Stratum("alike", "", replace(SMALL, alike=1.0), 8))
    monkeypatch.setattr(calibration, "STRATA", strata)


def calibrating(config: Config) -> Config:
    return replace(config, train=replace(config.train, calibration=2))


def quiet(_kind: str, _numbers: dict[str, float]) -> None:
    pass


def header(run: Path) -> Calibration:
    return Calibration.from_header(load_model(run / "best.safetensors").calibration, str(run))


@pytest.mark.slow
def test_training_ends_calibrated_also_when_it_was_stopped_before_that(
    tiny_config: Config, trained: Path, tmp_path: Path
) -> None:
    config, run = calibrating(tiny_config), tmp_path / "new"
    told: list[tuple[float, float]] = []

    def until_half(kind: str, numbers: dict[str, float]) -> None:
        if kind == "calibration":
            told.append((numbers["step"], numbers["of"]))
            if len(told) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(config, run, device="cpu", report=until_half)
    assert told == [(1, 4), (2, 4)]
    assert not is_calibrated(run / "best.safetensors")
    assert train_run(config, run, device="cpu", report=quiet, resume=True)
    found = header(run)
    assert found != Calibration()
    row = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    assert row["calibration"] == asdict(found)
    assert row["error"]["after"] <= 1
    before = (run / "best.safetensors").read_bytes()
    assert train_run(config, run, device="cpu", report=until_half, resume=True)  # is not done again
    assert (run / "best.safetensors").read_bytes() == before
    copy = shutil.copytree(trained, tmp_path / "whole") / "best.safetensors"
    said = calibrate_weights(copy, sequences=2, progress=lambda *_: None)
    assert said.calibration == found  # the same weights, nobody interrupted


@pytest.mark.slow
def test_the_verb_calibrates_a_run_or_a_file(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_calibrated(run / "best.safetensors")
    assert main(["calibrate", str(run), "--sequences", "2"]) == 0
    assert "error on sequences held out: 0." in capsys.readouterr().out
    found = header(run)
    assert found != Calibration()
    assert main(["calibrate", str(run / "best.safetensors"), "--sequences", "1"]) == 0
    assert "held out" not in capsys.readouterr().out  # there are none
    assert header(run) not in (found, Calibration())
    assert main(["calibrate", str(tmp_path / "none")]) == 2
    assert "no such weights" in capsys.readouterr().err
    assert main(["calibrate", "fast"]) == 2
    assert "fast: what is shipped stays as it is; calibrate a copy" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="--sequences: expected at least 1, got 0"):
        calibrate_weights(run / "best.safetensors", sequences=0, progress=lambda *_: None)


@pytest.mark.slow
def test_a_training_with_nothing_to_calibrate_by_says_so(
    tiny_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> None:
        raise TrainingError("calibration: expected some answers held and some not")

    monkeypatch.setattr(calibration, "fit_odds", nothing)
    told: list[str] = []
    config, run = calibrating(tiny_config), tmp_path / "run"
    assert train_run(config, run, device="cpu", report=lambda kind, _: told.append(kind))
    assert told[-1] == "uncalibrated"
    assert "expected some answers" in (run / "log.jsonl").read_text().splitlines()[-1]
    assert not is_calibrated(run / "best.safetensors")
