"""What the best predictors reach in each world, so that a model's numbers mean something.

* `static`: the box stays where it was seen last.
* `alone`: the best that is known without seeing the other objects.
* `best`: the best possible with everything that can be known from the frames shown.

All are told the true state of the last frame shown (place, velocity, goal, colour); a model has to
see it. Each class in this package says why its bounds are what they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Progress
from mohart.errors import ConfigError
from mohart.metrics.forecast import forecast_errors
from mohart.synth.worlds.bend import Bend
from mohart.synth.worlds.camera import Camera, stationary
from mohart.synth.worlds.clips import simulate
from mohart.synth.worlds.collide import Collide, roll_discs
from mohart.synth.worlds.crowd import Crowd
from mohart.synth.worlds.forces import Forces
from mohart.synth.worlds.free import Free, straight_on
from mohart.synth.worlds.kalman import Motion, kalman_predict
from mohart.synth.worlds.recorded import RecordedCrowd
from mohart.synth.worlds.world import Simulated, World


@dataclass(frozen=True)
class Bound:
    """What one predictor reaches: means over all objects of all sequences.

    Attributes:
        predictor: `static`, `alone`, `best`; in the world `camera` also `alone_unseen` and
            `best_unseen`: one object is not seen while the others are; in the world `bend` also
            `colour`: as if the colour always told the way an object turns.
        iou: mean IoU over the predicted frames.
        iou_end: IoU in the last predicted frame.
        ade: mean displacement, pixels.
        fde: displacement in the last frame, pixels.
        ade_sizes: mean displacement in sizes.
        fde_sizes: displacement in the last frame, in sizes.
    """

    predictor: str
    iou: float
    iou_end: float
    ade: float
    fde: float
    ade_sizes: float
    fde_sizes: float


def predictions(world: World, drawn: Simulated, horizon: int) -> dict[str, Floats]:
    """Predicted places in the frame, [horizon, N, 2] by predictor.

    Args:
        world: that `drawn` comes from.
        drawn: a sequence; its last `horizon` frames are predicted.
        horizon: at least 1, less than the frames.
    """
    last = len(drawn.positions) - 1 - horizon
    x, v, radii = drawn.positions[last], drawn.velocities[last], drawn.radii
    place = x + drawn.camera[last]
    room = (world.width, world.height)
    found = {"static": np.repeat(place[None], horizon, 0)}
    straight = straight_on(x, v, radii, room, np.arange(1.0, horizon + 1))[0]
    match world:
        case Free():
            return found | {"alone": straight, "best": straight}
        case Collide():
            rolled = roll_discs(x, v, radii, room, horizon)[0]
            return found | {"alone": straight, "best": rolled[1:]}
        case Forces():
            unrest = horizon - world.quiet
            chances = world.expected_kinds(drawn.kinds[last], horizon, unrest)
            rolled = world.roll(x, v, radii, chances)[0]
            past = slice(0, last + 1)
            alone = world.roll_alone(
                drawn.positions[past],
                drawn.velocities[past],
                drawn.kinds[past],
                radii,
                horizon,
                fresh=unrest >= 0,
            )[0]
            return found | {"alone": alone[1:], "best": rolled[1:]}
        case Crowd():
            state = (x, v, radii, drawn.goals, drawn.wished, horizon)
            free, pushed = world.roll(*state, avoid=False)[0], world.roll(*state)[0]
            return found | {"alone": free[1:], "best": pushed[1:]}
        case Bend():
            by_motion = world.roll(drawn, last, horizon, world.turns_right(drawn, last))
            by_colour = world.roll(drawn, last, horizon, drawn.kinds[last] == 1)
            return found | {"colour": by_colour, "alone": by_motion, "best": by_motion}
        case Camera():
            shown = np.zeros((len(drawn.positions), len(x)), bool)
            shown[: last + 1] = True
            return found | _camera(world, drawn, shown, "alone", "best", slice(last + 1, None))
        case RecordedCrowd():
            steps = np.arange(1.0, horizon + 1)[:, None, None]
            return found | {"alone": x + (x - drawn.positions[last - 1]) * steps}
        case _:
            raise ConfigError(f"{type(world).__name__}: no best predictor is known for this world")


def bounds(
    world: World,
    *,
    seed: int,
    sequences: int,
    frames: int,
    horizon: int,
    progress: Progress | None = None,
) -> list[Bound]:
    """Means over generated sequences.

    Args:
        world: is simulated.
        seed: of the sequences.
        sequences: how many.
        frames: of each, at least 2 more than `horizon`.
        horizon: last frames that are predicted, at least 1.
        progress: is told how many sequences of how many are done.

    Raises:
        ConfigError: the numbers do not fit together.
    """
    if horizon < 1 or frames < horizon + 2 or sequences < 1:
        raise ConfigError(
            f"bounds: expected a horizon of at least 1, 2 more frames and at least 1 sequence, got "
            f"horizon {horizon}, {frames} frames, {sequences} sequences"
        )
    rows: dict[str, list[Floats]] = {}
    for number in range(sequences):
        drawn, _ = simulate(world, seed, number, frames)
        there = drawn.present & drawn.present[frames - 1 - horizon]
        for name, places in predictions(world, drawn, horizon).items():
            rows.setdefault(name, []).append(_errors(drawn, places, there[-horizon:], horizon))
        if isinstance(world, Camera):
            for name, places in _unseen(world, drawn).items():
                rows.setdefault(name, []).append(_errors(drawn, places, there[-1:], 1))
        if progress is not None:
            progress(number + 1, sequences)
    means = {name: np.nanmean(np.concatenate(parts, 1), 1) for name, parts in rows.items()}
    return [Bound(name, *(float(x) for x in values)) for name, values in means.items()]


def _errors(drawn: Simulated, places: Floats, present: NDArray[np.bool_], horizon: int) -> Floats:
    """[6, N]: the fields of a bound."""
    half = drawn.radii[:, None]
    said = np.concatenate([places - half, places + half], -1)
    found = forecast_errors(said, drawn.boxes()[-horizon:], present)
    return np.stack(
        [found.iou, found.iou_end, found.ade, found.fde, found.ade_sizes, found.fde_sizes]
    )


def _camera(
    world: Camera, drawn: Simulated, shown: NDArray[np.bool_], alone: str, best: str, part: slice
) -> dict[str, Floats]:
    """Kalman filters over each object and over all, [T', N, 2]."""
    move, noise = world.motion()
    start = np.zeros((3, 3))
    start[:2, :2] = stationary(move[:2, :2], noise[:2, :2])
    law = Motion(move, noise, start, world.shake * world.height, world.height / np.sqrt(12))
    seen = drawn.positions + drawn.camera[:, None]
    each = [kalman_predict(seen[:, [n]], shown[:, [n]], law) for n in range(seen.shape[1])]
    together = kalman_predict(seen, shown, law)
    return {alone: np.concatenate(each, 1)[part], best: together[part]}


def _unseen(world: Camera, drawn: Simulated) -> dict[str, Floats]:
    """Each object in the last frame, in which all others are seen, [1, N, 2]."""
    length, count = drawn.positions.shape[:2]
    found: dict[str, list[Floats]] = {}
    for n in range(count):
        shown = np.ones((length, count), bool)
        shown[-1, n] = False
        places = _camera(world, drawn, shown, "alone_unseen", "best_unseen", slice(-1, None))
        for name, where in places.items():
            found.setdefault(name, []).append(where[:, [n]])
    return {name: np.concatenate(parts, 1) for name, parts in found.items()}
