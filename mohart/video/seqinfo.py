"""The two entries of a MOT sequence's seqinfo.ini that reading frames needs.

Source: MOTChallenge development kit, `seqinfo.ini` with a `[Sequence]` section.
"""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

from mohart.errors import FormatError


@dataclass(frozen=True)
class SequenceInfo:
    """What seqinfo.ini says about the frames.

    Attributes:
        frame_rate: frames per second, None where the file does not say.
        image_folder: name of the folder with the images, beside the file.
    """

    frame_rate: float | None = None
    image_folder: str = "img1"


def read_seqinfo(path: Path) -> SequenceInfo | None:
    """Read `seqinfo.ini`; None where there is no such file.

    Raises:
        FormatError: the file is not an ini file with a `[Sequence]` section, or its frameRate is
            not a positive number.
    """
    if not path.is_file():
        return None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        section = parser["Sequence"]
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise FormatError(
            f"{path}: expected an ini file with a [Sequence] section ({reason})"
        ) from None
    folder = section.get("imDir", "img1").strip() or "img1"
    text = section.get("frameRate", "").strip()
    if not text:
        return SequenceInfo(None, folder)
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < 10_000:
        raise FormatError(f"{path}: frameRate: expected a positive number, got '{text}'")
    return SequenceInfo(rate, folder)
