"""The training loop: batches in, better weights out; it can stop and go on at any moment."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from mohart.aliases import Report
from mohart.errors import CheckpointError, TrainingError
from mohart.files import write_text
from mohart.stopping import StopSignal
from mohart.training.checkpoint import (
    Checkpoint,
    load_optimizer,
    load_weights,
    optimizer_tensors,
    save_checkpoint,
)
from mohart.training.optim import WeightAverage, clip_gradient
from mohart.training.ranks import Ranks


class Piece(NamedTuple):
    """One update: a loss to go down, and numbers for the log."""

    loss: Tensor
    values: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """When to do what.

    Attributes:
        steps: batches of the whole training.
        rate: learning rate by step.
        clip: limit of the gradient.
        clip_kind: `norm` or `rms` per element.
        validate_every: steps between two validations.
        checkpoint_seconds: seconds between two checkpoints.
        log_every: steps between two lines of the log.
        seed: of random numbers, where several processes train.
    """

    steps: int
    rate: Callable[[int], float]
    clip: float
    clip_kind: Literal["norm", "rms"]
    validate_every: int
    checkpoint_seconds: float
    log_every: int = 25
    seed: int = 0


@dataclass
class Run:
    """A training.

    Attributes:
        folder: of `log.jsonl`, `last.safetensors`, `best.safetensors`; exists.
        about: goes into every checkpoint (configuration, versions).
        step: next batch number.
        best: validation score so far, None before the first.
        seconds: spent in training, over all sittings.
    """

    folder: Path
    about: dict[str, Any]
    step: int = 0
    best: float | None = None
    seconds: float = 0.0
    recent: list[dict[str, float]] = field(default_factory=list)

    def log(self, **row: object) -> None:
        """Append one line to log.jsonl."""
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def trim_log(self) -> None:
        """Drop lines from after the checkpoint that training resumes from, and damaged ones."""
        path = self.folder / "log.jsonl"
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            rows = [line for line in lines if _step_of(line) <= self.step]
            write_text(path, "".join(row + "\n" for row in rows))


def train(
    *,
    model: nn.Module,
    extra: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
    batches: Callable[[int], Iterator[Any]],
    pieces: Callable[[Any], Iterator[Piece]],
    validate: Callable[[], dict[str, float]],
    plan: Plan,
    run: Run,
    report: Report,
    ranks: Ranks | None = None,
) -> bool:
    """Train from `run.step` to the end of the plan.

    Args:
        model: in training mode.
        extra: holds parameters of the loss (learned weights), saved too.
        optimizer: over the parameters of both; the gradient of every group is limited by itself.
        average: of the model's weights; validated and saved as the result.
        batches: first batch number -> endless batches from there on.
        pieces: one batch -> losses; the weights are updated after each before the next is made.
        validate: scores of the model as it is now; `iou` decides which checkpoint is best.
        plan: when to do what.
        run: where; continues from its step.
        report: called with (`step` or `validation`, numbers) for the progress display.
        ranks: of those that train together; who leads writes and reports.

    Returns:
        True when done, False when a SIGTERM, SIGHUP or Ctrl-C stopped it; everything is saved then.

    Raises:
        TrainingError: the loss is not finite; names the step and the last good checkpoint.
    """
    stop, ranks = StopSignal(second_acts=False), ranks or Ranks()
    groups = [group["params"] for group in optimizer.param_groups]
    parameters = [p for group in groups for p in group]
    stream = stop.until_asked(batches(run.step))
    began, saved, before = time.monotonic(), time.monotonic(), run.seconds
    with stop:
        while run.step < plan.steps and not ranks.any(stop.asked):
            ranks.begin_step(plan.seed, run.step)
            rate = plan.rate(run.step)
            for group in optimizer.param_groups:
                group["lr"] = rate
            rows = list[dict[str, float]]()
            if (batch := next(stream, None)) is None:
                break
            for piece in ranks.together(pieces(batch)):
                optimizer.zero_grad(set_to_none=True)
                if piece is not None:
                    if ranks.alone:  # of several, all find out by the gradient
                        _check_finite(piece.loss, run)
                    piece.loss.backward()
                ranks.average_gradients(parameters)
                sizes = [clip_gradient(group, plan.clip, plan.clip_kind) for group in groups]
                if not all(map(math.isfinite, sizes)):
                    raise _not_finite("gradient", run)
                optimizer.step()
                if piece is not None:
                    loss = {"loss": float(piece.loss.detach())}
                    rows.append({**loss, "gradient": sizes[0], **piece.values})
            average.update(model, run.step)
            run.step += 1
            run.seconds = before + time.monotonic() - began
            run.recent.append(_mean(rows))
            last = run.step == plan.steps
            if run.step % plan.log_every == 0 or last:
                row = _mean(ranks.gather(run.recent))
                run.recent.clear()
                if ranks.leads:
                    run.log(step=run.step, seconds=round(run.seconds, 1), rate=rate, **row)
                    report("step", {"step": run.step, **row})
            if run.step % plan.validate_every == 0 or last:
                if ranks.leads:
                    _validate(model, average, validate, run, report)
                ranks.wait()
            if ranks.leads and (last or time.monotonic() - saved > plan.checkpoint_seconds):
                save_run(run, "last", model, extra, optimizer, average)
                saved = time.monotonic()
    done = run.step >= plan.steps
    if ranks.leads and not done:
        save_run(run, "last", model, extra, optimizer, average)
    return done


def save_run(
    run: Run,
    name: str,
    model: nn.Module,
    extra: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
) -> None:
    """Write everything that `restore_run` needs into `<name>.safetensors`."""
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"extra.{k}": v for k, v in extra.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.values.items()}
    tensors |= {f"optimizer.{k}": v for k, v in optimizer_tensors(optimizer).items()}
    tensors["random"] = torch.get_rng_state()
    if torch.cuda.is_initialized():
        tensors["random_cuda"] = torch.cuda.get_rng_state()
    numbers = {"step": run.step, "best": run.best, "seconds": round(run.seconds, 1)}
    save_checkpoint(run.folder / f"{name}.safetensors", tensors, {**run.about, **numbers})


def restore_run(
    run: Run,
    saved: Checkpoint,
    model: nn.Module,
    extra: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: WeightAverage,
    *,
    trim: bool = True,
) -> None:
    """Continue where `saved` stopped, with the same random numbers.

    Args:
        run: where; gets step, best score and seconds.
        saved: the checkpoint.
        model: gets its weights.
        extra: gets its parameters.
        optimizer: gets its state.
        average: gets its values.
        trim: drop lines of the log from after the checkpoint.

    Raises:
        CheckpointError: something is missing in it, or is not what it should be.
    """
    where = f"{run.folder / 'last.safetensors'}"
    step = saved.number("step", where)
    best = None if saved.about.get("best", 0) is None else saved.number("best", where)
    seconds = saved.number("seconds", where)
    if step != int(step) or step < 0 or seconds < 0:
        raise CheckpointError(f"{where}: damaged: step {step:g} after {seconds:g} s; start anew")
    load_weights(model, saved.part("model"), where)
    load_weights(extra, saved.part("extra"), where)
    try:
        load_optimizer(optimizer, saved.part("optimizer"))
        average.load(saved.part("average"))
        torch.set_rng_state(saved.tensors["random"])
        if "random_cuda" in saved.tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(saved.tensors["random_cuda"])
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CheckpointError(f"{where}: damaged: {what}; start anew") from error
    run.step, run.best, run.seconds = int(step), best, seconds
    if trim:
        run.trim_log()


def _validate(
    model: nn.Module,
    average: WeightAverage,
    validate: Callable[[], dict[str, float]],
    run: Run,
    report: Report,
) -> None:
    """Score the averaged weights; keep them if they are the best so far."""
    random = torch.get_rng_state()
    average.exchange(model)
    model.eval()
    scores = validate()
    if run.best is None or scores["iou"] > run.best:
        run.best = scores["iou"]
        weights = {f"weights.{k}": v for k, v in model.state_dict().items()}
        about = {**run.about, "step": run.step, "seconds": round(run.seconds, 1), **scores}
        save_checkpoint(run.folder / "best.safetensors", weights, about)
    average.exchange(model)
    model.train()
    torch.set_rng_state(random)
    run.log(step=run.step, seconds=round(run.seconds, 1), validation=scores)
    report("validation", {"step": run.step, **scores})


def _check_finite(loss: Tensor, run: Run) -> None:
    if not bool(torch.isfinite(loss)):
        raise _not_finite("loss", run)


def _not_finite(what: str, run: Run) -> TrainingError:
    saved = run.folder / "last.safetensors"
    good = f"last good checkpoint: {saved}" if saved.is_file() else "no checkpoint yet"
    return TrainingError(
        f"{run.folder}: the {what} of step {run.step} is not finite; {good}; "
        "try a smaller train.optim.rate and resume"
    )


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    out = {}
    for key in dict.fromkeys(key for row in rows for key in row):
        values = [row[key] for row in rows if key in row and math.isfinite(row[key])]
        if values:  # what is not known in this step (no visible object, say) is left out
            out[key] = round(sum(values) / len(values), 5)
    return out


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):  # cut by a kill
        return 1 << 62
