"""Findings as text, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from mohart.ablation.blocks import Block
from mohart.ablation.cells import Result
from mohart.ablation.findings import Findings, Mean
from mohart.ablation.metrics import METRICS
from mohart.ablation.statistics import Estimate
from mohart.ablation.strata import TRAITS
from mohart.metrics.text_table import format_columns

NOTHING = "-"


def mean_rows(findings: Findings, block: Block) -> list[list[str]]:
    """The headline's table of a setting: head line, then a line per variant."""
    label = METRICS[findings.metric].label
    rows = [["variant", "parameters", "seeds", label, "spread", "95 % interval"]]
    for mean in findings.means_of(block.setting):
        parameters = f"{block.budgets[mean.variant].parameters:,}"
        rows.append([mean.variant, parameters, str(len(block.seeds)), *_numbers(findings, mean)])
    return rows


def effect_rows(findings: Findings, block: Block) -> list[list[str]]:
    """The headline's differences of a setting: head line, then a line per effect."""
    rows = [["difference", "by", "95 % interval", "verdict"]]
    rows += [
        [
            f"{effect.variant} - {effect.reference}",
            signed(effect.difference.value, findings.metric),
            interval(effect.difference, findings.metric, sign="+"),
            effect.verdict,
        ]
        for effect in findings.effects_of(block.setting)
    ]
    return rows


def trait_rows(findings: Findings, block: Block, trait: str) -> list[list[str]]:
    """Strata of a trait side by side: head line, then a line per variant.

    The numbers are differences to the first reference with half the width of their intervals, or
    means where nothing is compared.
    """
    first, shown = findings.trait_estimates(block.setting, trait)
    counts = {one.part.stratum: one.part.objects for one in shown}
    title = f"{trait} (objects)" + (f", minus {first}" if first else "")
    rows = [[title, *(f"{name} ({count})" for name, count in counts.items())]]
    for variant in dict.fromkeys(one.variant for one in shown):
        cells = {one.part.stratum: one.estimate for one in shown if one.variant == variant}
        sign = "+" if first else ""
        rows.append([variant, *(_give_or_take(cells[n], findings.metric, sign) for n in counts)])
    return rows


def to_text(findings: Findings) -> str:
    """All tables and notes, for a terminal."""
    parts = []
    for block in findings.blocks:
        if block.setting:
            parts.append(f"== {block.setting} ==")
        parts.append(format_columns(mean_rows(findings, block)))
        tables = [effect_rows(findings, block)]
        tables += [trait_rows(findings, block, trait) for trait in TRAITS]
        parts += [format_columns(rows) for rows in tables if len(rows) > 1]
    return "\n\n".join([*parts, "\n".join(findings.notes)]) + "\n"


def means_csv(findings: Findings) -> str:
    """A line per mean: setting, variant, metric, stratum, counts, value, spread, interval."""
    head = (
        *("setting", "variant", "metric", "trait", "stratum", "parameters", "seeds"),
        *("sequences", "objects", "value", "spread", "low", "high"),
    )
    budgets = {block.setting: block.budgets for block in findings.blocks}
    rows = [
        [
            m.part.setting,
            m.variant,
            m.part.metric,
            m.part.trait,
            m.part.stratum,
            budgets[m.part.setting][m.variant].parameters,
            m.part.seeds,
            m.part.sequences,
            m.part.objects,
            *_exact(m.mean),
        ]
        for m in findings.means
    ]
    return _csv(head, rows)


def effects_csv(findings: Findings) -> str:
    """A line per paired difference, `variant` minus `reference`."""
    head = (
        *("setting", "variant", "reference", "metric", "trait", "stratum", "seeds", "sequences"),
        *("objects", "difference", "spread", "low", "high", "verdict"),
    )
    rows = [
        [
            e.part.setting,
            e.variant,
            e.reference,
            e.part.metric,
            e.part.trait,
            e.part.stratum,
            e.part.seeds,
            e.part.sequences,
            e.part.objects,
            *_exact(e.difference),
            e.verdict,
        ]
        for e in findings.effects
    ]
    return _csv(head, rows)


def cells_csv(results: Sequence[Result]) -> str:
    """A line per cell: the mean of every metric over all objects."""
    head = ("setting", "variant", "seed", "parameters", "batches", "clips", "objects", *METRICS)
    rows = []
    for result in sorted(results, key=lambda r: (r.order.setting, r.order.variant, r.order.seed)):
        order, count = result.order, len(result.objects["iou"])
        means = [f"{sum(result.objects[name]) / count:.6f}" for name in METRICS]
        rows.append(
            [
                order.setting,
                order.variant,
                order.seed,
                result.parameters,
                result.batches,
                result.clips,
                count,
                *means,
            ]
        )
    return _csv(head, rows)


def to_latex(findings: Findings) -> str:
    """Four tables per setting: means, differences, strata; they need no package."""
    parts = []
    for block in findings.blocks:
        tables = [mean_rows(findings, block), effect_rows(findings, block)]
        tables += [trait_rows(findings, block, trait) for trait in TRAITS]
        parts += [_latex(rows, block.setting) for rows in tables if len(rows) > 1]
    return "\n".join(parts)


def interval(estimate: Estimate, metric: str, sign: str = "") -> str:
    """`0.412 to 0.433`, `-` where there is none."""
    if estimate.low is None or estimate.high is None:
        return NOTHING
    places = METRICS[metric].places
    return f"{estimate.low:{sign}.{places}f} to {estimate.high:{sign}.{places}f}"


def signed(value: float, metric: str) -> str:
    """A difference with its sign."""
    return f"{value:+.{METRICS[metric].places}f}"


def _give_or_take(estimate: Estimate, metric: str, sign: str) -> str:
    """`+0.050 ±0.002`; the intervals are symmetric."""
    places = METRICS[metric].places
    text = f"{estimate.value:{sign}.{places}f}"
    if estimate.high is None:
        return text
    return f"{text} ±{estimate.high - estimate.value:.{places}f}"


def _numbers(findings: Findings, mean: Mean) -> list[str]:
    places = METRICS[findings.metric].places
    spread = NOTHING if mean.mean.spread is None else f"{mean.mean.spread:.{places}f}"
    return [f"{mean.mean.value:.{places}f}", spread, interval(mean.mean, findings.metric)]


def _exact(estimate: Estimate) -> list[str]:
    values = (estimate.value, estimate.spread, estimate.low, estimate.high)
    return ["" if value is None else f"{value:.6f}" for value in values]


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _latex(rows: Sequence[Sequence[str]], setting: str) -> str:
    lines = [" & ".join(_escape(cell) for cell in row) + r" \\" for row in rows]
    columns = "l" + "r" * (len(rows[0]) - 1)
    head = [f"% {setting}"] if setting else []
    return "\n".join(
        [
            *head,
            rf"\begin{{tabular}}{{{columns}}}",
            r"\hline",
            lines[0],
            r"\hline",
            *lines[1:],
            r"\hline",
            r"\end{tabular}",
            "",
        ]
    )


def _escape(text: str) -> str:
    """Characters that LaTeX would take as commands; the sign of a number becomes a real minus."""
    special = {c: f"\\{c}" for c in "%&#_{}$"} | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
    escaped = "".join(special.get(letter, letter) for letter in text)
    return re.sub(r"(?<![\w.])-(?=\d)", "$-$", escaped).replace("±", r"$\pm$")
