"""Plots written to a file; matplotlib is an extra and is imported only when a plot is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.errors import ConfigError, MissingDataError
from mohart.files import Replacement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")


def check_plot(path: Path) -> None:
    """Make sure before the work that the plot can be made after it.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: the file's suffix is not png, svg or pdf.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"plot {path}: expected a file ending in {', '.join(SUFFIXES)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingDataError(
            f"plot {path}: matplotlib is not installed; try: pip install 'mohart[plot]'"
        ) from None


def new_figure(width: float, height: float, *, dpi: int) -> Figure:
    """An empty figure of a size in inches; no window, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure, completely or not at all.

    Args:
        figure: see `new_figure`.
        path: a png, svg or pdf file; replaced if it exists.

    Raises:
        OutputError: the file cannot be written.
    """
    with Replacement(path) as part:
        figure.savefig(part, format=path.suffix[1:].lower())


def plain_axes(axes: Axes) -> None:
    """A light grid behind the data, no frame above and to the right."""
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.title.set_fontsize(9)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def plot_iou_over_time(
    path: Path, curves: Mapping[str, Sequence[float | None]], *, title: str = ""
) -> None:
    """Write the mean IoU of every tracker over the frames since the boxes were given.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        curves: label -> [T] mean IoU in [0, 1], None where nothing is known (always at t = 0,
            where the box is given; the plot starts at 1 there).
        title: written above.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    figure = new_figure(7.5, 4.5, dpi=150)
    axes = figure.add_subplot()
    styles = ("-", "--", "-.", ":")
    for n, (name, curve) in enumerate(curves.items()):
        values = [1.0, *(float("nan") if v is None else v for v in curve[1:])]
        axes.plot(values, styles[n // 10 % 4], label=name, linewidth=1.6)
    axes.set(xlabel="frames since the boxes were given", ylabel="mean IoU", ylim=(0, 1.02))
    axes.set_title(title, fontsize=10)
    axes.margins(x=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    save_figure(figure, path)
