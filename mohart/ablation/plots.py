"""Pictures of an ablation: means, paired differences, strata, learning curves."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mohart.ablation.blocks import Block
from mohart.ablation.findings import Effect, Findings
from mohart.ablation.metrics import METRICS
from mohart.ablation.statistics import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#2b7a78", "#d1495b", "#edae49", "#1f4e9c", "#8d5a97", "#6b8f3a", "#9a9a9a", "#17252a")
GOOD, BAD, OPEN = "#2b7a78", "#d1495b", "#8a8a8a"
COLUMNS = 3  # panels side by side
DPI = 120


def draw_means(findings: Findings) -> bytes:
    """PNG: a panel per setting, mean and interval per variant, a small dot per seed."""
    metric = METRICS[findings.metric]
    lines = max(len(block.variants) for block in findings.blocks)
    figure, panels = _panels(len(findings.blocks), 4.4, 0.9 + 0.42 * lines)
    for axes, block in zip(panels, findings.blocks, strict=True):
        places = np.arange(len(block.variants))[::-1]
        for place, mean in zip(places, findings.means_of(block.setting), strict=True):
            colour = _colour(findings, mean.variant)
            seeds = block.values[findings.metric][mean.variant].mean(1)
            axes.plot(seeds, np.full(len(seeds), place - 0.2), ".", color=colour, alpha=0.5)
            _bar(axes, mean.mean, float(place), colour)
        axes.set_yticks(places, list(block.variants))
        axes.set_ylim(-0.7, len(places) - 0.3)
        better = "right" if metric.higher_is_better else "left"
        axes.set_xlabel(f"{metric.label} (better: {better})", fontsize=8)
        _plain(axes, block.setting)
    return _png(figure)


def draw_effects(findings: Findings) -> bytes:
    """PNG: a forest plot per setting; the band is the margin that does not matter."""
    metric = METRICS[findings.metric]
    lines = max(len(findings.effects_of(block.setting)) for block in findings.blocks)
    figure, panels = _panels(len(findings.blocks), 5.2, 0.9 + 0.36 * max(lines, 1))
    for axes, block in zip(panels, findings.blocks, strict=True):
        effects = findings.effects_of(block.setting)
        axes.axvspan(-findings.margin, findings.margin, color="#e8e8e8", zorder=0)
        axes.axvline(0, color="black", linewidth=0.8)
        places = np.arange(len(effects))[::-1]
        for place, effect in zip(places, effects, strict=True):
            _bar(axes, effect.difference, float(place), _verdict_colour(effect))
        axes.set_yticks(places, [f"{e.variant} − {e.reference}" for e in effects])
        axes.set_ylim(-0.7, max(len(places), 1) - 0.3)
        better = "right" if metric.higher_is_better else "left"
        axes.set_xlabel(f"paired difference, {metric.label} (better: {better})", fontsize=8)
        _plain(axes, block.setting)
    return _png(figure)


def draw_strata(findings: Findings) -> bytes:
    """PNG: a row per setting; differences to the first reference, or means where there is none."""
    blocks, traits = findings.blocks, ("neighbours", "hidden")
    figure = _figure(9.6, 0.4 + 2.8 * len(blocks))
    panels = figure.subplots(len(blocks), len(traits), squeeze=False)
    for row, block in zip(panels, blocks, strict=True):
        for axes, trait in zip(row, traits, strict=True):
            _draw_trait(axes, findings, block, trait)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            fontsize=8,
            frameon=False,
            ncols=min(len(labels), 6),
            loc="outside lower center",
        )
    return _png(figure)


def draw_learning(findings: Findings) -> bytes:
    """PNG: validation IoU while training, a thin line per seed and a thick one for their mean."""
    figure, panels = _panels(len(findings.blocks), 4.4, 3.0)
    for axes, block in zip(panels, findings.blocks, strict=True):
        for variant in block.variants:
            colour = _colour(findings, variant)
            curves = [curve for curve in block.curves[variant] if curve]
            for curve in curves:
                axes.plot(*zip(*curve, strict=True), color=colour, alpha=0.3, linewidth=0.8)
            if curves and len({tuple(step for step, _ in curve) for curve in curves}) == 1:
                steps = [step for step, _ in curves[0]]
                mean = np.mean([[iou for _, iou in curve] for curve in curves], 0)
                axes.plot(steps, mean, ".-", color=colour, label=variant, linewidth=1.8)
        axes.set_xlabel("training step", fontsize=8)
        axes.set_ylabel("validation IoU", fontsize=8)
        axes.legend(fontsize=7, frameon=False)
        _plain(axes, block.setting)
    return _png(figure)


def _draw_trait(axes: Axes, findings: Findings, block: Block, trait: str) -> None:
    first, shown = findings.trait_estimates(block.setting, trait)
    counts = {one.part.stratum: one.part.objects for one in shown}
    variants = list(dict.fromkeys(one.variant for one in shown))
    for one in shown:
        offset = (variants.index(one.variant) - (len(variants) - 1) / 2) * 0.7 / len(variants)
        place = list(counts).index(one.part.stratum) + offset
        label = one.variant if one.part.stratum == next(iter(counts)) else None
        colour = _colour(findings, one.variant)
        _bar(axes, one.estimate, place, colour, upright=True, label=label)
    if first is not None:
        axes.axhspan(-findings.margin, findings.margin, color="#e8e8e8", zorder=0)
        axes.axhline(0, color="black", linewidth=0.8)
    ticks = [f"{name}\n{count} objects" for name, count in counts.items()]
    axes.set_xticks(range(len(counts)), ticks)
    axes.set_xlim(-0.6, len(counts) - 0.4)
    label = METRICS[findings.metric].label
    axes.set_ylabel(label if first is None else f"{label}, minus {first}", fontsize=8)
    what = "near neighbours" if trait == "neighbours" else "hidden in the judged frames"
    _plain(axes, f"{block.setting}: {what}" if block.setting else what)


def _bar(
    axes: Axes,
    shown: Estimate,
    place: float,
    colour: str,
    *,
    upright: bool = False,
    label: str | None = None,
) -> None:
    """A dot with its interval."""
    low, high = shown.low, shown.high
    if low is not None and high is not None:
        along, across = [low, high], [place, place]
        axes.plot(*((across, along) if upright else (along, across)), color=colour, linewidth=2)
    dot = (place, shown.value) if upright else (shown.value, place)
    axes.plot(*dot, "o", color=colour, markersize=5.5, label=label)


def _colour(findings: Findings, variant: str) -> str:
    names = list(dict.fromkeys(v for block in findings.blocks for v in block.variants))
    return COLOURS[names.index(variant) % len(COLOURS)]


def _verdict_colour(effect: Effect) -> str:
    if effect.verdict.startswith("better"):
        return GOOD
    return BAD if effect.verdict.startswith("worse") else OPEN


def _panels(count: int, width: float, height: float) -> tuple[Figure, Sequence[Axes]]:
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    figure = _figure(max(width * columns, 5.5), height * rows + 0.2)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, list(panels[:count])


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    return figure


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Any) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})  # equal numbers, equal bytes
    return data.getvalue()
