"""The trackers of the library `trackers` and the settings that each of them is tried with.

The grid is two values for each of three settings, the library's own default first: how many
detections confirm a track, how much overlap a match needs, and which scores count as high. The best
of a tracker's eight is chosen on the very data that it is scored on, which is an advantage to it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

Settings = dict[str, Any]
WORKER = Path(__file__).with_name("rival_worker.py")

LOW = {"high_conf_det_threshold": 0.3, "track_activation_threshold": 0.4}
SOONER = {"minimum_consecutive_frames": 1}
AXES: dict[str, tuple[Settings, Settings, Settings]] = {
    "sort": (SOONER, {"minimum_iou_threshold": 0.1}, {"track_activation_threshold": 0.6}),
    "bytetrack": (SOONER, {"minimum_iou_threshold": 0.3}, LOW),
    "ocsort": (SOONER, {"minimum_iou_threshold": 0.1}, {"high_conf_det_threshold": 0.3}),
    "botsort": (SOONER, {"minimum_iou_threshold_first_assoc": 0.1}, LOW),
    "cbiou": (SOONER, {"buffer_ratio_first": 0.5, "buffer_ratio_second": 0.7}, LOW),
    "mcbyte": (SOONER, {"minimum_iou_threshold_first_assoc": 0.3}, LOW),
}


def grid(tracker: str) -> list[Settings]:
    """Eight settings, the default first; the default alone for a tracker that is not listed."""
    if tracker not in AXES:
        return [{}]
    chosen: list[Settings] = []
    for taken in product((False, True), repeat=3):
        settings: Settings = {}
        for change, is_taken in zip(AXES[tracker], taken, strict=True):
            settings |= change if is_taken else {}
        chosen.append(settings)
    return chosen


def in_words(settings: Settings) -> str:
    """For a table."""
    short = ", ".join(f"{name}={value:g}" for name, value in settings.items())
    return short or "default"


def installed(python: Path) -> tuple[str, list[str]]:
    """Version of the library in another environment, and the trackers that it has.

    Raises:
        subprocess.CalledProcessError: it is not installed there.
    """
    command = [str(python), str(WORKER), "--list"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer["version"], answer["trackers"]


def run_jobs(python: Path, jobs: list[dict[str, Any]], work: Path) -> None:
    """Run jobs in the other environment, see `rival_worker`.

    Raises:
        subprocess.CalledProcessError: a tracker failed; what was done before is kept.
    """
    if not jobs:
        return
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=work, suffix=".json") as listed:
        json.dump(jobs, listed)
        listed.flush()
        subprocess.run([str(python), str(WORKER), listed.name], check=True)
