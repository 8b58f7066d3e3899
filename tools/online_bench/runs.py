"""Runs that are kept, in a store like that of `mohart bench`: only what is new is run.

`WORK/runs/SET/SEQUENCE/` holds what trackers reported, MOT text, `WORK/results/SET-every-N/` their
scores. What both depend on is told by one rule, `mohart.evaluation.scoreboard.key`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mohart.assembly import build_tracker
from mohart.evaluation.scoreboard.code import hash_of_modules
from mohart.evaluation.scoreboard.key import tracker_identity
from mohart.evaluation.scoreboard.store import Kept, Store, stamp
from mohart.structures import Tracks
from online_bench.own import run_own
from online_bench.rivals import WORKER, Settings, grid, run_jobs
from online_bench.scoring import coasted, filled, read_results, score
from online_bench.sets import OnlineSequence, OnlineSet

View = Callable[[Tracks, OnlineSequence], Tracks]


@dataclass(frozen=True)
class Entry:
    """One line of the table.

    Attributes:
        tracker: its name.
        rival: whether it is the library's.
        every: frames between two detections.
        view: `online`, `called only then` (nothing in the frames between), `coasted` (constant
            velocity there), `interpolated` (offline: gaps filled afterwards).
        settings: of a rival.
        scores: as `Scores.to_dict` gives them.
        seconds: per frame, of own trackers.
    """

    tracker: str
    rival: bool
    every: int
    view: str
    settings: Settings
    scores: dict[str, Any] = field(repr=False)
    seconds: float | None = None


def own_entry(
    data: OnlineSet, name: str, model: str | None, every: int, work: Path
) -> Entry | None:
    """Scores of one of mohart's trackers; None where it does not take detections."""
    tracker = build_tracker(name, model=model, threads=1)
    if not tracker.takes_detections:
        return None
    identity = tracker_identity(tracker)
    results, seconds = {}, 0.0
    for sequence in data.sequences:
        kept = _run(data, sequence, name, every, identity, work)
        results[sequence.name] = kept.path.with_suffix(".txt")
        if not kept.is_there:
            timing = run_own(tracker, sequence, every, results[sequence.name])
            kept.write({"rows": [], "seconds_per_frame": timing}, stamp())
        seconds += kept.read()["seconds_per_frame"] * sequence.length
    found = _scored(data, results, every, "online", name, identity, work)
    per_frame = seconds / sum(sequence.length for sequence in data.sequences)
    return Entry(name, False, every, "online", {}, found, per_frame)


def rival_entries(
    data: OnlineSet,
    python: Path,
    version: str,
    names: list[str],
    every: int,
    work: Path,
    *,
    defaults_only: bool = False,
) -> Iterator[Entry]:
    """Scores of every rival, setting and view; what is missing is run first."""
    plan = [
        (name, settings, mode)
        for name in names
        for mode in (("online",) if every == 1 else ("online", "sparse"))
        for settings in _tried(name, mode, every, defaults_only)
    ]
    identities = [rival_identity(version, *one) for one in plan]
    outputs: list[dict[str, Path]] = []
    jobs = []
    for (name, settings, mode), identity in zip(plan, identities, strict=True):
        files = {
            s.name: _run(data, s, name, every, identity, work).path.with_suffix(".txt")
            for s in data.sequences
        }
        outputs.append(files)
        for sequence in data.sequences:
            out = files[sequence.name]
            if not out.is_file():
                video = str(sequence.video) if sequence.video else None
                jobs.append(
                    {
                        "tracker": name,
                        "settings": settings,
                        "mode": mode,
                        "every": every,
                        "detections": str(sequence.det),
                        "video": video,
                        "length": sequence.length,
                        "output": str(out),
                    }
                )
    run_jobs(python, jobs, work)
    for (name, settings, mode), identity, files in zip(plan, identities, outputs, strict=True):
        for view in _views(mode, every):
            found = _scored(data, files, every, view, name, identity, work)
            yield Entry(name, True, every, view, settings, found)


def rival_identity(version: str, name: str, settings: Settings, mode: str) -> dict[str, Any]:
    """What one of the library's trackers is, like `tracker_identity` of our own."""
    return {
        "name": f"trackers: {name}",
        "details": {"library": version, "settings": settings, "mode": mode},
        "code": hashlib.sha256(WORKER.read_bytes()).hexdigest(),
    }


def _tried(name: str, mode: str, every: int, defaults_only: bool) -> list[Settings]:
    """The grid; called with empty frames between, only its ends, as next to nothing comes out."""
    settings = grid(name)
    if defaults_only:
        return settings[:1]
    return [settings[0], settings[-1]] if mode == "online" and every > 1 else settings


def _views(mode: str, every: int) -> tuple[str, ...]:
    """What is made of one run."""
    if mode == "sparse":
        return "called only then", "coasted", "interpolated"
    return ("online", "interpolated") if every == 1 else ("online",)


def _changed(view: str, every: int) -> View:
    """What a view makes of a tracker's own results."""
    match view:
        case "interpolated":
            return lambda tracks, _: filled(tracks)
        case "coasted":
            return lambda tracks, sequence: coasted(tracks, every, sequence.length)
    return lambda tracks, _: tracks


def _run(
    data: OnlineSet,
    sequence: OnlineSequence,
    name: str,
    every: int,
    identity: Mapping[str, Any],
    work: Path,
) -> Kept:
    """Where a tracker's run on one sequence is; what it reported lies beside it as MOT text."""
    definition = {**sequence.definition(), "every": every}
    place = f"{data.name}/{sequence.name}"
    return Store(work / "runs").find(place, name, definition=definition, identity=identity)


def _scored(
    data: OnlineSet,
    files: Mapping[str, Path],
    every: int,
    view: str,
    name: str,
    identity: Mapping[str, Any],
    work: Path,
) -> dict[str, Any]:
    """Content of the result file of a set, made where it is not there yet."""
    kept = Store(work / "results").find(
        f"{data.name}-every-{every}",
        f"{name}-{view.replace(' ', '_')}",
        definition={**data.definition(), "every": every, "view": view, "scored_by": scored_by()},
        identity=identity,
    )
    if not kept.is_there:
        change = _changed(view, every)
        results = {s.name: change(read_results(files[s.name]), s) for s in data.sequences}
        kept.write(score(data, results, name).to_dict(), stamp())
    return kept.read()


def scored_by() -> str:
    """Hash of the code behind the scores: the package's measures, and the views made here."""
    views = Path(__file__).with_name("scoring.py").read_bytes()
    measures = hash_of_modules("mohart.metrics.evaluate", "mohart.metrics.rules")
    return measures + hashlib.sha256(views).hexdigest()
