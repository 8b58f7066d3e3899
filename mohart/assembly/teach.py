"""Weights -> weights that were taught to know more or less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mohart.aliases import Report
from mohart.assembly.run import train_run
from mohart.config.schema import Config, StethoscopeConfig


def teach(
    weights: Path,
    config: Config,
    placed: Sequence[StethoscopeConfig],
    folder: Path,
    *,
    steps: int,
    device: str,
    report: Report,
) -> Path | None:
    """Train weights further with stethoscopes whose gradient is let back.

    A run that lies in the folder is gone on with.

    Args:
        weights: to begin with.
        config: of their training; its data are shown.
        placed: the stethoscopes.
        folder: of the run.
        steps: batches.
        device: where it computes.
        report: see `mohart.training.loop.train`.

    Returns:
        The last weights; None where a signal stopped the training.
    """
    train = replace(
        config.train,
        start_from=str(weights.resolve()),
        steps=steps,
        lengths=((0.0, config.train.lengths[-1][1]),),
        validate_every=max(1, steps),
        calibration=0,
    )
    loss = replace(config.loss, stethoscopes=tuple(placed))
    whole = replace(config, train=train, loss=loss)
    last = folder / "last.safetensors"
    if not train_run(whole, folder, device=device, report=report, resume=last.is_file()):
        return None
    return last
