"""A picture of what two latents know: looks rebuilt with the instance latent of others."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from identities.fit import tensors
from identities.looks import CROP, Looks
from mohart.model.routing import Routing
from mohart.nn.identity import mean_identity

ROWS, LARGE = 6, 96  # objects shown; pixels of a look
TITLES = ("the look", "rebuilt", "z of another moment", "z of another object", "r alone (z = 0)")


def swaps(module: Routing, looks: Looks, path: Path) -> None:
    """Rows of objects: the look, rebuilt from r and its own z, another moment's z, another's z.

    Args:
        module: trained with a decoder.
        looks: some that it was not trained on.
        path: of the PNG.
    """
    tracks = _chosen(looks)
    rows = []
    for number, track in enumerate(tracks):
        other = tracks[(number + 1) % len(tracks)]
        mine, late, theirs = track[0], track[-1], other[len(other) // 2]
        with torch.inference_mode():
            identity, instance = _latents(module, looks, track[1:], mine)
            _, moment = _latents(module, looks, track[1:], late)
            _, foreign = _latents(module, looks, other, theirs)
            latents = (instance, moment, foreign, torch.zeros_like(instance))
            made = [module.rebuild(identity, z).picture[0] for z in latents]
        shown = [looks.pictures[mine], *(_as_picture(one) for one in made)]
        rows.append([*shown, looks.pictures[late], looks.pictures[theirs]])
    _write(rows, path)


def _chosen(looks: Looks) -> list[NDArray[np.int64]]:
    """Tracks with many clear looks, of as many scenes."""
    found: list[NDArray[np.int64]] = []
    for scene in np.unique(looks.scene):
        best: NDArray[np.int64] = np.zeros(0, np.int64)
        for track in np.unique(looks.track[looks.scene == scene]):
            rows = np.flatnonzero((looks.scene == scene) & (looks.track == track))
            rows = rows[looks.seen[rows] > 0.9]
            best = rows if len(rows) > len(best) else best
        if len(best) >= 5:
            found.append(best)
    return found[:ROWS]


def _latents(
    module: Routing, looks: Looks, others: NDArray[np.int64], row: int
) -> tuple[Tensor, Tensor]:
    """R of other looks [1, E], and the mean z of one look [1, Z]."""
    identity = mean_identity(module.head(*tensors(looks, others)[:2]))[None]
    instance, _ = module.infer(*tensors(looks, np.array([row])), identity)
    return identity, instance


def _as_picture(pixels: Tensor) -> NDArray[np.uint8]:
    picture = pixels.clamp(0, 1).permute(1, 2, 0).numpy() * 255
    return np.asarray(picture, np.uint8)


def _write(rows: list[list[NDArray[np.uint8]]], path: Path) -> None:
    """All in a grid, with titles; the last two columns are whose z was taken."""
    titles = (*TITLES, "that moment", "that object")
    margin, head = 6, 26
    width = len(titles) * (LARGE + margin) + margin
    sheet = np.full((head + len(rows) * (LARGE + margin) + margin, width, 3), 255, np.uint8)
    for column, title in enumerate(titles):
        x = margin + column * (LARGE + margin)
        cv2.putText(sheet, title, (x, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (0, 0, 0), 1, cv2.LINE_AA)
    for n, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            y, x = head + n * (LARGE + margin), margin + column * (LARGE + margin)
            assert picture.shape[0] == CROP  # noqa: S101
            large = cv2.resize(picture, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
            sheet[y : y + LARGE, x : x + LARGE] = large
    cv2.imwrite(str(path), sheet)
