"""Sections of the page of `mohart inspect`: one video's relations, and findings of other verbs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.errors import MissingDataError
from mohart.formats.text import read_text
from mohart.probes.page import Picture, Section
from mohart.probes.relations import RelationStep

PLACES = (".", "report")  # where `mohart probe`, `mohart ablate` and tools/equivae.py put things
TABLE = "table.txt"


def relation_section(
    name: str, steps: Sequence[RelationStep], ids: NDArray[np.int64], shown: Sequence[Frame]
) -> Section:
    """Who acts on whom in one video.

    Args:
        name: of the video.
        steps: at least one.
        ids: [N] of the objects.
        shown: some frames with arrows.
    """
    influence = np.mean([step.influence for step in steps], 0)
    attention = [step.attention.mean(0) for step in steps if step.attention is not None]
    rows = [["object", *(f"takes from {j}" for j in ids)]]
    for i, track in enumerate(ids):
        cells = [f"{value:.4f}" for value in influence[i]]
        if attention:
            mean = np.mean(attention, 0)[i]
            cells = [f"{a:.2f} / {cell}" for a, cell in zip(mean, cells, strict=True)]
        rows.append([str(track), *cells])
    what = "attention / influence" if attention else "influence"
    text = (
        f"Means over {len(steps)} frames: {what}. Attention sums to 1 in a row; influence is how "
        "far a box moves, in sizes, when the other object is hidden from the relational module.",
    )
    caption = "arrows from an object to those it listens to"
    pictures = [Picture(caption, _jpeg(frame), "image/jpeg") for frame in shown]
    return Section(f"Who acts on whom: {name}", text, pictures, rows)


def findings_section(folder: Path) -> Section:
    """What a folder of `mohart probe`, `mohart ablate` or tools/equivae.py shows.

    Raises:
        MissingDataError: there is no table in it.
    """
    for place in PLACES:
        inside = folder / place
        if (inside / TABLE).is_file():
            pictures = [
                Picture(path.stem.replace("_", " "), path.read_bytes())
                for path in sorted(inside.glob("*.png"))
            ]
            return Section(folder.resolve().name, (), pictures, (), read_text(inside / TABLE))
    raise MissingDataError(
        f"{folder}: no {TABLE}; expected the folder of mohart probe, mohart ablate or "
        "tools/equivae.py"
    )


def _jpeg(frame: Frame) -> bytes:
    return bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 88])[1])
