"""Lists of events as CSV or Parquet, by the file's ending."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mohart.errors import ConfigError, MissingDataError
from mohart.files import Replacement, write_text

SUFFIXES = (".csv", ".parquet")


def check_table(path: Path) -> None:
    """Make sure before the work that the table can be written after it.

    Raises:
        ConfigError: the ending is neither csv nor parquet.
        MissingDataError: Parquet is asked for and pyarrow is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: expected a file ending in {' or '.join(SUFFIXES)}")
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise MissingDataError(
                f"{path}: Parquet needs the package pyarrow ({error}); try: pip install "
                f"'mohart[parquet]', or write .csv"
            ) from None


def write_table(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns of equal length, completely or not at all.

    Args:
        path: ends in `.csv` (a header line; None is an empty field) or `.parquet` (None is null).
        columns: name -> values: text, whole numbers or floats; a column has one type.

    Raises:
        ConfigError: another ending.
        MissingDataError: pyarrow is not installed.
        OutputError: the file cannot be written.
    """
    check_table(path)
    if path.suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        write_text(path, text.getvalue())
        return
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({name: pyarrow.array(values) for name, values in columns.items()})
    with Replacement(path) as part:
        pyarrow.parquet.write_table(table, part)
