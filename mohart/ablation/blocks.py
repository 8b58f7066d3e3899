"""Blocking (paired design): results -> what may be compared, by seed, sequence and object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.ablation.cells import Order, Result
from mohart.ablation.metrics import KEYS, METRICS
from mohart.aliases import Floats
from mohart.errors import ConfigError


@dataclass(frozen=True)
class Budget:
    """What a variant cost.

    Attributes:
        parameters: trainable ones.
        batches: of the training.
        clips: that it saw, with repetition.
    """

    parameters: int
    batches: int
    clips: int


@dataclass(frozen=True)
class Block:
    """All variants of one setting on the same test clips; S seeds, K objects.

    Attributes:
        setting: its name, empty where the grid has one.
        variants: in the order of the grid; those without a common seed are left out.
        seeds: that all of these variants have.
        budgets: variant -> what it cost.
        sequence: [K] number of the test sequence.
        neighbours: [K] near others, by the truth.
        visibility: [K] mean over judged frames, by the truth.
        groups: name of the stratum of every test sequence; empty where there are none.
        values: metric -> variant -> [S, K].
        curves: variant -> [S] lists of (step, validation IoU).
    """

    setting: str
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    budgets: dict[str, Budget]
    sequence: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    visibility: Floats
    groups: tuple[str, ...]
    values: dict[str, dict[str, Floats]]
    curves: dict[str, list[list[tuple[int, float]]]]

    @property
    def sequences(self) -> int:
        """Number of test sequences with at least one object."""
        return len(np.unique(self.sequence))


@dataclass(frozen=True)
class Gathered:
    """All blocks, and what is missing for them to be whole.

    Attributes:
        blocks: in the order of the grid.
        missing: names of cells without a result.
        unused: names of cells whose seed another variant lacks.
        orders: of all cells in the order of the grid, done or not.
        versions: of the libraries, by cell; one entry where all are equal.
    """

    blocks: tuple[Block, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    orders: tuple[Order, ...]
    versions: tuple[dict[str, str], ...]


def gather(orders: Sequence[Order], results: Iterable[Result]) -> Gathered:
    """Line the results up.

    Args:
        orders: of the whole grid.
        results: those that there are, in any order.

    Raises:
        ConfigError: there is nothing to report, or results that should be comparable are not.
    """
    by_name = {result.order.name: result for result in results}
    missing = tuple(order.name for order in orders if order.name not in by_name)
    found = [by_name[order.name] for order in orders if order.name in by_name]
    blocks, unused = [], []
    for setting in dict.fromkeys(order.setting for order in orders):
        here = [result for result in found if result.order.setting == setting]
        if not here:
            continue
        seeds = _common_seeds(here)
        unused += [r.order.name for r in here if r.order.seed not in seeds]
        if seeds:
            blocks.append(_block(setting, seeds, [r for r in here if r.order.seed in seeds]))
    if not blocks:
        raise ConfigError(
            "no seed is done for all variants of a setting, so there is nothing to report; run the "
            "same command again to go on"
        )
    versions: list[dict[str, str]] = []
    for result in found:
        if result.versions not in versions:
            versions.append(result.versions)
    return Gathered(tuple(blocks), missing, tuple(unused), tuple(orders), tuple(versions))


def _common_seeds(results: Sequence[Result]) -> list[int]:
    """Seeds that every variant with a result has."""
    by_variant: dict[str, set[int]] = {}
    for result in results:
        by_variant.setdefault(result.order.variant, set()).add(result.order.seed)
    return sorted(set.intersection(*by_variant.values()))


def _block(setting: str, seeds: Sequence[int], results: Sequence[Result]) -> Block:
    first = results[0]
    for result in results[1:]:
        _check_comparable(first, result)
    variants = tuple(dict.fromkeys(result.order.variant for result in results))
    cells = {(r.order.variant, r.order.seed): r for r in results}
    return Block(
        setting=setting,
        variants=variants,
        seeds=tuple(seeds),
        budgets={v: _budget([cells[v, s] for s in seeds]) for v in variants},
        sequence=np.array(first.objects["sequence"], np.int64),
        neighbours=np.array(first.objects["neighbours"], np.int64),
        visibility=np.array(first.objects["visibility"], np.float64),
        groups=tuple(first.groups),
        values={
            metric: {v: _stack(cells[v, s].objects[metric] for s in seeds) for v in variants}
            for metric in METRICS
        },
        curves={v: [cells[v, s].curve for s in seeds] for v in variants},
    )


def _check_comparable(a: Result, b: Result) -> None:
    """The same clips, the same objects, the same question."""
    pairs: list[tuple[str, Any, Any]] = [("test clips", a.test, b.test)]
    pairs += [(n, getattr(a.order, n), getattr(b.order, n)) for n in ("horizon", "length")]
    pairs += [(f"column {n}", a.objects[n], b.objects[n]) for n in KEYS]
    for what, one, other in pairs:
        if one != other:
            raise ConfigError(
                f"{a.order.name} and {b.order.name} cannot be compared: their {what} differ; "
                f"remove the older of the two folders and run the same command again"
            )


def _budget(results: Sequence[Result]) -> Budget:
    budgets = {Budget(r.parameters, r.batches, r.clips) for r in results}
    if len(budgets) > 1:
        raise ConfigError(
            f"{results[0].order.name}: trainings of one variant differ in size; remove their "
            f"folders and run the same command again"
        )
    return budgets.pop()


def _stack(rows: Iterable[Sequence[float]]) -> Floats:
    return np.array(list(rows), np.float64)
