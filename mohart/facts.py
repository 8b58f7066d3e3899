"""Facts about objects that no model is told: labels for neural stethoscopes.

A fact is one or two columns of numbers per object and frame, or a class number. Where a source of
clips does not know it, or where it has no meaning (who covers an object that nobody covers), it is
NaN. Numbers have sizes of about 1, so that one loss suits all of them.

Conventions: T frames, N objects of the whole scene, boxes xyxy pixels, x to the right, y down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.boxes import area, intersection
from mohart.errors import ConfigError, did_you_mean

NEAR = 3.0  # neighbours are nearer than this many sizes
HIDDEN = 0.5  # visibility below which an object counts as hidden
COVERS = 0.2  # share of a box behind another from which that one covers it
FAR = 6.0  # sizes at which distances are cut
NOBODY, OBJECT, SCENERY = range(3)  # what hides an object


class Fact(NamedTuple):
    """A label.

    Attributes:
        name: as it is asked for.
        about: what it says, with its unit.
        width: columns of numbers; 1 where it is a class.
        classes: how many there are; 0: it is no class.
    """

    name: str
    about: str
    width: int = 1
    classes: int = 0


FACTS = (
    Fact("neighbours", "others within 3 sizes, in pairs"),
    Fact("nearest_distance", "log of the distance of the nearest other, in sizes"),
    Fact("nearest_direction", "to the nearest other: cosine and sine", 2),
    Fact("hidden", "less than half of it can be seen", classes=2),
    Fact("hidden_by", "nobody, another object, scenery or the frame's edge", classes=3),
    Fact("coverer", "from an object that another covers to that one, in sizes", 2),
    Fact("speed", "log of 1 + ten times the speed in sizes per frame"),
    Fact("camera", "what the picture moves since the frame before, twentieths of its height", 2),
    Fact("twin", "to the nearest look-alike, in sizes, cut at 6", 2),
    Fact("has_twin", "whether another object of the scene looks alike", classes=2),
    Fact("rate", "log of the frame rate over 15 per second"),
    Fact("size", "log2 of the size over 32 pixels"),
    Fact("kind", "walker, vehicle, animal, thing; in toy worlds their kind", classes=4),
    Fact("since_start", "log of 1 + the frames since the boxes were given, halved"),
)
WIDTH = sum(fact.width for fact in FACTS)


class Scenery(NamedTuple):
    """What a source knows beside boxes; None where it does not.

    Attributes:
        depth: [T, N] larger is in front.
        camera: [T, 2] pixels that the picture's middle moves since the frame before.
        looks: [T, N] equal numbers look alike.
        kinds: [T, N] class numbers, 0 to 3.
        rate: frames per second.
    """

    depth: Floats | None = None
    camera: Floats | None = None
    looks: NDArray[np.int64] | None = None
    kinds: NDArray[np.int64] | None = None
    rate: float | None = None


def find_fact(name: str) -> tuple[Fact, slice]:
    """A fact and its columns among those of `facts_of`.

    Raises:
        ConfigError: there is no such fact.

    >>> find_fact("nearest_direction")[1]
    slice(2, 4, None)
    """
    first = 0
    for fact in FACTS:
        if fact.name == name:
            return fact, slice(first, first + fact.width)
        first += fact.width
    known = [fact.name for fact in FACTS]
    raise ConfigError(f"label '{name}' is unknown{did_you_mean(name, known)}")


def facts_of(
    boxes: Floats,
    visibility: Floats,
    present: NDArray[np.bool_],
    height: int,
    scenery: Scenery,
) -> NDArray[np.float32]:
    """All facts about all objects of a scene, followed or not.

    Args:
        boxes: [T, N, 4] xyxy pixels, amodal.
        visibility: [T, N] in [0, 1].
        present: [T, N] bool.
        height: of the frame, pixels.
        scenery: what else is known.

    Returns:
        [T, N, `WIDTH`] columns in the order of `FACTS`, NaN where unknown.
    """
    length, count = present.shape
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    size = np.sqrt(area(boxes).clip(min=1))
    pairs = present[:, :, None] & present[:, None, :] & ~np.eye(count, dtype=bool)
    offset = (centre[:, None, :, :] - centre[:, :, None, :]) / size[:, :, None, None]
    away = np.where(pairs, np.linalg.norm(offset, axis=-1), np.inf)  # [T, N, N], i to j
    found = {
        "neighbours": np.where(count > 1, (away <= NEAR).sum(-1) / 2, np.nan),
        "size": np.log2(size / 32),
        "since_start": np.repeat(np.log1p(np.arange(length))[:, None], count, 1) / 2,
        "speed": _speed(centre, size, present),
        "hidden": (visibility < HIDDEN).astype(float),
        **_nearest(offset, away),
        **_covering(boxes, visibility, pairs, offset, scenery.depth),
        **_twins(offset, away, pairs, scenery.looks),
    }
    if scenery.camera is not None:
        moved = scenery.camera / height * 20
        found["camera"] = np.repeat(moved[:, None], count, 1)
        found["camera"][0] = np.nan  # nothing was before
    if scenery.kinds is not None:
        found["kind"] = scenery.kinds.astype(float)
    if scenery.rate is not None:
        found["rate"] = np.full((length, count), np.log(scenery.rate / 15))
    columns = [
        found.get(fact.name, np.full((length, count, fact.width), np.nan)).reshape(
            length, count, fact.width
        )
        for fact in FACTS
    ]
    known = np.concatenate(columns, -1)
    return np.where(present[..., None], known, np.nan).astype(np.float32)


def _speed(centre: Floats, size: Floats, present: NDArray[np.bool_]) -> Floats:
    speed = np.full(present.shape, np.nan)
    moved = np.linalg.norm(np.diff(centre, axis=0), axis=-1) / size[1:]
    speed[1:] = np.where(present[1:] & present[:-1], np.log1p(10 * moved), np.nan)
    return speed


def _nearest(offset: Floats, away: Floats) -> dict[str, Floats]:
    """Distance and direction of the nearest other; NaN where there is none."""
    if away.shape[1] < 2:
        return {}
    nearest = away.argmin(-1)
    distance = np.take_along_axis(away, nearest[..., None], -1)[..., 0]
    toward = _taken(offset, nearest)
    some = np.isfinite(distance)
    unit = toward / np.linalg.norm(toward, axis=-1, keepdims=True).clip(min=1e-6)
    logs = np.log(distance.clip(min=0.1, max=4 * FAR))
    return {
        "nearest_distance": np.where(some, logs, np.nan),
        "nearest_direction": np.where(some[..., None], unit, np.nan),
    }


def _covering(
    boxes: Floats,
    visibility: Floats,
    pairs: NDArray[np.bool_],
    offset: Floats,
    depth: Floats | None,
) -> dict[str, Floats]:
    """Who covers whom, where it is known who is in front."""
    if depth is None:
        return {}
    share = intersection(boxes[:, :, None], boxes[:, None, :]) / area(boxes)[:, :, None].clip(min=1)
    in_front = pairs & (depth[:, None, :] > depth[:, :, None])
    share = np.where(in_front, share, 0)  # [T, N, N] of i behind j
    if not share.shape[1]:
        return {}
    who = share.argmax(-1)
    covered = share.max(-1) >= COVERS
    behind = np.where(covered, OBJECT, SCENERY)
    return {
        "hidden_by": np.where(visibility < HIDDEN, behind, NOBODY).astype(float),
        "coverer": np.where(covered[..., None], _taken(offset, who), np.nan),
    }


def _twins(
    offset: Floats,
    away: Floats,
    pairs: NDArray[np.bool_],
    looks: NDArray[np.int64] | None,
) -> dict[str, Floats]:
    """Where the nearest look-alike is; NaN where there is none."""
    if looks is None or looks.shape[1] < 1:
        return {}
    alike = pairs & (looks[:, :, None] == looks[:, None, :])
    apart = np.where(alike, away, np.inf)
    toward = _taken(offset, apart.argmin(-1)).clip(-FAR, FAR)
    some = alike.any(-1)
    return {
        "twin": np.where(some[..., None], toward, np.nan),
        "has_twin": some.astype(float),
    }


def _taken(offset: Floats, who: NDArray[np.int64]) -> Floats:
    """[T, N, N, 2] and an other for each, [T, N] -> [T, N, 2]."""
    taken: Floats = np.take_along_axis(offset, who[..., None, None], 2)[:, :, 0]
    return taken
