"""The recipes learn: `configs/toy.yaml` in a minute, HART's combination a little in less."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mohart.assembly.run import train_run
from mohart.config.loader import load_config

CONFIGS = Path(__file__).parents[1] / "configs"
UNCALIBRATED = "train.calibration=0"  # takes longer than these trainings: tests/assembly has it


def last_validation(folder: Path) -> dict[str, float]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    scores: dict[str, float] = [row for row in rows if "validation" in row][-1]["validation"]
    return scores


def quiet(_kind: str, _numbers: dict[str, float]) -> None:
    pass


@pytest.mark.slow
def test_the_toy_configuration_beats_a_static_box_clearly(tmp_path: Path) -> None:
    config = load_config(CONFIGS / "toy.yaml", [UNCALIBRATED])
    folder = tmp_path / "toy"
    # A minute where nothing else runs. Seconds of this process, and twice as many: work beside it
    # on the same core makes every one of its own seconds do less.
    before = time.process_time()
    train_run(config, folder, device="cpu", report=quiet)
    assert time.process_time() - before < 120
    scores = last_validation(folder)
    assert scores["iou"] > scores["static"] + 0.1


@pytest.mark.slow
def test_the_hart_combination_learns(tmp_path: Path) -> None:
    """All three of its own losses fall. Half a minute is too short to beat a box that stays."""
    config = load_config(
        CONFIGS / "hart.yaml",
        [
            UNCALIBRATED,
            "data.generator.width=160",
            "data.generator.height=120",
            "data.generator.camera=0.0",
            "data.generator.scenery=0.0",
            "data.generator.frame_rate=[7.0, 12.0]",
            "data.span=10",
            "data.reuse=8",
            "train.steps=75",
            "train.batch=8",
            "train.lengths=[[0.0, 5]]",
            "train.validate_every=75",
            "train.validation_clips=8",
            "train.validation_length=5",
            "model.glimpse.size=32",
        ],
    )
    folder = tmp_path / "hart"
    train_run(config, folder, device="cpu", report=quiet)
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    first, *_, last = [row for row in rows if "loss" in row]
    assert last["log_iou"] < 0.9 * first["log_iou"]
    assert last["attention"] < 0.5 * first["attention"]
    assert last["mask"] < first["mask"]
