"""Who is away."""

from collections import Counter

import numpy as np
import pytest
import torch

from mohart.model.state import TrackState
from mohart.tracking.learned.absent import MOST, Absent, Away

BOX = [10.0, 20, 20, 40]


def away(since: int, look: int = 0, box: list[float] = BOX) -> Away:
    one = TrackState(
        boxes=torch.tensor([[box]]), windows=torch.zeros(1, 1, 4),
        velocity=torch.zeros(1, 1, 2), hidden=torch.zeros(1, 1, 3), cell=torch.zeros(1, 1, 3),
        alive=torch.ones(1, 1, dtype=torch.bool), memories=(), frame=(9, 9),
    )  # fmt: skip
    looks = np.eye(3, dtype=np.float32)[look]
    return Away(one, looks, looks, Counter(), since)


def fit(absent: Absent, box: list[float], look: int, now: int = 0) -> dict[int, float]:
    looks = np.eye(3, dtype=np.float32)[[look]]
    ids, similar = absent.fit(np.array([box]), looks, looks, now)
    return dict(zip(ids.tolist(), similar[:, 0].tolist(), strict=True))


def test_who_looks_like_whom() -> None:
    absent = Absent(10)
    absent.leave(5, away(0, look=0))
    absent.leave(3, away(0, look=2))
    assert fit(absent, BOX, look=2) == {5: 0.0, 3: pytest.approx(1)}
    assert absent.box(3).tolist() == BOX
    assert absent.take(3).looks.tolist() == [0, 0, 1]
    assert len(absent) == 1


def test_colours_count_five_times_as_much_as_templates() -> None:
    absent, eye = Absent(10), np.eye(3, dtype=np.float32)
    absent.leave(1, away(0, look=0))
    assert absent.fit(np.array([BOX]), eye[[0]], eye[[1]], 0)[1][0, 0] == pytest.approx(5 / 6)
    assert absent.fit(np.array([BOX]), eye[[1]], eye[[0]], 0)[1][0, 0] == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("frames", "shift", "possible"),
    [(0, 20, True), (0, 30, False), (5, 30, True), (500, 150, False)],
)
def test_the_longer_away_the_further(frames: int, shift: float, possible: bool) -> None:
    """Sizes are sqrt(200) = 14.1 px: 20 px are 1.4 sizes, 30 px 2.1, 150 px 10.6."""
    absent = Absent(1000)
    absent.leave(1, away(0))
    moved = [BOX[0] + shift, BOX[1], BOX[2] + shift, BOX[3]]
    assert bool(fit(absent, moved, look=0, now=frames)[1] > 0) is possible


def test_another_size_is_somebody_else() -> None:
    absent = Absent(10)
    absent.leave(1, away(0))
    assert fit(absent, [5.0, 10, 25, 50], look=0) == {1: 0.0}


def test_nobody_is_away() -> None:
    assert fit(Absent(10), BOX, look=0) == {}


def test_after_a_while_they_are_forgotten() -> None:
    absent = Absent(10)
    for track, since in ((1, 0), (2, 5)):
        absent.leave(track, away(since))
    absent.forget(10)
    assert len(absent) == 2
    absent.forget(11)
    assert list(fit(absent, BOX, look=0)) == [2]


def test_however_many_leave_the_list_is_bounded() -> None:
    absent = Absent(10**9)
    for track in range(3 * MOST):
        absent.leave(track, away(track))
    assert len(absent) == MOST
    assert min(fit(absent, BOX, look=0)) == 2 * MOST
