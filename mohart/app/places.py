"""Where the page keeps its files, and what an id is.

Conventions: everything lies below one folder, `videos/ID/` and `jobs/ID/`. Ids are made here and
are the only words of a request that become part of a path; links below the folder are not followed.
"""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

from mohart.errors import MohartError
from mohart.files import write_text

ID = r"^[0-9a-f]{16}$"
NAME_LENGTH = 120  # characters of a name that is shown


class RefusalError(MohartError):
    """A request that is not fulfilled.

    Args:
        status: of the HTTP answer.
        message: one line for the user.
        **more: put beside the message into the answer.
    """

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


def new_id() -> str:
    """16 random hexadecimal digits."""
    return secrets.token_hex(8)


def is_id(text: str) -> bool:
    r"""Whether a text can be an id.

    >>> is_id("0123456789abcdef"), is_id("../../../etc/pass"), is_id("0123456789abcdef\n")
    (True, False, False)
    """
    return re.fullmatch(ID.strip("^$"), text) is not None


def plain_path(root: Path, *names: str) -> Path:
    """A path below a folder, which need not exist.

    Args:
        root: the folder.
        *names: of folders and at last of a file, each a plain name.

    Raises:
        RefusalError: a name is none, or a link stands on the way.
    """
    path = root
    for name in names:
        if name in ("", ".", "..") or any(mark in name for mark in "/\\\0"):
            raise RefusalError(404, "there is no such thing here")
        path = path / name
        if path.is_symlink():
            raise RefusalError(404, f"{name}: is a link; links in the app's folder are not used")
    return path


def read_json(path: Path) -> Any:
    """The content of a JSON file; None where it is missing or damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file completely or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    write_text(path, json.dumps(content, indent=1) + "\n")


def shown_name(text: str, otherwise: str = "video") -> str:
    r"""A name of a file or an object as it may be shown: one line without control characters.

    >>> shown_name("../a\x00b\n.mp4"), shown_name(" "), len(shown_name("x" * 500))
    ('.. a b .mp4', 'video', 120)
    """
    printable = "".join(c if c.isprintable() and c not in "/\\" else " " for c in text)
    return " ".join(printable.split())[:NAME_LENGTH] or otherwise
