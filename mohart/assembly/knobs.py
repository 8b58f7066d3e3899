"""Knobs by name, from a file or a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.config.strict_yaml import parse_yaml
from mohart.errors import ConfigError, did_you_mean
from mohart.formats.text import read_text

if TYPE_CHECKING:
    from mohart.tracking.learned.knobs import Knobs


def read_knobs(path: Path) -> dict[str, Any]:
    """A YAML file of `name: value`, as `mohart tune` writes it; checked.

    Raises:
        MissingDataError: there is no such file.
        ConfigError: it is something else, a knob is not known or out of its range.
    """
    try:
        content = parse_yaml(read_text(path))
        if content is not None and not isinstance(content, dict):
            raise ConfigError(f"a {type(content).__name__}; expected lines such as 'recall: 0.8'")
        make_knobs(content or {})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return dict(content or {})


def make_knobs(changes: Mapping[str, Any]) -> Knobs:
    """Knobs with some values of one's own.

    Raises:
        ConfigError: a knob is not known or out of its range.
    """
    from mohart.tracking.learned.knobs import Knobs

    known = [one.name for one in fields(Knobs)]
    for name in changes:
        if name not in known:
            raise ConfigError(f"no knob '{name}'{did_you_mean(str(name), known)}")
    return Knobs(**changes)


def knob_ranges() -> dict[str, tuple[float, float, float, bool]]:
    """Name -> default, lowest and highest value, and whether it is a whole number."""
    from mohart.tracking.learned.knobs import Knobs

    return {
        one.name: (one.default, *one.metadata["range"], isinstance(one.default, int))
        for one in fields(Knobs)
    }
