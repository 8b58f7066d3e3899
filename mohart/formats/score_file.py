"""Files of `mohart eval --json`: one line per row of the table, everything else indented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mohart.errors import FormatError
from mohart.files import write_text
from mohart.formats.text import read_text

ROWS = "rows"


def write_scores(path: Path, content: Mapping[str, Any]) -> None:
    """Write a result, completely or not at all; `rows` come last.

    Raises:
        OutputError: the file cannot be written.
    """
    entries = [
        f"  {json.dumps(name)}: {_indented(value)}"
        for name, value in content.items()
        if name != ROWS
    ]
    rows = ",\n".join(f"    {json.dumps(row, allow_nan=False)}" for row in content[ROWS])
    entries.append(f'  "{ROWS}": [\n{rows}\n  ]')
    write_text(path, "{\n" + ",\n".join(entries) + "\n}\n")


def _indented(value: object) -> str:
    """JSON of a member, its lines below the first two blanks further in."""
    return json.dumps(value, indent=2, allow_nan=False).replace("\n", "\n  ")


def read_scores(path: Path) -> dict[str, Any]:
    """The content of a result file.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is no JSON, or not an object.
    """
    text = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits
        raise FormatError(
            f"{path}: not JSON ({error}); expected a file of mohart eval --json"
        ) from (error)
    if not isinstance(content, dict):
        raise FormatError(f"{path}: expected a file of mohart eval --json, found other JSON")
    return content
