"""How a run of `mohart track` went, from what it left behind: to go the same way once more."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mohart.cli.options.detections import make_feed
from mohart.cli.options.trackers import THREADS
from mohart.cli.terminal.progress import show_progress
from mohart.errors import ConfigError

if TYPE_CHECKING:
    from mohart.keyframes import Keyframes
    from mohart.report.content import Shown
    from mohart.report.pictures import Shelf
    from mohart.report.results import Result

NEEDED = "--explain needs the output folder of a run of mohart track with the tracker 'mohart'"
FEED = (
    *("detections", "detector", "detect_every", "detector_score", "classes", "detector_set"),
    "ignore",
)
AGREE = 0.95  # mean IoU with the result from which the same way was gone


def check_replay(result: Result) -> None:
    """Make sure before the work that a run can be gone through once more.

    Raises:
        ConfigError: the result is no such run; says why.
    """
    if not result.is_run:
        raise ConfigError(f"{result.path}: {NEEDED}; there is no run.json")
    if result.run.get("tracker") != "mohart":
        raise ConfigError(f"{result.path}: {NEEDED}, this is one of '{result.run.get('tracker')}'")
    if not _options(result.run):
        raise ConfigError(f"{result.path}: {NEEDED}; its run.json does not say the options")


def explain_run(
    result: Result, video: str, shown: Shown, shelf: Shelf, *, device: str
) -> tuple[Shown, list[str]]:
    """The moments of a run with what the network looked at in them.

    Args:
        result: that `check_replay` has let through.
        video: the source, to be opened again.
        shown: what the page shows so far.
        shelf: where pictures go.
        device: where the network computes.

    Returns:
        The same with the moments, and notes for the reader.

    Raises:
        MohartError: the model, the detections or the boxes of the run cannot be had any more.
    """
    from mohart.assembly import build_tracker
    from mohart.report.explain import Replay, explain
    from mohart.report.moments import choose_moments
    from mohart.tracking.learned.recurrent import RecurrentTracker
    from mohart.video import open_source

    options, known = _options(result.run), result.run.get("model")
    tracker = build_tracker(
        "mohart",
        model=options.get("model"),
        device=device,
        relation=options.get("relation"),
        whole_boxes=options.get("whole_boxes") or "auto",
        threads=options.get("threads") or THREADS,
        knobs=known.get("knobs") if isinstance(known, Mapping) else None,
    )
    assert isinstance(tracker, RecurrentTracker)  # noqa: S101  # the one of that name
    moments = choose_moments(result.tracks, result.state)
    with open_source(video) as source, show_progress("explaining") as progress:
        replay = Replay(
            tracker=tracker,
            first=int(result.run.get("first_frame", 1)) - 1,
            keyframes=_keyframes(result, options),
            feed=make_feed(_feed_options(options), source.name),
        )
        found = explain(replay, source, moments, result.tracks, shelf, progress)
    notes = []
    if result.run.get("both_ways"):
        notes.append(
            "--explain: the result was joined from both directions; explained is the way forwards"
        )
    was = known.get("sha256") if isinstance(known, Mapping) else None
    if was and was != tracker.details.get("sha256"):
        notes.append("--explain: the run was made with other weights than those that explain it")
    if found.moments and not found.agreement >= AGREE:
        notes.append(
            f"--explain: tracked once more, the boxes are not those of the result (mean IoU "
            f"{found.agreement:.2f} in the moments shown)"
        )
    if not found.moments:
        notes.append("--explain: there is no moment to explain: nobody is followed after the first")
    text = (
        f"{len(found.moments)} moments: the most doubtful ones, and crossings. Solid and dashed "
        "boxes: where the network says the object is, seen or not; dotted: the window in which it "
        "looked. The small pictures are what it saw there and where in it the object may be, "
        "brighter is likelier. An arrow goes from an object to one that it listens to, thick where "
        "it listens much."
    )
    return replace(
        shown,
        moments=found.moments,
        moment_pictures=found.pictures,
        moment_text=text,
    ), notes


def _options(run: Mapping[str, Any]) -> dict[str, Any]:
    """The command line of the run, as run.json has it."""
    details = run.get("details")
    for place in (run, details if isinstance(details, Mapping) else {}):
        options = place.get("options")
        if isinstance(options, Mapping):
            return dict(options)
    return {}


def _keyframes(result: Result, options: Mapping[str, Any]) -> Keyframes:
    """What a person drew: as the run keeps it, otherwise the result's own boxes at the start."""
    from mohart.keyframes import Keyframes

    if len(result.keyframes):
        return result.keyframes
    if not options.get("init") and not options.get("box"):
        return Keyframes.empty()
    first = int(result.run.get("first_frame", 1)) - 1
    start = result.tracks.at(first)
    if not len(start):
        raise ConfigError(f"{result.path}: nobody is in frame {first + 1}, where the run began")
    return Keyframes.from_rows(first, start.track_id, start.boxes)


def _feed_options(options: Mapping[str, Any]) -> Namespace:
    return Namespace(**{name: options.get(name) for name in FEED})
