from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mohart.assembly.run import train_run
from mohart.assembly.weights import load_model
from mohart.config.loader import dump_config
from mohart.config.schema import Config, FolderConfig
from mohart.data.write import write_mot_sequence
from mohart.errors import (
    CheckpointError,
    ConfigError,
    MissingDataError,
    OutputError,
    TrainingError,
)
from mohart.synth.scenes.generator import Generator
from mohart.training.checkpoint import load_checkpoint

FOREVER = "import mohart.cli.main as m, sys; sys.exit(m.main(sys.argv[1:]))"


def quiet(_kind: str, _numbers: dict[str, float]) -> None:
    pass


def run_all(config: Config, folder: Path) -> dict[str, torch.Tensor]:
    assert train_run(config, folder, device="cpu", report=quiet)
    return load_checkpoint(folder / "last.safetensors").part("model")


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.slow
def test_a_run_folder_is_complete(tiny_config: Config, trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names == {
        "config.yaml",
        "command.txt",
        "versions.json",
        "log.jsonl",
        "last.safetensors",
        "last.json",
        "best.safetensors",
        "best.json",
    }
    rows = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "validation" in row] == [2, 4]
    assert rows[-1]["validation"].keys() >= {"iou", "static", "success"}
    loaded = load_model(trained / "best.safetensors")
    assert loaded.config == tiny_config


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(
    tiny_config: Config, trained: Path, tmp_path: Path
) -> None:
    first = load_checkpoint(trained / "last.safetensors").part("model")
    assert equal(first, run_all(tiny_config, tmp_path / "again"))


def saved_step(folder: Path) -> int:
    """Of last.safetensors; -1 where there is none yet."""
    path = folder / "last.safetensors"
    return int(load_checkpoint(path).about["step"]) if path.is_file() else -1


def with_training(config: Config, **changes: Any) -> Config:
    return replace(config, train=replace(config.train, **changes))


@pytest.fixture(scope="session")
def whole(tiny_config: Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """Weights of a run of 12 steps that nobody interrupts."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return run_all(with_training(tiny_config, steps=12), folder)


@pytest.mark.slow
def test_kill_9_at_any_moment_and_resume_gives_the_same_weights(
    tiny_config: Config, whole: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    # no worker: tests/training/test_loop.py; two say what one says: tests/data/test_clips.py
    config = with_training(tiny_config, steps=12, workers=2)
    (tmp_path / "tiny.yaml").write_text(dump_config(config))
    cut, end = tmp_path / "cut", random.randint(1, 9)
    command = [sys.executable, "-c", FOREVER, "train"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "tiny.yaml"), "-o", str(cut)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while saved_step(cut) < end and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert end <= saved_step(cut) <= 12
    resumed = subprocess.run(
        [*command, "--resume", str(cut)], capture_output=True, text=True, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    assert equal(load_checkpoint(cut / "last.safetensors").part("model"), whole)
    steps = [json.loads(line)["step"] for line in (cut / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)


@pytest.mark.slow
def test_a_resumed_run_keeps_its_number_of_threads(
    tiny_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mohart.assembly.run.usable_cores", lambda: 3)
    config = with_training(tiny_config, threads=0)
    run_all(config, tmp_path / "run")
    assert torch.get_num_threads() == 3
    monkeypatch.setattr("mohart.assembly.run.usable_cores", lambda: 1)
    torch.set_num_threads(1)
    assert train_run(config, tmp_path / "run", device="cpu", report=quiet, resume=True)
    assert torch.get_num_threads() == 3
    torch.set_num_threads(1)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_sigterm_to_all_its_processes_saves_and_stops(
    tiny_config: Config, tmp_path: Path, workers: int
) -> None:
    rest = {"steps": 100_000, "checkpoint_seconds": 1e6, "workers": workers}
    config = replace(tiny_config, train=replace(tiny_config.train, **rest))
    (tmp_path / "long.yaml").write_text(dump_config(config))
    command = [sys.executable, "-c", FOREVER, "train", str(tmp_path / "long.yaml")]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "run")],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/best.safetensors").is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in out
    assert load_checkpoint(tmp_path / "run/last.safetensors").about["step"] >= 2


@pytest.mark.slow
def test_fine_tuning_starts_from_weights_and_mixes_in_folders(
    tiny_config: Config, trained: Path, tmp_path: Path
) -> None:
    for k in range(3):
        sequence = Generator(seed=9, width=160, height=120, objects=(2, 3)).sequence(k, 6)
        write_mot_sequence(tmp_path / "data" / sequence.name, sequence)
    folder = FolderConfig(path=str(tmp_path / "data"), weight=1.0, validation=0.34)
    tuned = replace(
        tiny_config,
        data=replace(tiny_config.data, folders=(folder,), generated=0.5),
        train=replace(tiny_config.train, steps=2, start_from=str(trained / "best.safetensors")),
    )
    after = run_all(tuned, tmp_path / "tuned")
    before = load_checkpoint(trained / "best.safetensors").part("weights")
    drift = max(float((after[k] - before[k]).abs().max()) for k in before)
    assert 0 < drift < 0.05


def test_names_of_shipped_weights_are_a_start(tiny_config: Config, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"^fast: .*cell\."):  # read; another model's
        run_all(with_training(tiny_config, start_from="fast"), tmp_path / "run")


@pytest.mark.slow
def test_a_part_is_begun_anew_and_trained_alone(
    tiny_config: Config, trained: Path, tmp_path: Path
) -> None:
    start = trained / "best.safetensors"
    part = ("cell.readout",)
    config = with_training(
        tiny_config, steps=2, seed=5, start_from=str(start), fresh=part, only=part
    )
    after, before = run_all(config, tmp_path / "run"), load_checkpoint(start).part("weights")
    changed = {name for name in before if not torch.equal(after[name], before[name])}
    assert changed == {name for name in before if name.startswith(part)}
    assert max(float((after[k] - before[k]).abs().max()) for k in changed) > 0.05  # other values
    wrong = with_training(tiny_config, steps=2, start_from=str(start), only=("readout",))
    with pytest.raises(ConfigError, match=r"train.only: nothing begins with 'readout'; there are"):
        run_all(wrong, tmp_path / "wrong")


@pytest.mark.slow
def test_real_folders_can_be_trained_on(
    tiny_config: Config, tmp_path: Path, shared_data: Path
) -> None:
    folder = FolderConfig(path=str(shared_data / "mot17-mini"), validation=0.3)
    config = replace(
        tiny_config,
        data=replace(tiny_config.data, folders=(folder,), generated=0.0),
        train=replace(tiny_config.train, steps=2),
    )
    run_all(config, tmp_path / "real")
    assert (tmp_path / "real/best.safetensors").is_file()


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_with_step_and_checkpoint(
    tiny_config: Config, tmp_path: Path
) -> None:
    optim = replace(tiny_config.train.optim, rate=1.0e30)
    config = replace(tiny_config, train=replace(tiny_config.train, steps=50, optim=optim))
    with pytest.raises(TrainingError, match=r"of step \d+ is not finite; .*checkpoint"):
        train_run(config, tmp_path / "run", device="cpu", report=quiet)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_an_earlier_run_is_kept_unless_it_shall_be_replaced(
    tiny_config: Config, run: Path, tmp_path: Path
) -> None:
    before = files(run)
    with pytest.raises(OutputError, match="--overwrite, or go on with it: --resume"):
        run_all(tiny_config, run)
    train = replace(tiny_config.train, start_from=str(tmp_path / "missing.safetensors"))
    with pytest.raises(MissingDataError, match="no such weights"):
        train_run(
            replace(tiny_config, train=train), run, device="cpu", report=quiet, overwrite=True
        )
    forecast = replace(tiny_config.loss, forecast=4)
    with pytest.raises(ConfigError, match=r"loss\.forecast: 4 of 3 frames"):
        train_run(
            replace(tiny_config, loss=forecast), run, device="cpu", report=quiet, overwrite=True
        )
    assert files(run) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    longer = replace(tiny_config, train=replace(tiny_config.train, steps=5))
    assert train_run(longer, run, device="cpu", report=quiet, overwrite=True)
    assert load_model(run / "best.safetensors").config == longer
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.slow
def test_there_must_be_something_to_resume(tiny_config: Config, run: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no last\.safetensors"):
        train_run(tiny_config, tmp_path / "none", device="cpu", report=quiet, resume=True)
    other = replace(tiny_config, train=replace(tiny_config.train, steps=5))
    with pytest.raises(CheckpointError, match=r"config\.yaml was changed"):
        train_run(other, run, device="cpu", report=quiet, resume=True)
    (run / "config.yaml").write_text(dump_config(other))  # cut off, or by hand
    with pytest.raises(CheckpointError, match=r"config\.yaml was changed"):
        train_run(other, run, device="cpu", report=quiet, resume=True)


def test_a_folder_of_somebody_else_is_never_replaced(
    tiny_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"will not be replaced.*thesis\.txt"):
        train_run(tiny_config, tmp_path, device="cpu", report=quiet, overwrite=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="current folder"):
        train_run(tiny_config, Path(), device="cpu", report=quiet, overwrite=True)
    assert files(tmp_path) == {"thesis.txt": b"years of work"}


@pytest.mark.slow
def test_one_process_at_a_time_trains_in_a_folder(tiny_config: Config, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def second(kind: str, _numbers: dict[str, float]) -> None:
        if kind == "validation":
            for how in ({"resume": True}, {"overwrite": True}):
                with pytest.raises(OutputError, match="another process"):
                    train_run(tiny_config, run, device="cpu", report=quiet, **how)
            refused.append(kind)

    refused: list[str] = []
    assert train_run(tiny_config, run, device="cpu", report=second)
    assert refused
