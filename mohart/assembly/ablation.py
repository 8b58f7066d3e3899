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
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mohart.ablation.cells import CellFolder, Order, Result
from mohart.ablation.grid import Axis, Cell, make_grid
from mohart.ablation.metrics import COLUMNS
from mohart.aliases import Report
from mohart.assembly.data import STRATA_FRAMES, build_strata, build_test
from mohart.assembly.device import choose_device
from mohart.assembly.model import build_model
from mohart.assembly.run import provenance, train_run
from mohart.assembly.weights import load_model
from mohart.config import slots
from mohart.config.loader import config_from, load_config, to_dict
from mohart.config.schema import Config
from mohart.config.slots import RelationConfig
from mohart.config.strict_yaml import parse_yaml
from mohart.errors import ConfigError, TrainingError
from mohart.model.forecast import score_objects
from mohart.structures import Clip
from mohart.training.checkpoint import load_checkpoint
from mohart.versions import versions

RELATION = "model.relation"
OWN, STRATA = "own", "strata"  # what is tested on
WIDEST = 4096  # of a relation that is matched in size, per head


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
) -> list[Order]:
    """The orders of all cells.

    Args:
        path: of the configuration.
        changes: `a.b=value`, for all cells.
        axes: what is varied. Values of `model.relation` that are a bare kind get the width that
            brings the model's parameters nearest to attention's, see `match_relation`.
        seeds: trainings of every variant.
        sequences: of the test; with `strata`, of every stratum.
        length: their frames; `train.validation_length` where not given; strata have their own.
        horizon: last frames that are blank and judged; `loss.forecast` where not given.
        widen_none: `none` too gets as many parameters as attention.
        test: `own`: held-out clips of the configuration; `strata`: the scoreboard's generated
            strata of 60 frames, so that variants may differ in the data they train on.

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


def match_relation(config: Config, kind: str, *, widen_none: bool = False) -> RelationConfig:
    """The relational module of a kind, as large as the others of its experiment.

    Attention, with the width and heads of the configuration (or the defaults), is the reference,
    and `self_only` has exactly its settings. All others get the width that brings the whole
    model's parameters nearest to those with attention (with heads: of the widths that they divide);
    `mlp` gets as many slots as a clip has objects, all of which take part in its shuffling. `none`
    stays as it is, unless `widen_none` asks for a layer of each object's own that makes up for what
    it lacks.

    Raises:
        ConfigError: there is no such kind.
    """
    own = config.model.relation
    chosen = own
    if own.kind != kind:
        chosen = config_from({"model": {"relation": kind}}).model.relation  # checks the kind
    shape = own if isinstance(own, slots.WithHeads) else slots.AttentionConfig()
    heads = shape.heads
    attention = slots.AttentionConfig(width=shape.width, heads=heads)
    match chosen:
        case slots.NoRelationConfig() if widen_none:
            return _nearest(config, attention, lambda n: slots.NoRelationConfig(width=n))
        case slots.NoRelationConfig():
            return chosen
        case slots.AttentionConfig():
            return attention
        case slots.SelfOnlyConfig():
            return slots.SelfOnlyConfig(width=shape.width, heads=heads)
        case slots.WithHeads():
            headed = chosen
            return _nearest(
                config, attention, lambda n: replace(headed, width=n * heads, heads=heads)
            )
        case slots.MlpConfig() if chosen is not own:
            chosen = replace(chosen, slots=config.data.objects)
    other = chosen
    return _nearest(config, attention, lambda n: replace(other, width=n))


def _nearest(
    config: Config, reference: RelationConfig, make: Callable[[int], RelationConfig]
) -> RelationConfig:
    """The relation make(n) whose model's parameters are nearest to the reference's."""
    target = _parameters(config, reference)
    low, high = 1, WIDEST
    while low < high:  # the smallest n that reaches the target
        middle = (low + high) // 2
        if _parameters(config, make(middle)) < target:
            low = middle + 1
        else:
            high = middle
    tried = [make(n) for n in sorted({max(1, low - 1), low})]
    return min(tried, key=lambda relation: abs(_parameters(config, relation) - target))


def parameter_count(order: Order) -> int:
    """Trainable parameters of an order's model."""
    config = config_from(order.config)
    return _parameters(config, config.model.relation)


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
    bare = [value for key, value in cell.settings if key == RELATION and _is_bare(value)]
    pairs = [f"{key}={value}" for key, value in cell.settings if not (bare and key == RELATION)]
    config = load_config(path, [*changes, *pairs])
    if bare:
        relation = match_relation(config, str(parse_yaml(bare[0])), widen_none=widen_none)
        config = replace(config, model=replace(config.model, relation=relation))
    # the last weights are tested, so the best ones need no calibration
    train = replace(config.train, seed=cell.seed, workers=0, threads=1, calibration=0)
    return replace(config, train=train)


def _is_bare(value: str) -> bool:
    return isinstance(parse_yaml(value), str)


def _check_footing(first: Order, other: Order) -> None:
    """Variants of one setting must be asked the same."""
    for name in ("length", "horizon"):
        one, two = getattr(first, name), getattr(other, name)
        if one != two:
            raise ConfigError(
                f"{first.variant} and {other.variant} would be tested with a {name} of {one} and "
                f"{two}; give one --{name} for all"
            )


def _parameters(config: Config, relation: RelationConfig) -> int:
    with torch.device("meta"):  # shapes without values
        return build_model(replace(config.model, relation=relation)).parameter_count()


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
