"""What goes to the terminal, without the control characters that a file's text may hold."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import TextIO

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def say(text: object = "", *, file: TextIO | None = None, flush: bool = False) -> None:
    """Print, harmlessly.

    Args:
        text: may have several lines.
        file: standard output where not given.
        flush: at once.
    """
    print(harmless(str(text)), file=file or sys.stdout, flush=flush)


def harmless(text: str) -> str:
    r"""A text whose control characters are shown, so that they do nothing; lines and tabs stay.

    Names out of files could otherwise colour, move or answer for the terminal.

    >>> harmless("red \x1b[31m\n")
    'red \\x1b[31m\n'
    """
    return _CONTROL.sub(lambda found: _shown(found[0]), text)


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "object"), counted(0, "box"), counted(2, "identity")
    ('1 object', '0 boxes', '2 identities')
    """
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}{'es' * noun.endswith('x')}"
        noun += "s" * (not noun.endswith("s"))
    return f"{number} {noun}"


def _shown(letter: str) -> str:
    number = ord(letter)
    if unicodedata.category(letter) == "Cs":  # of a name that is not UTF-8
        return f"\\x{number & 0xFF:02x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
