"""The loop, with a tiny network: it learns, stops, resumes to the bit, names what goes wrong."""

import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mohart.errors import CheckpointError, TrainingError
from mohart.stopping import StopSignal
from mohart.training.checkpoint import load_checkpoint, save_checkpoint
from mohart.training.loop import Piece, Plan, Run, restore_run, train
from mohart.training.optim import CosineSchedule, WeightAverage, make_optimizer

STEPS = 20
Report = Callable[[str, dict[str, float]], None]


class Killed(BaseException):
    """Stands for kill -9: nothing runs after it."""


@dataclass
class Session:
    """One sitting of a training in a folder; a second one on the same folder resumes."""

    folder: Path
    kind: str = "adamw"
    every: float = -1.0  # a checkpoint after every step
    kill_at: int | None = None
    spoil: tuple[int, str] | None = None
    validate_every: int = 5
    steps: int = STEPS

    def __post_init__(self) -> None:
        torch.manual_seed(3)
        self.model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))
        self.extra = nn.ParameterDict({"scale": nn.Parameter(torch.zeros(()))})
        parameters = [*self.model.parameters(), *self.extra.parameters()]
        self.optimizer = make_optimizer(
            self.kind,
            parameters,
            rate=0.02,
            weight_decay=1e-3,
            momentum=0.9,  # type: ignore[arg-type]
        )
        self.average = WeightAverage(self.model, 0.9)
        self.state = Run(self.folder, {"config": {"x": 1}})
        self.reports: list[tuple[str, dict[str, float]]] = []
        self.batches_begun: list[int] = []
        if (self.folder / "last.safetensors").is_file():
            saved = load_checkpoint(self.folder / "last.safetensors")
            restore_run(self.state, saved, self.model, self.extra, self.optimizer, self.average)

    def batches(self, first: int) -> Iterator[tuple[int, Tensor]]:
        k = first
        while True:
            self.batches_begun.append(k)
            x = torch.randn(16, 2, generator=torch.Generator().manual_seed(k))
            yield k, x
            k += 1

    def pieces(self, batch: tuple[int, Tensor]) -> Iterator[Piece]:
        k, x = batch
        for half in x.chunk(2):
            noise = 0.01 * torch.randn(len(half))  # from the global stream
            error = (self.model(half)[:, 0] - half.sum(1) + noise).square().mean()
            scale = self.extra["scale"]
            loss = error * torch.exp(-scale) + scale
            if self.spoil is not None and k == self.spoil[0]:
                if self.spoil[1] == "loss":
                    loss = loss * math.nan
                else:  # 0 * inf in the backward pass only
                    loss = loss + torch.sqrt(0 * self.model[0].weight.sum() ** 2)
            yield Piece(loss, {"error": float(error.detach())})
            if k == self.kill_at:
                raise Killed  # in the middle of a batch, after an update

    def validate(self) -> dict[str, float]:
        torch.rand(3)  # validation may use random numbers without disturbing training
        assert not self.model.training
        with torch.no_grad():
            x = torch.randn(64, 2, generator=torch.Generator().manual_seed(99))
            return {"iou": 1 - float((self.model(x)[:, 0] - x.sum(1)).square().mean())}

    def run(self, report: Report | None = None) -> bool:
        def both(kind: str, numbers: dict[str, float]) -> None:
            self.reports.append((kind, numbers))
            if report is not None:
                report(kind, numbers)

        self.model.train()
        return train(
            model=self.model,
            extra=self.extra,
            optimizer=self.optimizer,
            average=self.average,
            batches=self.batches,
            pieces=self.pieces,
            validate=self.validate,
            plan=Plan(
                steps=self.steps,
                rate=CosineSchedule(0.02, 2, self.steps, 0.1),
                clip=1.0,
                clip_kind="norm",
                validate_every=self.validate_every,
                checkpoint_seconds=self.every,
                log_every=4,
            ),
            run=self.state,
            report=both,
        )

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]


def tensors_of(folder: Path) -> dict[str, Tensor]:
    return load_checkpoint(folder / "last.safetensors").tensors


def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


@pytest.mark.slow
def test_it_learns_logs_validates_and_saves(tmp_path: Path) -> None:
    session = Session(tmp_path, steps=150)
    assert session.run() is True
    rows = [row for row in session.log() if "loss" in row]
    assert [row["step"] for row in rows[:3]] == [4, 8, 12]
    assert rows[-1]["step"] == 150
    assert set(rows[0]) == {"step", "seconds", "rate", "loss", "gradient", "error"}
    assert rows[-1]["error"] < rows[0]["error"] / 2
    judged = [row for row in session.log() if "validation" in row]
    assert [row["step"] for row in judged] == list(range(5, 151, 5))
    scores = [row["validation"]["iou"] for row in judged]
    best = load_checkpoint(tmp_path / "best.safetensors")
    assert best.about["iou"] == max(scores) == session.state.best
    assert best.about["step"] == judged[scores.index(max(scores))]["step"]
    assert best.about["config"] == {"x": 1}
    assert set(best.part("weights")) == set(session.model.state_dict())
    last = load_checkpoint(tmp_path / "last.safetensors")
    assert last.about["step"] == 150
    assert session.model.training
    assert [n["step"] for kind, n in session.reports if kind == "validation"][:2] == [5, 10]


def test_the_best_weights_are_the_averaged_ones_that_were_validated(tmp_path: Path) -> None:
    session = Session(tmp_path, steps=5)
    session.run()
    best = load_checkpoint(tmp_path / "best.safetensors").part("weights")
    for name, value in session.average.values.items():
        assert torch.equal(best[name], value)
        assert not torch.equal(best[name], session.model.state_dict()[name])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["adamw", "rmsprop"])
@pytest.mark.parametrize("kill_at", [4, 5, 13])
def test_killed_and_resumed_equals_never_stopped_to_the_bit(
    tmp_path: Path, kind: str, kill_at: int
) -> None:
    straight = folder(tmp_path, "straight")
    Session(straight, kind).run()
    broken = folder(tmp_path, "broken")
    with pytest.raises(Killed):
        Session(broken, kind, kill_at=kill_at).run()
    again = Session(broken, kind)
    assert again.state.step == kill_at
    assert again.run() is True
    assert again.batches_begun == list(range(kill_at, STEPS))
    one, two = tensors_of(straight), tensors_of(broken)
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []
    best = [load_checkpoint(f / "best.safetensors") for f in (straight, broken)]
    assert best[0].about["step"] == best[1].about["step"]
    assert best[0].about["iou"] == best[1].about["iou"]


def test_the_log_of_a_resumed_run_has_every_step_once(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        Session(tmp_path, kill_at=11).run()
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 12, "loss": 1.0}\n{"step": 9')  # newer, and cut by the kill
    resumed = Session(tmp_path)
    resumed.run()
    assert [row["step"] for row in resumed.log() if "loss" in row] == [4, 8, 12, 16, 20]
    assert [row["step"] for row in resumed.log() if "validation" in row] == [5, 10, 15, 20]


def test_lines_from_after_the_checkpoint_are_dropped(tmp_path: Path) -> None:
    run = Run(tmp_path, {}, step=8)
    lines = ['{"step": 4}', '{"step": 8}', '{"step": 12}', '{"step": 5', '{"st']
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    run.trim_log()
    assert (tmp_path / "log.jsonl").read_text().splitlines() == ['{"step": 4}', '{"step": 8}']


def test_validation_does_not_disturb_training(tmp_path: Path) -> None:
    often, never = folder(tmp_path, "often"), folder(tmp_path, "never")
    Session(often, validate_every=3).run()
    Session(never, validate_every=1000).run()
    one, two = tensors_of(often), tensors_of(never)
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_stops_with_the_step_and_the_last_good_checkpoint(
    tmp_path: Path, what: str
) -> None:
    with pytest.raises(TrainingError, match=rf"{what} of step 7 .*last\.safetensors"):
        Session(tmp_path, spoil=(7, what)).run()
    saved = load_checkpoint(tmp_path / "last.safetensors")
    assert saved.about["step"] == 7
    assert all(torch.isfinite(t).all() for t in saved.tensors.values() if t.is_floating_point())
    Session(tmp_path).run()  # and can go on


def test_without_a_checkpoint_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="step 0 is not finite; no checkpoint yet"):
        Session(tmp_path, spoil=(0, "loss")).run()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_after_the_batch_saves_and_the_rest_is_the_same(
    tmp_path: Path, number: signal.Signals
) -> None:
    straight, stopped = folder(tmp_path, "straight"), folder(tmp_path, "stopped")
    Session(straight, every=1e9).run()
    heard = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    old = signal.signal(number, heard)  # whoever runs this may have turned it off
    before = signal.getsignal(number)

    def stop(kind: str, numbers: dict[str, float]) -> None:
        if kind == "step" and numbers["step"] == 8:
            os.kill(os.getpid(), number)

    assert Session(stopped, every=1e9).run(stop) is False
    assert signal.getsignal(number) is before
    signal.signal(number, old)
    assert load_checkpoint(stopped / "last.safetensors").about["step"] == 8
    assert Session(stopped, every=1e9).run() is True
    one, two = tensors_of(straight), tensors_of(stopped)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_that_a_signal_took_a_loader_too_is_an_end_and_otherwise_an_error() -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise RuntimeError("DataLoader worker (pid 7) exited unexpectedly")

    stop = StopSignal()
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        list(stop.until_asked(batches()))
    stop.asked = True
    assert list(stop.until_asked(batches())) == [1]


def test_a_signal_in_the_last_step_leaves_a_complete_training(tmp_path: Path) -> None:
    def stop(kind: str, numbers: dict[str, float]) -> None:
        if kind == "step" and numbers["step"] == STEPS:
            os.kill(os.getpid(), signal.SIGTERM)

    assert Session(tmp_path).run(stop) is True
    assert load_checkpoint(tmp_path / "last.safetensors").about["step"] == STEPS


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    Session(tmp_path).run()
    before = (tmp_path / "last.safetensors").read_bytes()
    again = Session(tmp_path)
    assert again.run() is True
    assert again.batches_begun == []
    assert (tmp_path / "last.safetensors").read_bytes() == before


def test_the_files_beside_the_checkpoints_are_plain_json(tmp_path: Path) -> None:
    """Also before the first validation, when the best score is minus infinity."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    Session(tmp_path, steps=2, validate_every=100, every=-1).run()
    with pytest.raises(Killed):
        Session(folder(tmp_path, "early"), kill_at=3, validate_every=100).run()
    for file in [*tmp_path.rglob("*.json"), *tmp_path.rglob("*.jsonl")]:
        for text in [file.read_text()] if file.suffix == ".json" else file.read_text().splitlines():
            json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("name", ["step", "best", "seconds"])
@pytest.mark.parametrize("value", ["missing", "text", True, [1], math.nan, 10**400])
def test_a_damaged_number_stops_a_resume(tmp_path: Path, name: str, value: object) -> None:
    Session(tmp_path, steps=2).run()
    path = tmp_path / "last.safetensors"
    saved = load_checkpoint(path)
    about = {**saved.about, name: value}
    if value == "missing":
        del about[name]
    save_checkpoint(path, saved.tensors, about)
    with pytest.raises(CheckpointError, match=rf"last\.safetensors: damaged: .*'{name}'"):
        Session(tmp_path)


@pytest.mark.parametrize(
    "name", ["random", "average.0.weight", "optimizer.0.exp_avg", "model.0.bias"]
)
@pytest.mark.parametrize("how", ["renamed", "reshaped"])
def test_a_damaged_tensor_stops_a_resume(tmp_path: Path, name: str, how: str) -> None:
    Session(tmp_path, steps=2).run()
    path = tmp_path / "last.safetensors"
    saved = load_checkpoint(path)
    tensors = dict(saved.tensors)
    tensor = tensors.pop(name)
    tensors["odd.name" if how == "renamed" else name] = tensor if how == "renamed" else tensor[:1]
    save_checkpoint(path, tensors, saved.about)
    with pytest.raises(CheckpointError, match=r"last\.safetensors: "):
        Session(tmp_path)


def test_a_damaged_log_does_not_stop_a_resume(tmp_path: Path) -> None:
    Session(tmp_path, steps=8).run()
    log = tmp_path / "log.jsonl"
    good = log.read_bytes()
    log.write_bytes(b"\xa3\xff{\n" + good + b'{"step": 1' + b"0" * 5000 + b"}\n" + b"[" * 100_000)
    Session(tmp_path, steps=8)
    assert log.read_bytes() == good
