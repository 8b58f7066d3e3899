"""The configurations that come with mohart, by short names such as `toy` or `worlds/forces`."""

from __future__ import annotations

from pathlib import Path

from mohart.errors import MissingDataError, did_you_mean
from mohart.versions import PACKAGE

SUFFIX = ".yaml"


def shipped_configs() -> dict[str, Path]:
    """Name -> file, sorted: inside an installed package, beside it in a checkout."""
    places = [PACKAGE / "configs", PACKAGE.parent / "configs"]
    folder = next((place for place in places if (place / f"toy{SUFFIX}").is_file()), places[0])
    files = sorted(folder.rglob(f"*{SUFFIX}"))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def find_config(name: str) -> Path:
    """The file of that name, otherwise the configuration that is shipped under it.

    Raises:
        MissingDataError: there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_configs()
    if name.removesuffix(SUFFIX) in shipped:
        return shipped[name.removesuffix(SUFFIX)]
    hint = "" if len(path.parts) > 2 else did_you_mean(path.stem, shipped)
    raise MissingDataError(
        f"{name}: no such configuration, neither a file nor one that is shipped (see: mohart "
        f"configs ls){hint}"
    )
