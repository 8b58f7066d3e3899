"""Which layout a data folder has, and reading it whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mohart.data.kitti import LAYOUT as KITTI_LAYOUT
from mohart.data.kitti import find_kitti_root, read_kitti_folder
from mohart.data.mot import LAYOUT as MOT_LAYOUT
from mohart.data.mot import find_mot_sequences, read_mot_folder
from mohart.data.sequence import Sequence
from mohart.errors import MissingDataError

Layout = Literal["mot", "kitti"]


def detect_layout(path: Path) -> Layout | None:
    """`mot` or `kitti`, None where the folder has neither layout or does not exist."""
    if find_kitti_root(path) is not None:
        return "kitti"
    return "mot" if find_mot_sequences(path) else None


def read_folder(path: Path, *, detector: str = "FRCNN") -> list[Sequence]:
    """The sequences of a folder in MOT or KITTI layout.

    Args:
        path: the folder.
        detector: see `data.mot.read_mot_folder`.

    Raises:
        MissingDataError: no such folder, or neither layout.
        FormatError: a file is damaged; `mohart data check` lists everything that is wrong.
        ConfigError: see `data.mot.read_mot_folder`.
    """
    match detect_layout(path):
        case "mot":
            return read_mot_folder(path, detector=detector)
        case "kitti":
            return read_kitti_folder(path)
        case None:
            state = "unknown layout" if path.exists() else "no such folder"
            raise MissingDataError(
                f"{path}: {state}; expected MOT ({MOT_LAYOUT}) or KITTI ({KITTI_LAYOUT}); "
                "see mohart data --help"
            )
