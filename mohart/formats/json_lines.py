"""JSON files whose errors name a line, and the lines of the elements of their lists."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from mohart.errors import FormatError

_BLANK = re.compile(r"[ \t\n\r]*")


def parse_json(text: str, path: Path, line: int = 1) -> Any:
    """The content of JSON text that starts at a line of a file.

    Raises:
        FormatError: it is not JSON; names the line.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{path}:{line + error.lineno - 1}: not JSON ({error.msg}); was the file cut off?"
        ) from error
    except (RecursionError, ValueError) as error:
        raise FormatError(
            f"{path}:{line}: cannot be read as JSON ({error}); is this the right file?"
        ) from error


class ElementLines(Sequence[int]):
    """Lines of elements of a list in a JSON object, found when somebody asks for one.

    Args:
        text: of the file, valid JSON.
        key: of the list, in the object at the top.
        indices: which elements.
    """

    def __init__(self, text: str, key: str, indices: Sequence[int]) -> None:
        self._text, self._key, self._indices = text, key, indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, row: int) -> int: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[int]: ...
    def __getitem__(self, row: int | slice) -> int | Sequence[int]:
        """The line of one element; 1 where it cannot be found."""
        if isinstance(row, slice):
            return [self[k] for k in range(*row.indices(len(self)))]
        index = self._indices[row]
        return self._lines[index] if index < len(self._lines) else 1

    @cached_property
    def _lines(self) -> list[int]:
        return _element_lines(self._text, self._key)


def _element_lines(text: str, key: str) -> list[int]:
    """Line of every element of a list; the last one with this key, as in `json.loads`."""
    decoder = json.JSONDecoder()
    lines: list[int] = []

    def skip(position: int) -> int:
        match = _BLANK.match(text, position)
        return match.end() if match else position

    position = skip(skip(0) + 1)
    while position < len(text) and text[position] == '"':
        name, position = decoder.raw_decode(text, position)
        position = skip(skip(position) + 1)  # over the colon
        if name != key or text[position] != "[":
            _, position = decoder.raw_decode(text, position)
        else:
            lines, line, counted = [], 1, 0
            position = skip(position + 1)
            while text[position] != "]":
                line += text.count("\n", counted, position)
                counted = position
                lines.append(line)
                _, position = decoder.raw_decode(text, position)
                position = skip(position)
                position = skip(position + 1) if text[position] == "," else position
            position += 1
        position = skip(position)
        if position < len(text) and text[position] == ",":
            position = skip(position + 1)
    return lines
