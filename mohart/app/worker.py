"""`python -m mohart.app.worker JOB`: track one video, telling every frame as a line of JSON.

A line of `events-N.jsonl` is `[frame, seconds, [[id, x1, y1, x2, y2, confidence, state], ...]]`:
frame from zero, seconds since tracking began, boxes xyxy pixels, state 0 active, 1 predicted,
2 lost. The settings of `job.json`: `source`, `tracker`, `device`, `model` (weights, or None; a job
that is older has none), `first`, `detector_from` (a name for `build_detector`, or None),
`detect_every`, `previous` (the id of a job to go on from, or None); for the page alone `detector`,
`rows` and `version`.

SIGTERM ends the run and keeps what was tracked. The process ends with the server that started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from mohart.app.check import end_with_parent
from mohart.app.jobs import JOB, KEYFRAMES, OUTCOME, RESULT, events_file
from mohart.app.places import read_json, write_json
from mohart.assembly import build_detector, build_tracker
from mohart.errors import MohartError
from mohart.formats.keyframes import read_keyframes
from mohart.keyframes import Keyframes
from mohart.locks import locked
from mohart.session.feed import DetectionFeed
from mohart.session.report import Report
from mohart.session.resume import EarlierRun, check_same, read_run, take_over
from mohart.session.run import track_video
from mohart.structures import ACTIVE, LOST, PREDICTED, TrackedObjects
from mohart.tracking.protocol import Tracker
from mohart.video import open_source

STATES = (ACTIVE, PREDICTED, LOST)
OPTIONS = ("tracker", "device", "model", "detect_every")  # as `mohart track` names them
FLUSH_SECONDS = 0.1
THREADS = 1  # as the command line has it: another number changes the last digits


class Telling:
    """Writes what is tracked, line by line.

    Args:
        file: open for writing.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._start = time.perf_counter()
        self._flushed = 0.0

    def __call__(self, frame: int, tracks: TrackedObjects) -> None:
        """One frame, counted from zero."""
        shown = tracks.select(np.isin(tracks.state, STATES))
        boxes = np.round(shown.xyxy.astype(np.float64), 2).tolist()
        rows = [
            [int(shown.tracker_id[k]), *box, round(float(shown.confidence[k]), 3), state]
            for k, box in enumerate(boxes)
            for state in [STATES.index(str(shown.state[k]))]
        ]
        now = time.perf_counter() - self._start
        self._file.write(json.dumps([frame, round(now, 3), rows], separators=(",", ":")) + "\n")
        if now - self._flushed > FLUSH_SECONDS:
            self._flushed = now
            self._file.flush()


def work(folder: Path) -> None:
    """Do the job of a folder and write how it ended.

    Raises:
        OutputError: that cannot be written.
    """
    job = read_json(folder / JOB)
    outcome: dict[str, Any]
    try:
        report = _track(folder, job["settings"], job["attempt"])
    except KeyboardInterrupt:
        outcome = {"status": "cancelled", "message": "cancelled before the first frame"}
    except MohartError as error:
        outcome = {"status": "failed", "message": _line(error)}
    except Exception as error:  # told on the page, and in full in the job's folder
        traceback.print_exc()
        text = f"unexpected error: {type(error).__name__}: {_line(error)}"
        outcome = {"status": "failed", "message": text}
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing is left to cancel
        why = report.failure or "cancelled"
        warnings = [text for text in report.warnings if "interrupted" not in text]
        if report.failure and not report.interrupted:
            warnings.append(report.failure)
        outcome = {
            "status": "cancelled" if report.interrupted else "done",
            "message": f"{why}; what was tracked is kept" if report.interrupted else None,
            "last": report.last_frame - 1,
            "warnings": warnings,
        }
    write_json(folder / OUTCOME, outcome)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _track(folder: Path, settings: Mapping[str, Any], attempt: int) -> Report:
    drawn = read_keyframes(folder / KEYFRAMES, frame="all").keyframes if settings["rows"] else None
    keyframes = drawn or Keyframes.empty()
    tracker = build_tracker(settings["tracker"], **_options(settings))
    feed = None
    if settings["detector_from"]:
        feed = DetectionFeed(build_detector(settings["detector_from"]), settings["detect_every"])
    events = events_file(folder, attempt)
    with open_source(settings["source"]) as source, events.open("w", encoding="utf-8") as file:
        size = source.width, source.height
        return track_video(
            source,
            tracker,
            keyframes,
            output=folder / RESULT,
            feed=feed,
            init_frame=settings["first"],
            overwrite=True,
            watch=Telling(file),
            earlier=_earlier(folder, settings, keyframes, size, tracker),
            details={
                "model": tracker.details or None,
                "options": {
                    **{key: settings.get(key) for key in OPTIONS},
                    "detector": settings["detector_from"],
                },
                "source_path": settings["source"],
            },
        )


def _earlier(
    folder: Path,
    settings: Mapping[str, Any],
    keyframes: Keyframes,
    size: tuple[int, int],
    tracker: Tracker,
) -> EarlierRun | None:
    """The frames of the job before that stay as they are; None where all is tracked anew."""
    if settings["previous"] is None:
        return None
    try:
        past = read_run(folder.parent / settings["previous"] / RESULT)
        check_same(past, size=size, model=tracker.details or None)
        if past.start != settings["first"]:
            return None
        return take_over(past, keyframes.since(past.keyframes))
    except MohartError:  # removed meanwhile, or of another version: the result is the same
        return None


def _options(settings: Mapping[str, Any]) -> dict[str, Any]:
    if settings["tracker"] != "mohart":
        return {}
    return {
        "device": settings["device"],
        "model": settings.get("model"),
        "threads": THREADS,
    }


def _cancel(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main(folder: Path) -> int:
    """Work on a job; 0 where it could be told how it ended, whatever came of it."""
    signal.signal(signal.SIGTERM, _cancel)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; it ends us
    os.nice(5)  # the page stays quick
    end_with_parent()
    with locked(folder / ".worker", seconds=20):  # one of a killed server may still be ending
        work(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
