"""`labels.txt` beside ground truth: names of classes, line n is class n, as CVAT writes it.

Where it is there, the classes are not MOTChallenge's, so none of them is a distractor: only the
flag says what is ignored, for every reader.
"""

from __future__ import annotations

from pathlib import Path

from mohart.formats.annotation import plain_text
from mohart.formats.text import read_text

LABELS = "labels.txt"


def labels_path(path: Path) -> Path:
    """Where the class names lie: `labels.txt` beside `gt.txt`, `NAME.labels.txt` beside others.

    >>> labels_path(Path("a/gt.txt")).as_posix(), labels_path(Path("b.txt")).as_posix()
    ('a/labels.txt', 'b.labels.txt')
    """
    return path.with_name(LABELS if path.name == "gt.txt" else f"{path.stem}.{LABELS}")


def read_labels(path: Path) -> dict[int, str]:
    """Names of the classes of a ground truth file; empty where nothing beside it says them.

    Raises:
        FormatError: it is no text.
    """
    file = labels_path(path)
    if not file.is_file():
        return {}
    names = [plain_text(line) for line in read_text(file).splitlines()]
    return {number: name for number, name in enumerate(names, 1) if name}
