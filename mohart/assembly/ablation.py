"""Settings -> the orders of an ablation, and one order -> its training and test.

All variants of a seed get the same clips in the same order, the same number of batches and the same
test clips. (What the loss draws, such as blackouts, depends on the seed too, but not in the same
order for models of different size.) Every cell computes on one thread, and makes its clips itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mohart.ablation.cells import CellFolder, Order, Result
from mohart.ablation.grid import Axis, Cell, make_grid
from mohart.ablation.metrics import COLUMNS
from mohart.aliases import Report
from mohart.assembly.data import STRATA_FRAMES, build_strata, build_test
from mohart.assembly.device import choose_device
from mohart.assembly.matching import count_parameters, match_relation
from mohart.assembly.real_clips import build_real
from mohart.assembly.run import provenance, train_run
from mohart.assembly.weights import load_model
from mohart.config.loader import config_from, load_config, to_dict
from mohart.config.schema import Config
from mohart.config.strict_yaml import parse_yaml
from mohart.errors import ConfigError, TrainingError
from mohart.model.forecast import score_objects
from mohart.structures import Clip
from mohart.training.checkpoint import load_checkpoint
from mohart.versions import versions

RELATION = "model.relation"
OWN, STRATA = "own", "strata"  # what is tested on


def plan_ablation(
    path: Path,
    changes: Sequence[str],
    axes: Sequence[Axis],
    *,
    seeds: int,
    sequences: int,
    length: int | None = None,
    horizon: int | None = None,
    widen_none: bool = False,
    test: str = OWN,
    real: Path | None = None,
    fewest: int = 2,
) -> list[Order]:
    """The orders of all cells.

    Args:
        path: of the configuration.
        changes: `a.b=value`, for all cells.
        axes: what is varied. Values of `model.relation` that name no width, such as `mlp` or
            `{kind: mlp, shuffle: false}`, get the one that brings the model's parameters nearest
            to attention's, see `match_relation`.
        seeds: trainings of every variant.
        sequences: of the test; with `strata`, of every stratum.
        length: their frames; `train.validation_length` where not given; strata have their own.
        horizon: last frames that are blank and judged; `loss.forecast` where not given.
        widen_none: `none` too gets as many parameters as attention.
        test: `own`: held-out clips of the configuration; `strata`: the scoreboard's generated
            strata of 60 frames, so that variants may differ in the data they train on.
        real: folder of real videos, whose beginnings are tested on, too, a stratum each.
        fewest: objects that these have at their start.

    Raises:
        ConfigError: an unknown key or value, a number out of range, or variants of one comparison
            that differ in their data or in what is asked of them.
    """
    if sequences < 1:
        raise ConfigError(f"--sequences: expected at least 1, got {sequences}")
    if test == STRATA and (length, horizon or None) != (None, None):
        raise ConfigError("--test strata: tracks all frames of the strata; no --length, --horizon")
    if test == STRATA:
        length, horizon = STRATA_FRAMES, 0
    if widen_none and not any((RELATION, "none") in cell.settings for cell in make_grid(axes, 1)):
        raise ConfigError("--widen-none has no effect: no variant is model.relation=none")
    if real is not None and horizon is None and test == OWN:
        horizon = load_config(path, changes).loss.forecast
    if real is not None and horizon:
        raise ConfigError("--real: real videos are tracked, not predicted; give --horizon 0")
    if real is not None:
        build_real(real, 2, fewest)  # what is wrong with them shall not show up in hours
    orders, settings = [], set[str]()
    for cell in make_grid(axes, seeds, same_test=test == STRATA):
        config = _configure(path, changes, cell, widen_none=widen_none)
        if cell.setting not in settings:
            settings.add(cell.setting)
            build_test(config, 1, 2)  # what is wrong with the data shall not show up in hours
        orders.append(
            Order(
                name=cell.name,
                variant=cell.variant,
                setting=cell.setting,
                seed=cell.seed,
                config=json.loads(json.dumps(to_dict(config))),
                sequences=sequences,
                length=config.train.validation_length if length is None else length,
                horizon=config.loss.forecast if horizon is None else horizon,
                test=test,
                real="" if real is None else str(real.absolute()),
                fewest=fewest,
            )
        )
    for order in orders:
        if not 0 <= order.horizon < order.length or order.length < 2:
            raise ConfigError(
                f"--horizon {order.horizon}: expected 0 to {order.length - 1} for test sequences "
                f"of {order.length} frames; see --length"
            )
        _check_footing(next(o for o in orders if o.setting == order.setting), order)
    return orders


def parameter_count(order: Order) -> int:
    """Trainable parameters of an order's model."""
    config = config_from(order.config)
    return count_parameters(config, config.model.relation)


def train_and_test(
    order: Order, folder: CellFolder, *, device: str, report: Report
) -> tuple[Result, dict[str, Any]] | None:
    """Train, from the start or from the last checkpoint, then test the last averaged weights.

    Args:
        order: what to do.
        folder: where.
        device: where it computes.
        report: told about steps and validations.

    Returns:
        The result and its timings; None where a signal stopped the training.

    Raises:
        TrainingError: the loss or a score is not finite.
    """
    config = config_from(order.config)
    resume = (folder.run / "last.safetensors").is_file()
    if not train_run(
        config, folder.run, device=device, report=report, resume=resume, overwrite=True
    ):
        return None
    last = folder.run / "last.safetensors"
    began = time.monotonic()
    groups: list[str] = []
    if order.test == STRATA:
        clips, groups = build_strata(order.sequences)
    else:
        clips = build_test(config, order.sequences, order.length)
    if order.real:
        videos, names = build_real(Path(order.real), order.length, order.fewest)
        groups = [*(groups or [OWN] * order.sequences), *names]
        clips = [*clips, *videos]
    model = load_model(last).model.to(choose_device(device))
    scores = score_objects(model, clips, horizon=order.horizon, sight=config.data.sight)
    objects = {name: [round(float(getattr(s, name)), 6) for s in scores] for name in COLUMNS}
    if not scores or not all(math.isfinite(v) for values in objects.values() for v in values):
        raise TrainingError(f"{folder.path}: no test object, or a score that is not finite")
    result = Result(
        order=order,
        parameters=model.parameter_count(),
        batches=config.train.steps,
        clips=config.train.steps * config.train.batch,
        test=_digest(clips),
        curve=_curve(folder.run / "log.jsonl"),
        objects=objects,
        versions=_stable(versions()),
        groups=groups,
    )
    timings = {
        "train_seconds": load_checkpoint(last).about["seconds"],
        "test_seconds": round(time.monotonic() - began, 1),
        "provenance": provenance(),
    }
    return result, timings


def _configure(path: Path, changes: Sequence[str], cell: Cell, *, widen_none: bool) -> Config:
    named = [_without_width(value) for key, value in cell.settings if key == RELATION]
    matched = [options for options in named if options is not None]
    pairs = [f"{key}={value}" for key, value in cell.settings if not (matched and key == RELATION)]
    config = load_config(path, [*changes, *pairs])
    if matched:
        kind = str(matched[0].pop("kind"))
        relation = match_relation(config, kind, widen_none=widen_none, **matched[0])
        config = replace(config, model=replace(config.model, relation=relation))
    # the last weights are tested, so the best ones need no calibration
    train = replace(config.train, seed=cell.seed, workers=0, threads=1, calibration=0)
    return replace(config, train=train)


def _without_width(value: str) -> dict[str, Any] | None:
    """A relation's settings where they name a kind and no width; None otherwise."""
    told = parse_yaml(value)
    if isinstance(told, str):
        return {"kind": told}
    plain = isinstance(told, dict) and all(isinstance(key, str) for key in told)
    return dict(told) if plain and "kind" in told and "width" not in told else None


def _check_footing(first: Order, other: Order) -> None:
    """Variants of one setting must be asked the same."""
    for name in ("length", "horizon"):
        one, two = getattr(first, name), getattr(other, name)
        if one != two:
            raise ConfigError(
                f"{first.variant} and {other.variant} would be tested with a {name} of {one} and "
                f"{two}; give one --{name} for all"
            )


def _digest(clips: Sequence[Clip]) -> str:
    """sha256 of all frames, boxes, visibilities and presences."""
    digest = hashlib.sha256()
    for clip in clips:
        for tensor in clip[:4]:
            digest.update(f"{tensor.dtype}{list(tensor.shape)}".encode())
            digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _curve(log: Path) -> list[tuple[int, float]]:
    found = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
            if "validation" in row:
                found.append((int(row["step"]), float(row["validation"]["iou"])))
        except (ValueError, KeyError, TypeError, OverflowError):
            continue  # damaged; the curve has a point less
    return found


def _stable(found: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in sorted(found.items())}
