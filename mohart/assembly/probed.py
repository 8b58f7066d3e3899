"""What `mohart probe` is pointed at -> weights: a run, a file, shipped ones, a whole grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mohart.ablation.cells import CellFolder
from mohart.errors import MissingDataError, did_you_mean
from mohart.weights.names import NAMES, SHIPPED, weights_file

LAST = "last.safetensors"


@dataclass(frozen=True)
class Probed:
    """Weights that are read.

    Attributes:
        name: of their readings' folder, one for each.
        model: what they are called; trainings of one variant have the same, and are its seeds.
        path: of the file.
    """

    name: str
    model: str
    path: Path


def find_weights(name: str) -> list[Probed]:
    """A run's folder, a file, a name, or a folder of `mohart ablate` -> what is to be read.

    Names are those of shipped weights, see :mod:`mohart.weights.names`.

    Raises:
        MissingDataError: there is nothing of the kind.
        FormatError: a cell of a grid is damaged.
    """
    if name in (SHIPPED, *NAMES):
        return [Probed(name, name, weights_file(name))]
    path = Path(name)
    if (path / "cells").is_dir():
        return _cells(path / "cells")
    if path.is_dir():
        for file in ("best.safetensors", LAST):
            if (path / file).is_file():
                whole = path.resolve().name
                return [Probed(whole, whole, path / file)]
        raise MissingDataError(f"{name}: no weights in this folder; expected a run of mohart train")
    if not path.is_file():
        raise MissingDataError(
            f"{name}: no such weights; expected a run, a file, or a name{did_you_mean(name, NAMES)}"
        )
    whole = path.resolve().parent.name if path.stem in ("best", "last") else path.stem
    return [Probed(whole, whole, path)]


def _cells(folder: Path) -> list[Probed]:
    """The last weights of every cell that is done, which the grid was tested with."""
    orders = []
    for path in folder.iterdir():
        cell = CellFolder(path)
        if cell.is_done and (cell.run / LAST).is_file():
            orders.append((cell.read_order(), cell.run / LAST))
    if not orders:
        raise MissingDataError(f"{folder}: no cell with weights is done")
    orders.sort(key=lambda pair: (pair[0].seed, pair[0].setting, pair[0].name))
    return [Probed(o.name, _called(o.variant, o.setting), path) for o, path in orders]


def _called(variant: str, setting: str) -> str:
    """`{kind: mlp, shuffle: false}` -> `mlp, shuffle: false`."""
    plain = variant.removeprefix("{kind: ").removesuffix("}")
    return f"{plain}; {setting}" if setting else plain
