"""Settings -> a training that runs in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from mohart.assembly.data import build_batches, build_validation
from mohart.assembly.device import choose_device, usable_cores
from mohart.assembly.model import build_model, build_objective
from mohart.assembly.pretrained import load_pretrained
from mohart.config.loader import dump_config, load_config, to_dict
from mohart.config.schema import Config
from mohart.errors import CheckpointError, OutputError
from mohart.model.validation import score_clips
from mohart.structures import Clip
from mohart.training.checkpoint import begin_from, load_checkpoint
from mohart.training.loop import Piece, Plan, Run, restore_run, train
from mohart.training.optim import CosineSchedule, WeightAverage, make_optimizer
from mohart.versions import PACKAGE, versions

Report = Callable[[str, dict[str, float]], None]


def open_run(config: Config, folder: Path, *, resume: bool, overwrite: bool) -> Path:
    """Prepare a run folder: resolved configuration, command, versions.

    Raises:
        OutputError: it exists already and is neither resumed nor overwritten.
        CheckpointError: there is nothing to resume.
    """
    if resume:
        if not (folder / "last.safetensors").is_file():
            raise CheckpointError(f"{folder}: no last.safetensors to resume; start anew instead")
        if load_config(folder / "config.yaml") != config:
            raise CheckpointError(f"{folder}: its config.yaml was changed; start a new run instead")
        return folder
    if folder.exists():
        if not overwrite:
            raise OutputError(f"{folder}: exists; use --resume {folder}, --overwrite or --output")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(dump_config(config), encoding="utf-8")
    (folder / "command.txt").write_text(" ".join(sys.argv) + "\n", encoding="utf-8")
    (folder / "versions.json").write_text(json.dumps(provenance(), indent=1) + "\n")
    return folder


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


def train_run(config: Config, folder: Path, *, device: str, report: Report) -> bool:
    """Train, from the start or from the folder's last checkpoint.

    Returns:
        True when the training is complete, False when it was stopped.

    Raises:
        MissingDataError: ImageNet weights are asked for and not installed.
        TrainingError: the loss is not finite.
    """
    settings, optim = config.train, config.train.optim
    place = choose_device(device)
    torch.set_num_threads(settings.threads or max(1, usable_cores() - settings.workers))
    torch.manual_seed(settings.seed)
    model = build_model(config.model).to(place)
    model.precision = settings.precision
    objective = build_objective(config).to(place)
    last = folder / "last.safetensors"
    if settings.start_from is not None:
        start = load_checkpoint(Path(settings.start_from))
        begin_from(model, start.part("weights"), settings.start_from)
    elif not last.is_file():  # otherwise the checkpoint has all weights
        load_pretrained(model, config.model)
    optimizer = make_optimizer(
        optim.kind, [*model.parameters(), *objective.parameters()], rate=optim.rate,
        weight_decay=optim.weight_decay, momentum=optim.momentum,
    )  # fmt: skip
    average = WeightAverage(model, optim.ema)
    run = Run(folder, {"config": to_dict(config), "versions": provenance()})
    if last.is_file():
        saved = load_checkpoint(last)
        restore_run(run, saved, model, objective, optimizer, average)
    held_out = build_validation(config)

    def pieces(clip: Clip) -> Iterator[Piece]:
        moved = Clip(*(x.to(place, non_blocking=True) for x in clip))
        for outcome in objective.pieces(model, moved, settings.chunk):
            values = {"iou": float(outcome.iou.nanmean()), **outcome.terms}
            yield Piece(outcome.loss, values)

    model.train()
    return train(
        model=model, extra=objective, optimizer=optimizer, average=average,
        batches=lambda first: build_batches(config, first), pieces=pieces,
        validate=lambda: score_clips(
            model, held_out, blank=config.loss.forecast, sight=config.data.sight
        ),
        plan=Plan(
            steps=settings.steps, clip=optim.clip, clip_kind=optim.clip_kind,
            rate=CosineSchedule(optim.rate, optim.warmup, settings.steps, optim.final),
            validate_every=settings.validate_every,
            checkpoint_seconds=settings.checkpoint_seconds,
        ),
        run=run, report=report,
    )  # fmt: skip
