"""Runs that are kept: results by what they depend on, so that only what is new is run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mohart
from mohart.assembly import build_tracker
from mohart.structures import Tracks
from online_bench.own import run_own
from online_bench.rivals import Settings, grid, run_jobs
from online_bench.scoring import coasted, filled, read_results, score
from online_bench.sets import OnlineSequence, OnlineSet

PACKAGE = Path(mohart.__file__).parent
ROOMS = ("assembly", "model", "nn", "tracking", "weights")  # what a tracker's answer depends on


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
    if not build_tracker(name, model=model).takes_detections:
        return None
    state = _digest_of_package(model)
    results, seconds = {}, []
    for sequence in data.sequences:
        key = _digest("own", name, state, _digest_of_data(sequence), every)
        out = work / "runs" / data.name / name / f"{sequence.name}-{every}-{key}.txt"
        timing = out.with_suffix(".json")
        if not timing.is_file():
            timing_value = run_own(name, model, sequence, every, out)
            timing.write_text(json.dumps(timing_value))
        seconds.append(json.loads(timing.read_text()) * sequence.length)
        results[sequence.name] = out
    found = _scored(data, results, lambda tracks, _: tracks, f"{name}-{every}-online", work)
    per_frame = sum(seconds) / sum(sequence.length for sequence in data.sequences)
    return Entry(name, False, every, "online", {}, found, per_frame)


def rival_entries(
    data: OnlineSet, python: Path, version: str, names: list[str], every: int, work: Path,
    *, defaults_only: bool = False,
) -> Iterator[Entry]:  # fmt: skip
    """Scores of every rival, setting and view; what is missing is run first."""
    plan = [
        (name, settings, mode)
        for name in names
        for mode in (("online",) if every == 1 else ("online", "sparse"))
        for settings in _tried(name, mode, every, defaults_only)
    ]
    outputs: dict[int, dict[str, Path]] = {}
    jobs = []
    for n, (name, settings, mode) in enumerate(plan):
        outputs[n] = {}
        for sequence in data.sequences:
            key = _digest(version, name, settings, mode, every, _digest_of_data(sequence))
            out = work / "runs" / data.name / name / f"{sequence.name}-{every}-{mode}-{key}.txt"
            outputs[n][sequence.name] = out
            if not out.is_file():
                video = str(sequence.video) if sequence.video else None
                jobs.append({
                    "tracker": name, "settings": settings, "mode": mode, "every": every,
                    "detections": str(sequence.det), "video": video, "length": sequence.length,
                    "output": str(out),
                })  # fmt: skip
    run_jobs(python, jobs, work)
    for n, (name, settings, mode) in enumerate(plan):
        for view in _views(mode, every):
            label = f"{name}-{every}-{mode}-{view}-{_digest(settings)}"
            found = _scored(data, outputs[n], _changed(view, every), label, work)
            yield Entry(name, True, every, view, settings, found)


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


def _changed(view: str, every: int) -> Callable[[Tracks, OnlineSequence], Tracks]:
    """What a view makes of a tracker's own results."""
    match view:
        case "interpolated":
            return lambda tracks, _: filled(tracks)
        case "coasted":
            return lambda tracks, sequence: coasted(tracks, every, sequence.length)
    return lambda tracks, _: tracks


def _scored(
    data: OnlineSet, files: dict[str, Path], change: Callable[[Tracks, OnlineSequence], Tracks],
    label: str, work: Path,
) -> dict[str, Any]:  # fmt: skip
    """Scores of a set; kept under the names of the result files, which say what they are."""
    key = _digest(*[path.name for path in files.values()], data.benchmark, label)
    kept = work / "scores" / data.name / f"{label.replace(' ', '_')}-{key}.json"
    if not kept.is_file():
        results = {s.name: change(read_results(files[s.name]), s) for s in data.sequences}
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(score(data, results, label).to_dict()))
        part.replace(kept)
    loaded: dict[str, Any] = json.loads(kept.read_text())
    return loaded


def _digest(*parts: object) -> str:
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _digest_of_data(sequence: OnlineSequence) -> str:
    size = sequence.video.stat().st_size if sequence.video else 0
    found = hashlib.sha256(sequence.det.read_bytes()).hexdigest()
    return _digest(found, size, sequence.length)


def _digest_of_package(model: str | None) -> str:
    """Of the code and the weights behind mohart's trackers."""
    files = sorted(f for room in ROOMS for f in (PACKAGE / room).rglob("*") if f.suffix != ".pyc")
    files += [PACKAGE / "boxes.py", PACKAGE / "structures.py"]
    files += [Path(model)] if model and Path(model).is_file() else []
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
