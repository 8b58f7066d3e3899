"""Results of the benchmark on disk: one file per set, tracker and what it was measured with.

`FOLDER/SET/TRACKER-KEY.json` is a result file like those of `mohart eval init --json`, so two of
them can be compared with `mohart eval --compare`. The key is a hash over the definition of the set,
the identity of the tracker and the code that counts: with other weights or other code another file
is written, and all others stay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mohart.evaluation.scoreboard.code import code_hash, hash_of_modules, import_closure
from mohart.tracking.protocol import Tracker
from mohart.versions import PACKAGE

KEY_LENGTH = 12
NAMES_ONLY = ("weights",)  # details that say where something lies, not what it is
COUNTED_BY = (  # what makes windows, asks trackers and counts
    "mohart.evaluation.initialised.run",
    "mohart.evaluation.initialised.windows",
    "mohart.evaluation.initialised.scores",
    "mohart.metrics.calibration",
)
WIRED_BY = ("assembly/model.py", "assembly/weights.py")  # what a network is put together by


def tracker_identity(tracker: Tracker) -> dict[str, Any]:
    """What a tracker is: name, its details (hashes of weights and models), and its code.

    The code is that of the tracker's module and of everything that it imports, and so on; the same
    for the parts that it was given, such as the network.
    """
    return {
        "name": tracker.name,
        "details": {k: v for k, v in tracker.details.items() if k not in NAMES_ONLY},
        "code": code_hash(deciding_files(tracker)),
    }


def deciding_files(tracker: Tracker, package: Path = PACKAGE) -> list[Path]:
    """The package's source files that decide a tracker's answers.

    The composition root counts by its files alone: what they import are all the parts that there
    are, of which the tracker has some.
    """
    modules = modules_of_parts(tracker)
    found = set(import_closure(modules, package))
    if any(name.startswith("mohart.model.") for name in modules):
        found |= {package / name for name in WIRED_BY}
    return sorted(found)


def modules_of_parts(thing: object) -> set[str]:
    """Modules of the classes of an object and of everything that it holds."""
    found, seen, todo = set[str](), set[int](), [thing]
    while todo:
        part = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        match part:
            case dict():
                todo += part.values()
            case list() | tuple() | set():
                todo += part
            case _ if isinstance(held := getattr(part, "__dict__", None), dict):
                todo.append(held)
        found |= {base.__module__ for base in type(part).__mro__}
    return {name for name in found if name.split(".")[0] == "mohart"}


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
        tracker: name under which it is asked for; the `:` of a label, which not every file system
            has in names, becomes `-`.
        definition: of the set, see `mohart.evaluation.scoreboard.sets.BenchSet.definition`.
        identity: of the tracker, see `tracker_identity`.
    """
    counted_by = hash_of_modules(*COUNTED_BY)
    measured_with = {"counted_by": counted_by, "set": definition, "tracker": identity}
    text = json.dumps(measured_with, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]
    return folder / set_name / f"{tracker.replace(':', '-')}-{key}.json"
