"""Grid of experiments: axes of settings -> cells, each with a name that stays the same.

One axis is *compared*: its values are the variants between which differences are told. The other
axes make *settings*, for example worlds, inside which the variants are compared. An axis that
changes the data can only make settings, unless all are tested on the same strata: two variants that
are tested on different clips cannot be compared.
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
NAMED = "variant"  # the key of an axis whose values are named bundles of settings
ALONE = "as configured"  # the one variant of a grid that compares nothing
LONGEST_NAME = 160  # characters of a folder's name


@dataclass(frozen=True)
class Axis:
    """A key of the configuration and the values it takes.

    Attributes:
        key: for example `model.relation`.
        values: YAML texts, for example `attention` or `{kind: mlp, width: 32}`.
        bundles: of an axis of named variants: what every value stands for, as (key, YAML text).
    """

    key: str
    values: tuple[str, ...]
    bundles: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def changes_data(self) -> bool:
        """Whether the clips depend on it."""
        keys = [self.key, *(key for bundle in self.bundles for key, _ in bundle)]
        return any(f"{key}.".startswith(DATA) for key in keys)

    def settings(self, value: str) -> tuple[tuple[str, str], ...]:
        """What a value sets, as (key, YAML text)."""
        if not self.bundles:
            return ((self.key, value),)
        return self.bundles[self.values.index(value)]


@dataclass(frozen=True)
class Cell:
    """One training and its test.

    Attributes:
        variant: value on the compared axis.
        setting: values on the other axes; empty where there is none.
        seed: of the training.
        changes: (key, value) of every axis, the compared one first.
        settings: what they set, as (key, YAML text).
    """

    variant: str
    setting: str
    seed: int
    changes: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]

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


def parse_variants(texts: Sequence[str]) -> Axis:
    """`NAME=A.B=C;D.E=F` each -> the axis of named variants; a name alone changes nothing.

    Raises:
        ConfigError: no name, a name twice, a setting without a value, or a seed.

    >>> parse_variants(["all", "no claims=model.claims=false"]).settings("no claims")
    (('model.claims', 'false'),)
    """
    bundles: dict[str, tuple[tuple[str, str], ...]] = {}
    for text in texts:
        name, _, rest = (part.strip() for part in text.partition("="))
        if not name or name in bundles:
            raise ConfigError(f"--variant {text}: expected NAME=A.B=C;D.E=F with a name of its own")
        pairs = []
        for setting in filter(None, (part.strip() for part in rest.split(";"))):
            key, sign, value = (part.strip() for part in setting.partition("="))
            if not (key and sign and value) or key == SEED:
                raise ConfigError(f"--variant {text}: '{setting}' is no setting such as a.b=c")
            pairs.append((key, value))
        bundles[name] = tuple(pairs)
    return Axis(NAMED, tuple(bundles), tuple(bundles.values()))


def make_grid(axes: Sequence[Axis], seeds: int, *, same_test: bool = False) -> list[Cell]:
    """All cells, seed by seed, so that a part of the grid is already a fair comparison.

    Args:
        axes: the first that does not change the data is the compared one.
        seeds: trainings of every variant, with the seeds 0, 1, ...
        same_test: all are tested on the same clips whatever their data: the first axis is compared.

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
    compared, others = split_axes(axes, same_test=same_test)
    variants = compared.values if compared else (ALONE,)
    cells = []
    for seed in range(seeds):
        for chosen in itertools.product(*(axis.values for axis in others)):
            fixed = tuple(zip((axis.key for axis in others), chosen, strict=True))
            for variant in variants:
                first = ((compared.key, variant),) if compared else ()
                sets = compared.settings(variant) if compared else ()
                for axis, value in zip(others, chosen, strict=True):
                    sets += axis.settings(value)
                cells.append(Cell(variant, _setting(fixed), seed, (*first, *fixed), sets))
    return cells


def split_axes(axes: Sequence[Axis], *, same_test: bool = False) -> tuple[Axis | None, list[Axis]]:
    """The compared axis, if there is one, and those that make settings; see `make_grid`."""
    compared = next((axis for axis in axes if same_test or not axis.changes_data), None)
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
