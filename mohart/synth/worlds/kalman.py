"""Best prediction of objects that move linearly under a shared random camera offset.

Conventions: T frames, N objects; along each axis an object's state is (x, v, home), see
:class:`mohart.synth.worlds.camera.Camera`. Both axes have the same covariances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats

TINY = 1e-9


class Motion(NamedTuple):
    """One object along one axis.

    Attributes:
        move: [3, 3] step of (x, v, home).
        noise: [3, 3] its covariance.
        start: [3, 3] covariance of (x - home, v) before anything is seen, homes being unknown
            up to `home` pixels.
        shake: standard deviation of the camera's offset, pixels.
        home: standard deviation of the homes, pixels.
    """

    move: Floats
    noise: Floats
    start: Floats
    shake: float
    home: float


def kalman_predict(seen: Floats, shown: NDArray[np.bool_], motion: Motion) -> Floats:
    """Expected places in the frame, of objects that are followed together.

    Every frame is predicted from all earlier frames and, where some of its objects are shown, from
    those: they tell the camera's offset. To follow objects alone, call it with one at a time.

    Args:
        seen: [T, N, 2] places in the frame.
        shown: [T, N] bool, which of them are known.
        motion: the law.

    Returns:
        [T, N, 2] expectations of the places that are not shown; `seen` where they are.

    Source: Kalman 1960; the offset is measurement noise that all objects share.
    """
    length, count = shown.shape
    move, noise = np.kron(np.eye(count), motion.move), np.kron(np.eye(count), motion.noise)
    look = np.kron(np.eye(count), np.array([[1.0, 0, 0]]))  # [N, 3N]
    shared = np.full((count, count), motion.shake**2) + TINY * np.eye(count)
    wide = np.zeros((3, 3))
    wide[np.ix_([0, 2], [0, 2])] = motion.home**2
    spread = np.kron(np.eye(count), motion.start + wide)
    mean = np.zeros((3 * count, 2))
    mean.reshape(count, 3, 2)[:, [0, 2]] = seen[0].mean(0)
    result: Floats = seen.copy()
    for t in range(length):
        if t:
            mean, spread = move @ mean, move @ spread @ move.T + noise
        k = shown[t]
        expected, total = look @ mean, look @ spread @ look.T + shared
        gain = np.linalg.solve(total[np.ix_(k, k)], total[np.ix_(k, ~k)]).T  # [hidden, shown]
        surprise = seen[t, k] - expected[k]
        result[t, ~k] = expected[~k] + gain @ surprise
        update = np.linalg.solve(total[np.ix_(k, k)], (look @ spread)[k]).T  # [3N, shown]
        mean = mean + update @ surprise
        spread = spread - update @ (look @ spread)[k]
    return result
