"""COCO result lists -> Annotation: what detectors write, `[{"image_id": 1, "bbox": [...], ...}]`.

Conventions: `bbox` is left, top, width, height. There are no images in such a file, so `image_id`
must be the number of the frame: from 0 where there is a frame 0, otherwise from 1. Identities are
not read.

Source: COCO, "Results format", detection.
"""

from __future__ import annotations

from pathlib import Path

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.json_lines import parse_json
from mohart.formats.problems import Problem
from mohart.formats.rows import DamagedFileError, Header, Row, check_rows, make_annotation
from mohart.formats.text import read_text

KEYS = ("image_id", "bbox", "score")


def is_coco_results(path: Path) -> bool:
    """Whether a file's first character opens a list, as in no other format here."""
    try:
        with path.open("rb") as file:
            return file.read(64).decode("utf-8", "ignore").lstrip("\ufeff \t\r\n")[:1] == "["
    except OSError:
        return False


def read_coco_results(path: Path) -> Annotation:
    """A list of results; `assumed` says how frames were counted.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not JSON or no such list; a DamagedFileError has all problems.
    """
    entries = parse_json(read_text(path), path)
    if not isinstance(entries, list):
        raise FormatError(f"{path}:1: expected a list of objects with {', '.join(KEYS)}")
    rows: list[Row] = []
    for number, entry in enumerate(entries, 1):
        box = entry.get("bbox") if isinstance(entry, dict) else None
        missing = [key for key in KEYS if not isinstance(entry, dict) or key not in entry]
        if missing or not isinstance(box, list) or len(box) != 4:
            what = f"no '{missing[0]}'" if missing else "bbox is not left, top, width, height"
            problem = Problem(path, None, f"result {number}: {what}", "see docs/guide/formats.md")
            raise DamagedFileError([problem])
        rows.append(
            Row(
                frame=entry["image_id"],
                track_id=None,
                box=(box[0], box[1], box[2], box[3]),
                confidence=entry["score"],
                class_id=entry.get("category_id", 1),
            )
        )
    checked = check_rows(
        path, rows, range(1, len(rows) + 1), box="xywh", first_frame=0, identities=False
    )
    first = 0 if not rows or (checked.frame == 0).any() else 1
    assumed = f"image_id is taken as the number of the frame, counted from {first}"
    checked = checked._replace(frame=checked.frame - first)
    return make_annotation(path, checked, {}, Header(name=path.stem, assumed=(assumed,)))
