"""Which annotation format a file has, by its content, and by the name of one to be written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from mohart.errors import ConfigError, FormatError, MissingDataError, did_you_mean
from mohart.formats.dialects import read_header, split_table
from mohart.formats.text import as_numbers, split_line

Format = Literal["mot", "mot-det", "kitti", "coco-vid", "cvat", "detrac", "csv", "parquet", "jsonl"]
FormatKind = Literal["gt", "results"]
FORMATS: tuple[Format, ...] = get_args(Format)
ENDINGS: dict[Format, tuple[str, ...]] = {
    "mot": (".txt", ".csv"),
    "mot-det": (".txt", ".csv"),
    "kitti": (".txt",),
    "coco-vid": (".json",),
    "cvat": (".xml",),
    "detrac": (".xml",),
    "csv": (".csv",),
    "parquet": (".parquet", ".pq"),
    "jsonl": (".jsonl", ".ndjson"),
}
ALL_ENDINGS = {ending for endings in ENDINGS.values() for ending in endings}
HEAD_BYTES = 1 << 16
SAY_KIND = "say --kind gt or --kind results"


class Detected(NamedTuple):
    """What a file seems to be.

    Attributes:
        format: its format.
        kind: `gt` or `results` for MOT and KITTI; None for the others.
        why: what told so; empty where nothing had to be guessed.
    """

    format: Format
    kind: FormatKind | None
    why: str


def detect_format(
    path: Path, *, given: Format | None = None, kind: FormatKind | None = None
) -> Detected:
    """Format and kind of a file to be read.

    Args:
        path: the file.
        given: the format, where the user said it.
        kind: the kind, where the user said it.

    Raises:
        MissingDataError: there is no such file.
        FormatError: nothing known.
        ConfigError: it may be two things; says which option decides.
    """
    if given not in (None, "mot", "kitti"):
        return Detected(given, kind, "")
    head = _head(path)
    lines = [split_line(line) for line in head.splitlines() if line.strip()]
    if given is None:
        found, why = _format(path, head, lines)
    else:
        found, why = given, ""
    if found in ("mot", "kitti"):
        guessed: FormatKind | None = kind
        if kind is None:
            guess = _mot_kind if found == "mot" else _kitti_kind
            guessed, reason = guess(path, lines)
            why = f"{why}, {reason}" if why else reason
        return Detected(found, guessed, why)
    return Detected(found, kind, why)


def _head(path: Path) -> str:
    """The beginning of a file, up to the last whole line."""
    try:
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise MissingDataError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise MissingDataError(f"{path}: cannot be read ({error.strerror})") from error
    text = start.decode("utf-8", "replace").removeprefix("\ufeff")
    return text if len(start) < HEAD_BYTES else text.rpartition("\n")[0] or text


def _format(path: Path, head: str, lines: list[list[str]]) -> tuple[Format, str]:
    """The format by content; the ending decides where there is none."""
    text = head.lstrip()
    if text.startswith("PAR1"):
        return "parquet", ""
    if text.startswith("<"):
        root = re.search(r"<(annotations|sequence)[\s>]", text)
        if root:
            return ("cvat", "") if root[1] == "annotations" else ("detrac", "")
    elif text.startswith(("{", "[")):
        first = text.partition("\n")[0]
        is_rows = re.match(r'\{\s*"(video|frame)"\s*:', first) and first.rstrip().endswith("}")
        return ("jsonl", "") if is_rows or path.suffix in ENDINGS["jsonl"] else ("coco-vid", "")
    elif lines and ({"frame", "x1"} <= set(lines[0]) or _has_known_header(head)):
        return "csv", ""
    elif lines and len(lines[0]) >= 6:
        if as_numbers(lines[0][:6]) is not None:
            return "mot", "columns of numbers"
        if as_numbers(lines[0][:2]) is not None and len(lines[0]) >= 10:
            return "kitti", "a word in column 3"
    by_ending = _by_ending(path)
    if path.name in ("gt.txt", "det.txt") and not lines:
        return ("mot", "by its name") if path.name == "gt.txt" else ("mot-det", "by its name")
    if len(by_ending) == 1:
        return by_ending[0], "by its ending"
    seen = "an empty file" if not text else f"content that no format has, {text[:20]!r}"
    raise FormatError(f"{path}:1: {seen}; say --from with one of {', '.join(FORMATS)}")


def _has_known_header(head: str) -> bool:
    """Whether it begins with the header of a table of boxes, whoever wrote it."""
    first = next(iter(split_table(head)), None)
    return first is not None and read_header(first[1]) is not None


def _by_ending(path: Path) -> list[Format]:
    ending = path.suffix.lower()
    return ["csv"] if ending == ".csv" else [name for name in FORMATS if ending in ENDINGS[name]]


def _mot_kind(path: Path, lines: list[list[str]]) -> tuple[FormatKind, str]:
    """`gt` or `results` by name and columns."""
    if path.name == "gt.txt" or path.parent.name == "gt":
        return "gt", "named gt"
    columns = max((len(fields) for fields in lines), default=6)
    flags = {fields[6] for fields in lines if len(fields) > 6}
    if columns == 9:
        return "gt", "9 columns"
    if columns == 10 and all(as_numbers(fields[7:]) == [-1, -1, -1] for fields in lines):
        return "results", "10 columns ending in -1,-1,-1"
    if columns == 6 or not flags <= {"0", "1", "0.0", "1.0"}:
        return "results", "column 7 is a confidence" if flags else "6 columns"
    raise ConfigError(
        f"{path}: ground truth or results? both may have {columns} columns like these; {SAY_KIND}"
    )


def _kitti_kind(_: Path, lines: list[list[str]]) -> tuple[FormatKind, str]:
    """`gt` or `results` by the number of columns."""
    columns = max((len(fields) for fields in lines), default=17)
    return ("results", "a score in column 18") if columns > 17 else ("gt", "17 columns")


def target_format(target: Path, given: Format | None) -> Format:
    """The format to be written.

    Raises:
        ConfigError: the name fits several formats, or none; or it contradicts the format.
    """
    ending = target.suffix.lower()
    is_folder = target.is_dir() or ending not in ALL_ENDINGS
    if given is not None:
        if not is_folder and ending not in ENDINGS[given]:
            raise ConfigError(
                f"{target}: a {given} file ends in {' or '.join(ENDINGS[given])}; rename it, or "
                "give a folder"
            )
        return given
    if is_folder:
        raise ConfigError(
            f"{target}: a folder may hold any format; say --to with one of {', '.join(FORMATS)}"
        )
    if target.name in ("gt.txt", "det.txt"):
        return "mot" if target.name == "gt.txt" else "mot-det"
    fitting = _by_ending(target)
    if len(fitting) > 1:
        raise ConfigError(f"{target}: {' and '.join(fitting)} end in {ending}; say --to with one")
    return fitting[0]


def check_format(word: str | None, option: str) -> Format | None:
    """The format that a user named.

    Raises:
        ConfigError: there is none of this name.
    """
    if word is None:
        return None
    for name in FORMATS:
        if name == word:
            return name
    raise ConfigError(f"{option}: unknown format '{word}'{did_you_mean(word, FORMATS)}")
