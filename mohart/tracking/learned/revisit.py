"""Re-detection of who is lost: now and then a look around where it was seen last.

A lost window drifts, with nothing to hold on to, and the recurrent network goes on believing that
nothing is there; who was covered comes back near to where that was, about as large. So for a while
one of those who are lost is looked for every few frames, in windows side by side around its last
free place, or around where its path led, with its last sure size, and with a recurrent state that
knows nothing. The longer it is away the surer that has to be, because somebody similar passes more
often than it returns. What is found still has to earn its return, frame by frame
(`mohart.tracking.lifecycle`), against scenery and against all who are away.

Source: an object detector beside the tracker that reinitialises it, Kalal et al. 2012 (TLD), sec.
5; here the tracker's own network is the detector.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.search import best_place, put_found, surroundings
from mohart.tracking.learned.state import NetworkState

EVERY = 6  # frames between two looks
FIRST, LAST = 6, 60  # frames without being seen in which it is looked for
REACH, STEP = 2, 1.3  # windows to each side, and how far apart they are in box sizes
FOUND, LATER = 3.0, 1 / 30  # logit from which it is found, and what every frame away adds to that
BETTER = 1.0  # by how much that must be above what its own window says
ALIKE = 0.94  # with what it looked like, at least


def look_where_lost(
    objects: Objects, picture: Picture, engine: Engine, logit: NDArray[np.float64]
) -> Objects:
    """One drawn object that is lost is looked for around where it was, every few frames.

    Args:
        objects: N, after a look at this frame.
        picture: this frame.
        engine: computes the network.
        logit: [N] what the network said of its own windows, not calibrated.

    Returns:
        The same objects; who was found is there, and seen.
    """
    away = objects.life.hidden_frames
    lost = objects.given & (away >= FIRST) & (away <= LAST) & (objects.life.found_frames == 0)
    rows = np.flatnonzero(lost & (objects.size[:, 0] > 0))
    if not len(rows) or objects.age[rows[0]] % EVERY:
        return objects
    turn = int(objects.age[rows[0]]) // EVERY
    row = int(rows[turn % len(rows)])
    ahead = turn // len(rows) % 2 == 0
    one = _at(objects, row, picture.size, ahead=ahead)
    around = surroundings(one, engine, reach=REACH, step=STEP, scales=(1.0,), own=True)
    enough = max(FOUND + LATER * float(away[row]), logit[row] + BETTER)
    said, after = engine.step(picture, around)
    best = best_place(objects, row, said, after, picture, logit, alike=ALIKE)
    if best is None or best.logit < enough:
        return objects
    return put_found(objects, row, best, after)


def _at(objects: Objects, row: int, frame: tuple[int, int], *, ahead: bool) -> NetworkState:
    """Its state [1, 1, ...] where it was free last, or ahead of that on its path, knowing nothing.

    Args:
        objects: N.
        row: of the object.
        frame: width and height.
        ahead: as far as its speed would have taken it, at most to the frame's edge.
    """
    was, size = objects.free_box[row], objects.size[row]
    middle = (was[:2] + was[2:]) / 2
    if ahead:
        gone = middle + objects.free_speed[row] * objects.free_age[row]
        middle = np.clip(gone, size / 2, np.maximum(np.array(frame) - size / 2, size / 2))
    home = np.concatenate([middle - size / 2, middle + size / 2]).astype(np.float32)
    one = objects.state.select(np.array([row]))
    hidden, cell = np.zeros_like(one.hidden), np.zeros_like(one.cell)
    return one._replace(boxes=home[None, None], hidden=hidden, cell=cell)
