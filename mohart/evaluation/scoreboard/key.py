"""Results of the benchmark on disk: one file per set, tracker and what it was measured with.

`FOLDER/SET/TRACKER-KEY.json` is a result file like those of `mohart eval init --json`, so two of
them can be compared with `mohart eval --compare`. The key is a hash over the definition of the set
and the identity of the tracker: with other weights another file is written, and all others stay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mohart.evaluation.scoreboard.sets import code_hash
from mohart.tracking.protocol import Tracker
from mohart.versions import PACKAGE

VERSION = 1  # counts up when the same run would give other counts
KEY_LENGTH = 12
CODE = {  # what decides about a tracker's answers, in the package; OpenCV's trackers: the last one
    "mohart": ("nn", "model", "boxes.py", "tracking/learned/recurrent.py", "tracking/lifecycle.py"),
    "static": ("tracking/baselines/static.py",),
    "velocity": ("tracking/baselines/velocity.py",),
    "opencv": ("tracking/baselines/opencv.py", "tracking/lifecycle.py"),
}
NAMES_ONLY = ("weights",)  # details that say where something lies, not what it is


def tracker_identity(tracker: Tracker) -> dict[str, Any]:
    """What a tracker is: name, its details (hashes of weights and models), and its code."""
    places = [PACKAGE / place for place in CODE.get(tracker.name, CODE["opencv"])]
    files = [f for p in places for f in (sorted(p.rglob("*.py")) if p.is_dir() else [p])]
    details: Mapping[str, Any] = getattr(tracker, "details", {})
    return {
        "name": tracker.name,
        "details": {k: v for k, v in details.items() if k not in NAMES_ONLY},
        "code": code_hash(files),
    }


def result_path(
    folder: Path,
    set_name: str,
    tracker: str,
    *,
    definition: Mapping[str, Any],
    identity: Mapping[str, Any],
) -> Path:
    """Where the result of a tracker on a set is, or will be.

    Args:
        folder: of all results.
        set_name: of the set.
        tracker: name under which it is asked for.
        definition: of the set, see `mohart.evaluation.scoreboard.sets.BenchSet.definition`.
        identity: of the tracker, see `tracker_identity`.
    """
    measured_with = {"version": VERSION, "set": definition, "tracker": identity}
    text = json.dumps(measured_with, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]
    return folder / set_name / f"{tracker}-{key}.json"
