"""`seqinfo.ini` of a MOTChallenge sequence: name, rate, length, size, where the images are.

Source: MOTChallenge development kit, `seqinfo.ini` with a `[Sequence]` section.
"""

from __future__ import annotations

import configparser
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, cast

from mohart.errors import did_you_mean
from mohart.files import write_text
from mohart.formats.problems import Problem, raise_first_error
from mohart.formats.text import read_text

SECTION = "Sequence"
KEYS = ("name", "imDir", "frameRate", "seqLength", "imWidth", "imHeight", "imExt")
REQUIRED = ("frameRate", "seqLength", "imWidth", "imHeight")
MAX_WHOLE = 10_000_000  # frames, and pixels a side
MAX_RATE = 1_000_000  # frames per second


@dataclass(frozen=True, kw_only=True)
class SequenceInfo:
    """What `seqinfo.ini` says about a sequence.

    Attributes:
        name: of the sequence.
        frame_rate: frames per second.
        length: number of frames.
        width: of a frame, pixels.
        height: of a frame, pixels.
        image_dir: folder of the images, relative to the sequence.
        image_ext: ending of the image files, with its dot.
    """

    name: str
    frame_rate: float
    length: int
    width: int
    height: int
    image_dir: str = "img1"
    image_ext: str = ".jpg"


class FrameEntries(NamedTuple):
    """The two entries that reading frames needs.

    Attributes:
        frame_rate: frames per second, None where the file does not say.
        image_dir: folder of the images, relative to the sequence.
    """

    frame_rate: float | None = None
    image_dir: str = "img1"


def scan_seqinfo(path: Path) -> tuple[SequenceInfo | None, list[Problem]]:
    """The content, None where it has errors, and everything that is wrong with it.

    Raises:
        MissingDataError: there is no such file.
        FormatError: the file is not text.
    """
    section, lines, problem = _parse(path)
    if problem is not None:
        return None, [problem]
    problems = [
        Problem(path, None, f"the key '{key}' is missing", f"add a line `{key}=...`")
        for key in REQUIRED
        if not section.get(key, "").strip()
    ]
    known = [key.lower() for key in KEYS]
    for key in section:
        if key not in known:
            what = f"unknown key '{key}'{did_you_mean(key, KEYS)}"
            fix = "correct or remove it"
            problems.append(Problem(path, lines.get(key), what, fix, "warning"))
    problems += _check_image_dir(path, section, lines)
    numbers: dict[str, float] = {}
    for key in REQUIRED:
        number, wrong = _number(path, section, lines, key)
        problems += [wrong] if wrong else []
        numbers[key] = number or 0
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    extension = section.get("imExt", "").strip() or ".jpg"
    info = SequenceInfo(
        name=section.get("name", "").strip() or path.absolute().parent.name,
        frame_rate=numbers["frameRate"],
        length=int(numbers["seqLength"]),
        width=int(numbers["imWidth"]),
        height=int(numbers["imHeight"]),
        image_dir=_image_dir(section),
        image_ext=extension if extension.startswith(".") else f".{extension}",
    )
    return info, problems


def _parse(path: Path) -> tuple[Mapping[str, str], dict[str, int], Problem | None]:
    """Keys in small letters -> values, their lines from 1, and what is wrong with the whole."""
    text = read_text(path)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        what = f"expected an ini file: {str(error).splitlines()[0]}"
        fix = f"write [{SECTION}] first, then one `key=value` a line"
        return {}, {}, Problem(path, _error_line(error), what, fix)
    if not parser.has_section(SECTION):
        what = f"expected a section [{SECTION}], found {', '.join(parser.sections()) or 'none'}"
        return {}, {}, Problem(path, None, what, f"write [{SECTION}] as the first line")
    lines = {
        line.split("=")[0].strip().lower(): number
        for number, line in enumerate(text.splitlines(), 1)
    }
    return parser[SECTION], lines, None


def _number(
    path: Path, section: Mapping[str, str], lines: Mapping[str, int], key: str
) -> tuple[float | None, Problem | None]:
    """The positive number of a key; None where it is missing or, with a problem, is none."""
    value = section.get(key, "").strip()
    most = MAX_RATE if key == "frameRate" else MAX_WHOLE
    number = _positive(value, whole=key != "frameRate", most=most)
    if not value or number is not None:
        return number, None
    kind = "a positive number" if key == "frameRate" else "a whole number above 0"
    what = f"{key}: expected {kind}, up to {most}, got '{value[:40]}'"
    return None, Problem(path, lines.get(key.lower()), what, "correct it")


def _image_dir(section: Mapping[str, str]) -> str:
    return section.get("imDir", "").strip() or "img1"


def _check_image_dir(
    path: Path, section: Mapping[str, str], lines: Mapping[str, int]
) -> list[Problem]:
    """A file that came with data may not lead out of them."""
    folder = PurePosixPath(_image_dir(section).replace("\\", "/"))
    if not folder.is_absolute() and ".." not in folder.parts and ":" not in str(folder):
        return []
    what = f"imDir: expected a folder inside the sequence, got '{folder}'"
    return [Problem(path, lines.get("imdir"), what, "move the images there, or name their folder")]


def _error_line(error: configparser.Error) -> int | None:
    """Line number that a configparser error carries in one of two places."""
    line = getattr(error, "lineno", None)
    errors = getattr(error, "errors", None)
    if errors:
        line = errors[0][0]
    return line if isinstance(line, int) else None


def _positive(text: str, *, whole: bool, most: int) -> float | None:
    """The number, or None where it is not one, not positive, too large or not whole."""
    try:
        number = float(text)
    except ValueError:
        return None
    fine = math.isfinite(number) and 0 < number <= most and (not whole or number == int(number))
    return number if fine else None


def read_seqinfo(path: Path) -> SequenceInfo:
    """The content of a `seqinfo.ini`.

    `imDir` and `imExt` may be missing (img1, .jpg); the name defaults to that of the folder.

    Raises:
        MissingDataError: there is no such file.
        FormatError: a key is missing or its value is no positive number; names path and line.
    """
    info, problems = scan_seqinfo(path)
    raise_first_error(problems)
    return cast(SequenceInfo, info)  # None comes with an error, which was raised


def read_frame_entries(path: Path) -> FrameEntries | None:
    """What reading frames needs of a `seqinfo.ini`; None where there is no such file.

    Raises:
        FormatError: it is no ini file with its section, or its frameRate is no positive number.
            All other keys may be missing or wrong.
    """
    if not path.is_file():
        return None
    section, lines, problem = _parse(path)
    rate, wrong = _number(path, section, lines, "frameRate")
    outside = _check_image_dir(path, section, lines)
    raise_first_error([*(found for found in (problem, wrong) if found), *outside])
    return FrameEntries(rate, _image_dir(section))


def write_seqinfo(path: Path, info: SequenceInfo, *, tail: str = "") -> None:
    """Write a `seqinfo.ini`, completely or not at all, keys in the official order.

    Args:
        path: of the file.
        info: what it says.
        tail: lines of comment below, each with its `; ` and its end.

    Raises:
        OutputError: the file cannot be written.
    """
    values = (
        " ".join(info.name.split()),  # on one line, or it would not be read again
        info.image_dir,
        f"{info.frame_rate:.10g}",
        info.length,
        info.width,
        info.height,
        info.image_ext,
    )
    rows = [f"{key}={value}\n" for key, value in zip(KEYS, values, strict=True)]
    write_text(path, "".join([f"[{SECTION}]\n", *rows, tail]))
