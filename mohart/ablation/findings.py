"""Blocks -> every number of the report: means, paired effects, and what they allow to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.ablation.blocks import Block, Gathered
from mohart.ablation.metrics import METRICS, find_metric
from mohart.ablation.statistics import Estimate, estimate
from mohart.ablation.strata import strata
from mohart.errors import ConfigError, did_you_mean

ALL = "all"  # the stratum of all objects
EQUAL_SIZE = 0.05  # relative difference in parameters that passes as none


@dataclass(frozen=True)
class Part:
    """Which numbers a line is about.

    Attributes:
        setting: of the grid.
        metric: name.
        trait: that the objects are told apart by, `all` where they are not.
        stratum: its range, `all` where there is none.
        objects: K, of the test.
        sequences: that they are in.
        seeds: S.
    """

    setting: str
    metric: str
    trait: str
    stratum: str
    objects: int
    sequences: int
    seeds: int


@dataclass(frozen=True)
class Mean:
    """A variant's mean over a part."""

    part: Part
    variant: str
    mean: Estimate


@dataclass(frozen=True)
class Effect:
    """A variant minus a reference over a part, paired by seed, sequence and object.

    Attributes:
        part: which numbers.
        variant: the first.
        reference: what is subtracted.
        difference: in the metric's unit.
        verdict: `better`, `worse`, `equal within 0.01`, `undecided`, or a mixture such as
            `better, by less than 0.01`; with one seed it says so.
    """

    part: Part
    variant: str
    reference: str
    difference: Estimate
    verdict: str


class Shown(NamedTuple):
    """A number in a table or picture of strata."""

    part: Part
    variant: str
    estimate: Estimate


@dataclass(frozen=True)
class Findings:
    """Everything that a report tells.

    Attributes:
        metric: the headline's.
        margin: difference in it that is too small to matter.
        blocks: the data behind.
        references: that effects are told against.
        means: of all metrics over all objects; of the headline's over strata too.
        effects: likewise.
        notes: sentences on what was done and what is missing.
    """

    metric: str
    margin: float
    blocks: tuple[Block, ...]
    references: tuple[str, ...]
    means: tuple[Mean, ...]
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]

    def means_of(self, setting: str, trait: str = ALL) -> list[Mean]:
        """The headline's means in a setting."""
        return [m for m in self.means if self._fits(m.part, setting, trait)]

    def effects_of(self, setting: str, trait: str = ALL) -> list[Effect]:
        """The headline's effects in a setting."""
        return [e for e in self.effects if self._fits(e.part, setting, trait)]

    def trait_estimates(self, setting: str, trait: str) -> tuple[str | None, list[Shown]]:
        """What is shown of the strata of a trait.

        Returns:
            the first reference, and the differences to it; None and means where there is none.
        """
        effects = self.effects_of(setting, trait)
        if effects:
            first = effects[0].reference
            chosen = [e for e in effects if e.reference == first]
            return first, [Shown(e.part, e.variant, e.difference) for e in chosen]
        return None, [Shown(m.part, m.variant, m.mean) for m in self.means_of(setting, trait)]

    def _fits(self, part: Part, setting: str, trait: str) -> bool:
        return (part.setting, part.trait, part.metric) == (setting, trait, self.metric)


def find(gathered: Gathered, *, metric: str, margin: float, references: Sequence[str]) -> Findings:
    """Compute all numbers.

    Args:
        gathered: from `gather`.
        metric: the headline's, a key of `METRICS`.
        margin: difference in it that is too small to matter, at least 0.
        references: variants to compare with; those without results are passed over.

    Raises:
        ConfigError: unknown metric or reference, or a margin below 0.
    """
    find_metric(metric)
    if margin < 0:
        raise ConfigError(f"--margin: expected at least 0, got {margin}")
    known = list(dict.fromkeys(order.variant for order in gathered.orders))
    for name in references:
        if name not in known:
            raise ConfigError(f"--against {name}: no such variant{did_you_mean(name, known)}")
    means, effects = [], []
    for block in gathered.blocks:
        for part, rows in _parts(block, metric):
            values = {v: block.values[part.metric][v][:, rows] for v in block.variants}
            where = block.sequence[rows]
            means += [Mean(part, v, estimate(values[v], where)) for v in block.variants]
            for variant, reference in _pairs(references, block.variants):
                difference = estimate(values[variant] - values[reference], where)
                verdict = judge(
                    difference,
                    METRICS[part.metric].higher_is_better,
                    margin if part.metric == metric else 0.0,
                )
                if part.seeds == 1:
                    verdict += ", one training"
                effects.append(Effect(part, variant, reference, difference, verdict))
    return Findings(
        metric=metric,
        margin=margin,
        blocks=gathered.blocks,
        references=tuple(references),
        means=tuple(means),
        effects=tuple(effects),
        notes=tuple(_notes(gathered)),
    )


def judge(difference: Estimate, higher_is_better: bool, margin: float) -> str:
    """What a paired difference allows to say; see `Effect.verdict`."""
    small = difference.within(margin)
    if difference.excludes_zero:
        word = "better" if (difference.value > 0) == higher_is_better else "worse"
        return f"{word}, by less than {margin:g}" if small else word
    return f"equal within {margin:g}" if small else "undecided"


def _pairs(references: Sequence[str], variants: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(variant, reference), every two variants once."""
    for n, reference in enumerate(references):
        for variant in variants if reference in variants else ():
            if variant not in references[: n + 1]:
                yield variant, reference


def _parts(block: Block, headline: str) -> Iterator[tuple[Part, NDArray[np.bool_]]]:
    everything = np.ones(len(block.sequence), bool)
    for metric in METRICS:
        yield _part(block, metric, ALL, ALL, everything), everything
    for stratum in strata(block):
        yield _part(block, headline, stratum.trait, stratum.name, stratum.rows), stratum.rows


def _part(block: Block, metric: str, trait: str, name: str, rows: NDArray[np.bool_]) -> Part:
    sequences = len(np.unique(block.sequence[rows]))
    return Part(block.setting, metric, trait, name, int(rows.sum()), sequences, len(block.seeds))


def _notes(gathered: Gathered) -> Iterator[str]:
    order = gathered.orders[0]
    if order.horizon:
        yield (
            f"Prediction: the last {order.horizon} of {order.length} frames were blank, and only "
            f"those are judged."
        )
    else:
        yield (
            f"Tracking: boxes given in the first of {order.length} frames, all later ones judged."
        )
    yield (
        "Every training ran to its end, and its last averaged weights were tested, on clips that "
        "are the same for all variants and seeds of a setting. All variants of a seed were trained "
        "on the same clips in the same order. Nothing was chosen by test scores."
    )
    yield (
        "Intervals: 95 %, bootstrap over seeds and test sequences, paired, with Student's t for "
        "few seeds; every comparison for itself, without a correction for their number."
    )
    for block in gathered.blocks:
        yield from _block_notes(block)
    for kind, names in (
        ("missing", gathered.missing),
        ("not used, as other variants lack the seed", gathered.unused),
    ):
        if names:
            yield f"{len(names)} cells are {kind}: {'; '.join(names)}."
    if len(gathered.versions) > 1:
        yield "The cells were not all run with the same versions of the libraries."


def _block_notes(block: Block) -> Iterator[str]:
    where = f"{block.setting}: " if block.setting else ""
    if len(block.seeds) == 1:
        yield f"{where}one seed: the intervals do not include how much trainings differ."
    largest = max(block.variants, key=lambda v: block.budgets[v].parameters)
    most = block.budgets[largest]
    for variant in block.variants:
        budget = block.budgets[variant]
        if budget.parameters < (1 - EQUAL_SIZE) * most.parameters:
            share = 1 - budget.parameters / most.parameters
            yield f"{where}{variant} has {share:.0%} fewer parameters than {largest}."
        if (budget.batches, budget.clips) != (most.batches, most.clips):
            yield (
                f"{where}{variant} was trained on {budget.clips} clips in {budget.batches} "
                f"batches, {largest} on {most.clips} in {most.batches}: not an equal budget."
            )
