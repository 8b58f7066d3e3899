"""Which trackers there are, and what each of them takes: the one list of their names.

Names and facts alone, so that help texts and checks need no library. How one is made is told by
:func:`mohart.assembly.tracker.build_tracker`, which has a case for every name here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What is known about a tracker before it is made.

    Attributes:
        options: of `mohart track`, without dashes in front, that it takes beside its name.
        takes_detections: whether it can be shown what a detector found.
        opencv: name of its class in `cv2` or `cv2.legacy`, where it is one of OpenCV's.
    """

    options: frozenset[str] = frozenset()
    takes_detections: bool = False
    opencv: str | None = None


WholeBoxes = Literal["auto", "yes", "no"]
WHOLE_BOXES: tuple[WholeBoxes, ...] = get_args(WholeBoxes)
Returns = Literal["strict", "normal", "never"]
RETURNS: tuple[Returns, ...] = get_args(Returns)
LEAVING = frozenset({"returns", "end-when-lost"})
MODEL = frozenset({"model"})
TRACKERS: Mapping[str, Listed] = {
    "mohart": Listed(
        options=MODEL
        | LEAVING
        | {"device", "relation", "whole-boxes", "threads", "engine", "precision"},
        takes_detections=True,
    ),
    "static": Listed(),
    "velocity": Listed(),
    "iou": Listed(takes_detections=True),
    "sort": Listed(takes_detections=True),
    "bytetrack": Listed(takes_detections=True),
    "csrt": Listed(opencv="TrackerCSRT"),
    "kcf": Listed(opencv="TrackerKCF"),
    "mil": Listed(opencv="TrackerMIL"),
    "mosse": Listed(opencv="TrackerMOSSE"),
    "medianflow": Listed(opencv="TrackerMedianFlow"),
    "vit": Listed(options=MODEL, opencv="TrackerVit"),
    "nano": Listed(options=MODEL, opencv="TrackerNano"),
}


def users_of(option: str, *, beside: str = "") -> list[str]:
    """Names of the trackers that take an option, without one of them.

    >>> users_of("model", beside="mohart")
    ['vit', 'nano']
    """
    return [name for name, known in TRACKERS.items() if option in known.options and name != beside]
