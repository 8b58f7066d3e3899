"""Settings -> a training that runs in a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mohart.aliases import Report
from mohart.assembly.calibration import calibrate_weights, is_calibrated
from mohart.assembly.data import build_batches, build_validation
from mohart.assembly.device import choose_device
from mohart.assembly.model import build_model, build_objective
from mohart.assembly.weights import load_pretrained
from mohart.config.loader import config_from, dump_config, load_resolved, to_dict
from mohart.config.schema import Config
from mohart.cores import usable_cores
from mohart.errors import CheckpointError, ConfigError, TrainingError
from mohart.files import write_text
from mohart.folders import Kind, OutputFolder, lock_folder
from mohart.model.validation import score_clips
from mohart.structures import Clip
from mohart.training.checkpoint import Checkpoint, begin_from, freeze, load_checkpoint
from mohart.training.loop import Piece, Plan, Run, restore_run, save_run, train
from mohart.training.optim import CosineSchedule, WeightAverage, make_optimizer
from mohart.training.ranks import Ranks, connected, read_ranks, restarted
from mohart.versions import PACKAGE, versions
from mohart.weights.names import weights_file

MOST_THREADS = 1024
RUN = Kind(
    "mohart train",
    names=(
        *("config.yaml", "command.txt", "versions.json", "log.jsonl"),
        *("last.safetensors", "last.json", "best.safetensors", "best.json"),
    ),
    mark="versions.json",
    said='"mohart": "',
    instead=", or go on with it: --resume",
)


def provenance() -> dict[str, Any]:
    """What ran: versions, and the source's commit where it lies in a git checkout."""
    commit = _git(PACKAGE, "rev-parse", "--verify", "HEAD")
    dirty = _git(PACKAGE, "status", "--porcelain", "--", ".")
    return {**versions(), "commit": commit or None, "dirty": bool(dirty)}


def _git(folder: Path, *arguments: str) -> str:
    """What git says, nothing where there is no git or no checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def train_run(
    config: Config,
    folder: Path,
    *,
    device: str,
    report: Report,
    resume: bool = False,
    overwrite: bool = False,
) -> bool:
    """Train in a folder, which no other process may use meanwhile.

    A new folder appears when all that can go wrong has been tried: data are there, the model is
    built, the first checkpoint is written. Until then one that it replaces stays as it was.
    The best weights are calibrated in the end (`train.calibration`); a run that is killed before
    that does it when it is resumed.

    Where torchrun started this process as one of several, they train together: each on its part of
    every batch, `config.train.batch` clips in all. The first one writes, validates and calibrates.
    Where one of them died and torchrun starts them again, they go on from the last checkpoint.

    Args:
        config: of the run.
        folder: of the run: configuration, command, versions, log, checkpoints.
        device: see `choose_device`.
        report: see `mohart.training.loop.train`.
        resume: go on from the folder's last checkpoint.
        overwrite: an earlier run in the folder may be replaced.

    Returns:
        True when the training is complete, False when it was stopped.

    Raises:
        OutputError: the folder may not be replaced, or another process is writing to it.
        CheckpointError: there is nothing to resume, or it was made with other settings.
        MissingDataError: data, or ImageNet weights that are asked for, are not there.
        TrainingError: the loss is not finite.
    """
    ranks = read_ranks()
    place = _choose_place(device, ranks)
    resume |= restarted() and (folder / "last.safetensors").is_file()
    with ExitStack() as held:
        held.enter_context(connected(ranks, place))
        if not resume and ranks.leads:
            return _train_anew(config, folder, place, ranks, report, overwrite=overwrite)
        last = None
        if resume:
            if ranks.leads:
                held.enter_context(lock_folder(folder))
            last = _load_last(config, folder)
        return _Training(config, place, folder, last, ranks).complete(report)


def _choose_place(device: str, ranks: Ranks) -> torch.device:
    """The device of this process; of several on a machine, each has a GPU of its own."""
    place = choose_device(device)
    if ranks.alone or place.type != "cuda" or ":" in str(place):
        return place
    if ranks.local_count > torch.cuda.device_count():
        raise ConfigError(
            f"{ranks.local_count} processes on a machine with {torch.cuda.device_count()} GPUs; "
            "expected one for each: torchrun --nproc-per-node"
        )
    return torch.device("cuda", ranks.local_rank)


def _train_anew(
    config: Config,
    folder: Path,
    place: torch.device,
    ranks: Ranks,
    report: Report,
    *,
    overwrite: bool,
) -> bool:
    with OutputFolder(folder, RUN, overwrite=overwrite) as output:
        training = _Training(config, place, output.part, None, ranks)
        write_text(output.part / "config.yaml", dump_config(config))
        write_text(output.part / "command.txt", " ".join(sys.argv) + "\n")
        write_text(output.part / "versions.json", json.dumps(provenance(), indent=1) + "\n")
        training.save()
        output.complete()
        training.run.folder = output.path
        return training.complete(report)


def _load_last(config: Config, folder: Path) -> Checkpoint:
    """Raises CheckpointError if there is nothing to resume with this configuration."""
    if not (folder / "last.safetensors").is_file():
        raise CheckpointError(f"{folder}: no last.safetensors to resume; start anew instead")
    last = load_checkpoint(folder / "last.safetensors")
    made = config_from(last.about.get("config", to_dict(config)))
    if load_resolved(folder / "config.yaml") != config or made != config:
        raise CheckpointError(f"{folder}: its config.yaml was changed; start a new run instead")
    return last


def _threads_of(last: Checkpoint, folder: Path) -> int | None:
    """With which a run was computed; None where it does not say, as older ones."""
    if last.about.get("threads") is None:
        return None
    threads = last.number("threads", where := str(folder / "last.safetensors"))
    if threads != int(threads) or not 1 <= threads <= MOST_THREADS:
        raise CheckpointError(f"{where}: damaged: {threads:g} threads; start anew")
    return int(threads)


class _Training:
    """Everything that a training needs, built and checked.

    Args:
        config: of the run.
        place: to compute on.
        folder: of the run; exists.
        last: checkpoint to go on from; None starts.
        ranks: this process among those that train together.
    """

    def __init__(
        self,
        config: Config,
        place: torch.device,
        folder: Path,
        last: Checkpoint | None,
        ranks: Ranks,
    ) -> None:
        settings, optim = config.train, config.train.optim
        self.config, self.place, self.ranks = config, place, ranks
        # sums differ in their last digits with the number of threads, so a resumed run keeps it
        before = None if last is None else _threads_of(last, folder)
        cores = usable_cores() // ranks.local_count
        threads = before or settings.threads or max(1, cores - settings.workers)
        torch.set_num_threads(threads)
        torch.manual_seed(settings.seed)
        self.model = build_model(config.model).to(self.place)
        self.model.precision = settings.precision
        self.objective = build_objective(config).to(self.place)
        if last is None:  # otherwise the checkpoint has all weights
            self._begin()
        for _, length in settings.lengths:
            self.objective.hidden_from(length)  # raises where nothing would be shown
        freeze(self.model, settings.only)
        groups = [{"params": group} for group in self.objective.groups(self.model)]
        self.optimizer = make_optimizer(
            optim.kind, groups, rate=optim.rate,
            weight_decay=optim.weight_decay, momentum=optim.momentum,
        )  # fmt: skip
        self.average = WeightAverage(self.model, optim.ema)
        about = {"config": to_dict(config), "versions": provenance(), "threads": threads}
        self.run = Run(folder, about)
        self.held_out = build_validation(config) if ranks.leads else []
        if (heard := self.objective.stethoscopes) is not None and ranks.leads:
            heard.check_known(self.held_out)
        if last is not None:
            restore_run(
                self.run, last, self.model, self.objective, self.optimizer, self.average,
                trim=ranks.leads,
            )  # fmt: skip

    def _begin(self) -> None:
        """Give the model the weights that the settings name."""
        start_from = self.config.train.start_from
        if start_from is None:
            load_pretrained(self.model, self.config.model)
        else:
            weights = load_checkpoint(weights_file(start_from)).part("weights")
            begin_from(self.model, weights, start_from, self.config.train.fresh)

    def save(self) -> None:
        """Write last.safetensors as it is now."""
        save_run(self.run, "last", self.model, self.objective, self.optimizer, self.average)

    def complete(self, report: Report) -> bool:
        """Train and calibrate; False where a signal stopped the training."""
        if not self._train(report):
            return False
        if not self.ranks.leads:
            return True
        best, sequences = self.run.folder / "best.safetensors", self.config.train.calibration
        if sequences and self.config.data.world is None and not is_calibrated(best):
            self._calibrate(best, sequences, report)
        return True

    def _calibrate(self, path: Path, sequences: int, report: Report) -> None:
        def progress(done: int, total: int) -> None:
            report("calibration", {"step": done, "of": total})

        try:
            found = calibrate_weights(path, sequences=sequences, progress=progress)
        except TrainingError as error:  # so bad that all answers are wrong: still a training
            self.run.log(step=self.run.step, calibration=None, why=str(error))
            report("uncalibrated", {"step": self.run.step})
            return
        errors = {"before": found.before, "after": found.after}
        self.run.log(step=self.run.step, calibration=asdict(found.calibration), error=errors)

    def _train(self, report: Report) -> bool:
        settings, optim = self.config.train, self.config.train.optim
        part = (self.ranks.rank, self.ranks.count)
        with torch.no_grad():
            self.ranks.share([*self.model.parameters(), *self.average.values.values()])
        self.model.train()
        return train(
            model=self.model,
            extra=self.objective,
            optimizer=self.optimizer,
            average=self.average,
            batches=lambda first: build_batches(self.config, first, part, self.place),
            pieces=self._pieces,
            validate=self._validate,
            plan=Plan(
                steps=settings.steps,
                clip=optim.clip,
                clip_kind=optim.clip_kind,
                rate=CosineSchedule(optim.rate, optim.warmup, settings.steps, optim.final),
                validate_every=settings.validate_every,
                checkpoint_seconds=settings.checkpoint_seconds,
                seed=settings.seed,
            ),
            run=self.run,
            report=report,
            ranks=self.ranks,
        )

    def _pieces(self, clip: Clip) -> Iterator[Piece]:
        if self.objective.stethoscopes is not None:
            self.objective.stethoscopes.progress = self.run.step / self.config.train.steps
        for outcome in self.objective.pieces(self.model, clip, self.config.train.chunk):
            yield Piece(outcome.loss, {"iou": float(outcome.iou.nanmean()), **outcome.terms})

    def _validate(self) -> dict[str, float]:
        blank, sight = self.config.loss.forecast, self.config.data.sight
        return score_clips(self.model, self.held_out, blank=blank, sight=sight)
