"""Runs trackers of the library `trackers` in its own environment; needs nothing of mohart.

    python rival_worker.py JOBS.json      # or: python rival_worker.py --list

JOBS.json is a list of jobs with `tracker` (the library's name), `settings`, `detections` (MOT
text), `video` (file, or null), `length`, `every`, `mode`, and `output` (MOT text, written last, so
that what exists is whole). Detections count in the frames t with t % every == 0, from 0. Modes:

* `online`: called in every frame, with no detections in those between; what it returns is written.
* `sparse`: called only in the frames that have detections.

Only the trackers that use the picture (camera motion compensation) are given it.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

USES_FRAMES = ("botsort", "mcbyte")


def library() -> dict[str, Any]:
    """Name -> class of every tracker that the installed version has."""
    import trackers  # noqa: F401  # registers them
    from trackers.core.base import BaseTracker

    names = BaseTracker._registered_trackers()
    return {name: BaseTracker._lookup_tracker(name).tracker_class for name in names}


def read_detections(path: Path, length: int) -> list[np.ndarray]:
    """Rows x1, y1, x2, y2, score of every frame."""
    table = np.loadtxt(path, delimiter=",", usecols=range(7), ndmin=2)
    corners = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6], table[:, 6:7]], 1)
    frames = table[:, 0].astype(int) - 1
    return [corners[frames == t] for t in range(length)]


def run(job: dict[str, Any], make: Any, motions: dict[Any, Any] | None = None) -> list[str]:
    """Lines of a MOT result file.

    Args:
        job: see above.
        make: class of the tracker.
        motions: camera motion that other runs on the same video have found; added to.
    """
    import supervision as sv

    tracker = make(**job["settings"])
    found = read_detections(Path(job["detections"]), job["length"])
    if getattr(tracker, "cmc", None) is not None and motions is not None:
        share_motion(tracker.cmc, motions)
    wants_frames = job["tracker"] in USES_FRAMES and job["video"]
    frames = read_frames(job, motions) if wants_frames else iter(lambda: None, 0)
    lines: list[str] = []
    for t in range(job["length"]):
        asked = t % job["every"] == 0
        frame = next(frames)
        if motions is not None:
            motions["now"] = t
        if not asked and job["mode"] == "sparse":
            continue
        boxes = found[t] if asked else np.zeros((0, 5))
        detections = sv.Detections(
            xyxy=boxes[:, :4].astype(np.float32),
            confidence=boxes[:, 4].astype(np.float32),
            class_id=np.zeros(len(boxes), int),
        )
        answer = tracker.update(detections, frame)
        if answer.tracker_id is not None and len(answer):
            known = answer.tracker_id >= 0
            lines += rows(t, answer.tracker_id[known], answer.xyxy[known], answer.confidence[known])
    return lines


def share_motion(cmc: Any, motions: dict[Any, Any]) -> None:
    """Let runs on the same video estimate its camera motion once.

    The estimate between two frames, and what is kept of the second one, depend on these frames
    alone (trackers 2.6.1, utils/cmc.py, `sparseOptFlow`), not on a tracker's settings.
    """
    estimate, before = cmc.estimate, [None]
    kept = ("_initialized", "_prev_frame_gray", "_prev_points")

    def remembered(frame: np.ndarray, boxes: np.ndarray | None = None) -> Any:
        key = (repr(cmc.cfg), before[0], motions["now"])
        if key not in motions:
            found = estimate(frame, boxes)
            motions[key] = found, {name: getattr(cmc, name) for name in kept}
        found, state = motions[key]
        for name, value in state.items():
            setattr(cmc, name, value)
        before[0] = motions["now"]
        return found.copy()

    if cmc.cfg.method == "sparseOptFlow":
        cmc.estimate = remembered


def rows(t: int, ids: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> list[str]:
    """MOT text; ids from 1."""
    return [
        f"{t + 1},{number + 1},{x1:.3f},{y1:.3f},{x2 - x1:.3f},{y2 - y1:.3f},{score:.4f},-1,-1,-1"
        for number, (x1, y1, x2, y2), score in zip(ids, boxes, scores, strict=True)
        if x2 > x1 and y2 > y1
    ]


def read_frames(job: dict[str, Any], kept: dict[Any, Any] | None) -> Iterator[Any]:
    """The frames of a job's video, None where nobody looks; few ones are kept for the next job."""
    import cv2

    every = job["every"] if job["mode"] == "sparse" else 1
    few: dict[Any, Any] = {} if kept is None or every == 1 else kept
    name = f"every {every}"
    if name in few:
        yield from few[name]
        return
    capture = cv2.VideoCapture(job["video"])
    if not capture.isOpened():
        raise SystemExit(f"{job['video']}: cannot be opened")
    read = []
    for t in range(job["length"]):
        capture.grab()
        frame = capture.retrieve()[1] if t % every == 0 else None
        if every > 1:
            read.append(frame)
        yield frame
    few[name] = read


def main() -> int:
    """Run the jobs of a file."""
    import cv2

    cv2.setNumThreads(1)
    warnings.filterwarnings("ignore")
    classes = library()
    if sys.argv[1] == "--list":
        print(json.dumps({"version": version("trackers"), "trackers": sorted(classes)}))
        return 0
    jobs = json.loads(Path(sys.argv[1]).read_text())
    jobs.sort(key=lambda job: str(job["video"]))
    motions: dict[Any, Any] = {}
    for n, job in enumerate(jobs):
        if n and job["video"] != jobs[n - 1]["video"]:
            motions = {}
        start = time.perf_counter()
        lines = run(job, classes[job["tracker"]], motions)
        seconds = time.perf_counter() - start
        output = Path(job["output"])
        output.parent.mkdir(parents=True, exist_ok=True)
        part = output.with_suffix(".part")
        part.write_text("".join(line + "\n" for line in lines))
        part.replace(output)
        print(
            f"{n + 1}/{len(jobs)} {job['tracker']} {output.name} {seconds:.1f} s", file=sys.stderr
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
