"""What the two parts of EquiVAE hold, as pictures of digits that it draws."""

from __future__ import annotations

import io

import numpy as np
import torch
from torch import Tensor

from mohart.plots import new_figure
from mohart.probes.equivae.digits import CLASSES, Digits
from mohart.probes.equivae.network import EquiVae, class_means

COLUMNS, REACH, DPI = 9, 2.0, 120


def draw_parts(network: EquiVae, training: Digits, test: Digits) -> bytes:
    """PNG with three panels.

    Left: a row per class, its r fixed, one number of v from -2 to 2. Middle: a row per test digit,
    its v fixed, r of every class. Right: those digits.

    Args:
        network: trained.
        training: labelled digits, whose r stand for the classes.
        test: whose styles are shown.
    """
    r = class_means(network.embed(training.pixels), training.classes, CLASSES)
    along = torch.linspace(-REACH, REACH, COLUMNS)
    v = torch.zeros(COLUMNS, network.equivariant)
    v[:, _widest(network, training, r)] = along
    fixed_r = network.picture(r.repeat_interleave(COLUMNS, 0), v.repeat(CLASSES, 1))
    rows = torch.stack([(test.classes == y).nonzero()[0, 0] for y in range(CLASSES)])
    style, _ = network.posterior(test.pixels[rows], r[test.classes[rows]])
    fixed_v = network.picture(r.repeat(CLASSES, 1), style.repeat_interleave(CLASSES, 0))
    panels = (
        (fixed_r, COLUMNS, "r of a class, v from -2 to 2"),
        (fixed_v, CLASSES, "v of a digit, r of every class"),
        (test.pixels[rows], 1, "the digit"),
    )
    figure = new_figure(9.5, 4.6, dpi=DPI)
    axes = figure.subplots(1, 3, gridspec_kw={"width_ratios": [COLUMNS, CLASSES, 1.4]})
    for one, (pixels, columns, title) in zip(axes, panels, strict=True):
        one.imshow(_sheet(pixels, columns), cmap="gray_r", vmin=0, vmax=1)
        one.set_title(title, fontsize=8)
        one.axis("off")
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _widest(network: EquiVae, training: Digits, r: Tensor) -> int:
    """The number of v that says most: whose mean differs most between digits."""
    middle, _ = network.posterior(training.pixels, r[training.classes])
    return int(middle.var(0).argmax())


def _sheet(pixels: Tensor, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """[rows * columns, 64] -> one picture with a pixel between digits."""
    tiles = pixels.reshape(-1, columns, 8, 8).numpy()
    tiles = np.pad(tiles, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = len(tiles)
    sheet = tiles.transpose(0, 2, 1, 3).reshape(rows * 10, columns * 10)
    return np.ascontiguousarray(sheet, np.float32)
