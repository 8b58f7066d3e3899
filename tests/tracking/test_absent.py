"""Who is away."""

from collections import Counter

import numpy as np
import torch

from mohart.model.state import TrackState
from mohart.tracking.absent import MOST, Absent, Away


def away(since: int, look: int = 0) -> Away:
    one = TrackState(
        boxes=torch.tensor([[[1.0, 2, 3, 4]]]), windows=torch.zeros(1, 1, 4),
        velocity=torch.zeros(1, 1, 2), hidden=torch.zeros(1, 1, 3), cell=torch.zeros(1, 1, 3),
        memory=torch.zeros(1, 1, 2), detail=torch.zeros(1, 1, 0),
        alive=torch.ones(1, 1, dtype=torch.bool), frame=(9, 9),
    )  # fmt: skip
    return Away(one, np.eye(3, dtype=np.float32)[look], Counter(), since)


def test_who_looks_like_whom() -> None:
    absent = Absent(10)
    absent.leave(5, away(0, look=0))
    absent.leave(3, away(0, look=2))
    ids, similar = absent.similarity(np.eye(3, dtype=np.float32)[[2]])
    assert ids.tolist() == [5, 3]
    assert similar.tolist() == [[0], [1]]
    assert absent.box(3).tolist() == [1, 2, 3, 4]
    assert absent.take(3).looks.tolist() == [0, 0, 1]
    assert len(absent) == 1


def test_nobody_is_away() -> None:
    ids, similar = Absent(10).similarity(np.eye(3, dtype=np.float32))
    assert len(ids) == 0
    assert similar.shape == (0, 3)


def test_after_a_while_they_are_forgotten() -> None:
    absent = Absent(10)
    for track, since in ((1, 0), (2, 5)):
        absent.leave(track, away(since))
    absent.forget(10)
    assert len(absent) == 2
    absent.forget(11)
    assert absent.similarity(np.zeros((1, 3), np.float32))[0].tolist() == [2]


def test_however_many_leave_the_list_is_bounded() -> None:
    absent = Absent(10**9)
    for track in range(3 * MOST):
        absent.leave(track, away(track))
    assert len(absent) == MOST
    assert absent.similarity(np.zeros((1, 3), np.float32))[0][0] == 2 * MOST
