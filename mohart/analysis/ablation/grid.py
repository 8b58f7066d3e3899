"""Axes of settings -> the cells of a grid, each with a name that stays the same.

One axis is *compared*: its values are the variants between which differences are told. The other
axes make *settings*, for example worlds, inside which the variants are compared. An axis that
changes the data can only make settings: two variants that are tested on different clips cannot be
compared.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mohart.errors import ConfigError

DATA = "data."  # keys that change the clips
SEED = "train.seed"
ALONE = "as configured"  # the one variant of a grid that compares nothing
LONGEST_NAME = 160  # characters of a folder's name


@dataclass(frozen=True)
class Axis:
    """A key of the configuration and the values it takes.

    Attributes:
        key: for example `model.relation`.
        values: YAML texts, for example `attention` or `{kind: mlp, width: 32}`.
    """

    key: str
    values: tuple[str, ...]

    @property
    def changes_data(self) -> bool:
        """Whether the clips depend on it."""
        return f"{self.key}.".startswith(DATA)


@dataclass(frozen=True)
class Cell:
    """One training and its test.

    Attributes:
        variant: value on the compared axis.
        setting: values on the other axes; empty where there is none.
        seed: of the training.
        changes: (key, YAML text) of every axis, the compared one first.
    """

    variant: str
    setting: str
    seed: int
    changes: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The folder's name: all changes, with anything unusual replaced."""
        text = ",".join(f"{key}={value}" for key, value in (*self.changes, ("seed", self.seed)))
        safe = re.sub(r"[^\w.,=+-]+", "_", text)
        if safe == text and len(text) <= LONGEST_NAME:
            return text
        mark = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{safe[: LONGEST_NAME - 9]}-{mark}"


def parse_axis(text: str) -> Axis:
    """`model.glimpse=gaussian,bilinear` -> the axis; commas inside brackets or quotes do not split.

    Raises:
        ConfigError: no key, no values, an empty or repeated value, or a key that is not an axis.

    >>> parse_axis("model.relation=none,{kind: mlp, width: 8}").values
    ('none', '{kind: mlp, width: 8}')
    """
    key, sign, values = (part.strip() for part in text.partition("="))
    if not key or not sign:
        raise ConfigError(f"--vary {text}: expected key=value,value, e.g. model.hidden=64,128")
    if key == SEED:
        raise ConfigError(f"--vary {text}: seeds are given with --seeds N")
    parts = _split(values)
    if "" in parts:
        raise ConfigError(f"--vary {text}: an empty value; expected key=value,value")
    for value in parts:
        if parts.count(value) > 1:
            raise ConfigError(f"--vary {text}: '{value}' is there twice")
    return Axis(key, tuple(parts))


def make_grid(axes: Sequence[Axis], seeds: int) -> list[Cell]:
    """All cells, seed by seed, so that a part of the grid is already a fair comparison.

    Args:
        axes: the first that does not change the data is the compared one.
        seeds: trainings of every variant, with the seeds 0, 1, ...

    Raises:
        ConfigError: no axis, an axis twice, or no seed.
    """
    if seeds < 1:
        raise ConfigError(f"--seeds: expected at least 1, got {seeds}")
    if not axes:
        raise ConfigError("nothing to vary; name values, e.g. --relation none,attention")
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"'{key}' is varied twice; give all its values at once")
    compared, others = split_axes(axes)
    variants = compared.values if compared else (ALONE,)
    cells = []
    for seed in range(seeds):
        for chosen in itertools.product(*(axis.values for axis in others)):
            fixed = tuple(zip((axis.key for axis in others), chosen, strict=True))
            for variant in variants:
                first = ((compared.key, variant),) if compared else ()
                cells.append(Cell(variant, _setting(fixed), seed, (*first, *fixed)))
    return cells


def split_axes(axes: Sequence[Axis]) -> tuple[Axis | None, list[Axis]]:
    """The compared axis, if there is one, and those that make settings."""
    compared = next((axis for axis in axes if not axis.changes_data), None)
    return compared, [axis for axis in axes if axis is not compared]


def _setting(fixed: tuple[tuple[str, str], ...]) -> str:
    """`forces` for one axis, `data.world.kind=forces, model.hidden=64` for several."""
    if len(fixed) == 1:
        return fixed[0][1]
    return ", ".join(f"{key}={value}" for key, value in fixed)


def _split(text: str) -> list[str]:
    """At commas outside of brackets, braces and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
