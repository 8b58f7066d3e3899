"""Parquet <-> Annotation, with the columns of `columns`; needs the package pyarrow.

Conventions: as in `columns`; a line in a message is the number of the row, from 1.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from mohart.errors import FormatError, MissingDataError, did_you_mean
from mohart.formats.annotation import Annotation, Losses, Rendered
from mohart.formats.json_lines import parse_json
from mohart.formats.own.columns import (
    COLUMNS,
    annotation_of_entries,
    entries_of,
    required_columns,
    video_of,
)

MAX_ROWS = 20_000_000
FEW_ROWS = 100_000
BATCH = 256  # rows that are unpacked at once
MAX_BYTES = 1 << 31  # of all rows, unpacked


def read_parquet(path: Path, *, identities: bool = True) -> Annotation:
    """A Parquet file.

    Args:
        path: the file.
        identities: whether there must be ids; without, they are not read.

    Raises:
        MissingDataError: there is no such file, or pyarrow is not installed.
        FormatError: it is not Parquet; a DamagedFileError has all problems.
    """
    arrow, parquet = _pyarrow()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from error
    try:
        file = parquet.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
        metadata = (file.schema_arrow.metadata or {}).get(b"video", b"{}").decode()
        names = list(file.schema_arrow.names)
        count = file.metadata.num_rows
        if count > MAX_ROWS or count > max(FEW_ROWS, len(content)):  # a box takes a byte at least
            raise FormatError(
                f"{path}: {count} rows in {len(content)} bytes; expected a table of boxes"
            )
        missing = [name for name in required_columns(identities) if name not in names]
        if missing:
            hint = did_you_mean(missing[0], names or ["none"])
            raise FormatError(f"{path}: no column '{missing[0]}'{hint}; see docs/guide/formats.md")
        entries = _entries(path, file)
    except (arrow.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        reason = " ".join(str(error).split())[:120]
        raise FormatError(
            f"{path}: not a readable Parquet file ({reason}); was it cut off?"
        ) from error
    video = parse_json(metadata, path)
    lines = range(1, len(entries) + 1)
    return annotation_of_entries(path, entries, lines, video, identities=identities)


def _entries(path: Path, file: Any) -> list[dict[str, object]]:
    """All rows, as mappings column -> value.

    Raises:
        FormatError: they grow beyond what a table of boxes takes.
    """
    entries: list[dict[str, object]] = []
    size = 0
    for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
        size += batch.nbytes
        if size > MAX_BYTES:
            raise FormatError(f"{path}: more than {MAX_BYTES >> 30} GB; expected a table of boxes")
        entries += batch.to_pylist()
    return entries


def render_parquet(record: Annotation) -> Rendered:
    """The bytes of a Parquet file; nothing is lost.

    Raises:
        MissingDataError: pyarrow is not installed.
    """
    arrow, parquet = _pyarrow()
    kinds = [arrow.int64()] * 2 + [arrow.float64()] * 6 + [arrow.bool_(), arrow.int64()]
    schema = arrow.schema(
        [*zip(COLUMNS, [*kinds, arrow.string()], strict=True)]
        + [(name, arrow.string()) for name in record.extras],
        metadata={"video": json.dumps(video_of(record))},
    )
    entries = [
        {key: v if v != "" else None for key, v in row.items()} for row in entries_of(record)
    ]
    file = io.BytesIO()
    parquet.write_table(
        arrow.Table.from_pylist(entries, schema=schema), file, write_page_checksum=True
    )
    return Rendered(file.getvalue(), Losses(record, "Parquet").found)


def _pyarrow() -> tuple[Any, Any]:
    """The package and its parquet part.

    Raises:
        MissingDataError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDataError(
            "Parquet needs the package pyarrow; run: pip install 'mohart[parquet]'"
        ) from error
    return pyarrow, pyarrow.parquet
