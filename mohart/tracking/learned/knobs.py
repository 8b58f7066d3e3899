"""The tunable numbers of tracking with detections, each with the range that it may have."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from mohart.errors import ConfigError
from mohart.tracking.catalogue import Returns
from mohart.tracking.lifecycle import Lifecycle

RULES = Lifecycle()
UNSEEN = 0.99 * (RULES.seen - RULES.margin)  # visibility of who is not seen, whatever is said
STRICT = Lifecycle(found_after=6, long_after=0, found_sure=0.8, found_long=12)
STRICT_ALIKE, STRICT_FRAMES = 0.92, 75  # of `Knobs`: who comes back to a detection


def knob(default: float, low: float, high: float) -> Any:
    """A number with the range in which it makes sense, which is where to search for a better one.

    Its kind (whole number or not) is that of `default`.
    """
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """How detections are used; the defaults were chosen on generated video (docs/experiments/0014).

    Not knobs, but constants beside the code that needs them:

    * what gating means: how far and how differently sized a hidden track's detection may be, how
      overlap, sight and colours are weighed against each other, what "covered" and "twin" mean
      (association.py), how far somebody can have gone who is away (gallery.py). They are
      geometry in units of the objects' own size, were set once by reasoning, and are coupled: one
      of them alone is not worth tuning;
    * the statistics of a detector's errors (correction.py): where learning starts and how long it
      remembers; what a detector is like is then measured while tracking;
    * how fast colours and templates follow (detected.py, looks.py), and the running mean of the
      network's logit, with which its calibration was fitted (sight.py);
    * what motion, scores, silence and an unchanged place are worth against lures (doubt.py), in
      log odds: set once on generated lures (docs/experiments/0051, 0062);
    * when an object counts as seen, hidden or lost (`RULES`, mohart.tracking.lifecycle): a promise
      about the states that users see, the same for all trackers.

    Attributes:
        min_score: detections below are dropped.
        birth_score: score from which a detection can start a track, or belong to a hidden one.
        min_overlap: smallest IoU of a detection with the track it feeds.
        duplicate_overlap: IoU from which two detections are the same object (NMS).
        drift: how far the network's boxes drift per frame, mean square over the edges in sizes. A
            box moves towards its detection by the share of this in how far both are apart.
        recall: share of looks in which a detector finds an object in full view.
        recall_memory: how far that repeats from frame to frame, 0 to 1.
        clutter_memory: the same of false alarms.
        clutter: chance that a false alarm is just where one was before.
        real: log odds beforehand that what is found is no lure, a place that fools the detector.
        place: by how much they are less where somebody was given up before.
        lure: share of looks in which a detector reports a lure.
        lure_memory: how far that repeats from frame to frame, 0 to 1.
        confirm: belief from which a track counts.
        give_up: belief below which it ends.
        predict_frames: how long who is not seen any more is said to be there all the same.
        search_frames: how long the network goes on looking for them.
        remember_frames: how long who is not found can come back under the old identity.
        alike: smallest similarity of looks of who comes back, 0 to 1; of returns from away only
            until it is known how alike different people of the video are (impostors.py).
        same: smallest similarity with the embedding, where there is one, besides, -1 to 1.

    Raises:
        ConfigError: a number is out of its range.
    """

    min_score: float = knob(0.1, 0.0, 1.0)
    birth_score: float = knob(0.4, 0.0, 1.0)
    min_overlap: float = knob(0.3, 0.0, 1.0)
    duplicate_overlap: float = knob(0.8, 0.0, 1.0)
    drift: float = knob(0.002, 0.0, 1.0)
    recall: float = knob(0.8, 0.01, 0.99)  # a chance of 0 or 1 would be a belief without end
    recall_memory: float = knob(0.8, 0.0, 0.99)
    clutter_memory: float = knob(0.6, 0.0, 0.99)
    clutter: float = knob(0.03, 0.001, 0.99)
    real: float = knob(1.5, 0.0, 100.0)
    place: float = knob(1.5, 0.0, 10.0)
    lure: float = knob(0.3, 0.01, 0.99)
    lure_memory: float = knob(0.92, 0.0, 0.99)
    confirm: float = knob(0.9, 0.0, 4.0)
    give_up: float = knob(-1.0, -100.0, 0.0)
    predict_frames: int = knob(3, 1, 10_000)
    search_frames: int = knob(15, 1, 10_000)
    remember_frames: int = knob(300, 0, 1_000_000)
    alike: float = knob(0.85, 0.0, 1.0)
    same: float = knob(0.58, -1.0, 1.0)

    def __post_init__(self) -> None:
        for one in fields(self):
            value, (low, high) = getattr(self, one.name), one.metadata["range"]
            whole = isinstance(one.default, int)
            if not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
                kind = "whole number" if whole else "number"
                raise ConfigError(
                    f"{one.name}: expected a {kind} from {low:g} to {high:g}, got {value!r}"
                )


class Leaving(NamedTuple):
    """Rules of the states, and how detections are used, for objects that may have left.

    Attributes:
        rules: of the states.
        knobs: how detections are used.
    """

    rules: Lifecycle
    knobs: Knobs

    @property
    def strict(self) -> bool:
        """Whether `alike` is the least that is asked of who comes back, whatever the video."""
        return self.rules.found_after >= STRICT.found_after


def leaving(
    returns: Returns = "normal", end_after: int | None = None, knobs: Knobs | None = None
) -> Leaving:
    """What is asked of who comes back, and how long somebody is waited for.

    Args:
        returns: `strict`: a lost object is active again only when it looks very much like itself
            for half a second, at 25 frames per second; `normal`; `never`: who is lost has left.
        end_after: frames of being lost after which an object has left, at least 1; None: never.
        knobs: how detections are used otherwise; None: the defaults.

    Raises:
        ConfigError: `end_after` is below 1.

    >>> leaving("never").rules.end_after, leaving("never").knobs.remember_frames
    (1, 0)
    """
    rules, knobs = RULES, knobs or Knobs()
    if returns == "strict":
        rules = STRICT
        knobs = replace(
            knobs,
            alike=max(knobs.alike, STRICT_ALIKE),
            remember_frames=min(knobs.remember_frames, STRICT_FRAMES),
        )
    if returns == "never":
        return Leaving(replace(rules, end_after=1), replace(knobs, remember_frames=0))
    if end_after is not None:
        rules = replace(rules, end_after=end_after)
        knobs = replace(knobs, remember_frames=min(knobs.remember_frames, end_after))
    return Leaving(rules, knobs)
