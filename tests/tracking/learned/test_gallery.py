"""Who is away."""

import numpy as np
import pytest

from mohart.tracking.learned.gallery import LEARNED, MOST, Away, Gallery
from mohart.tracking.learned.objects import fresh_objects
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lifecycle

BOX = [10.0, 20, 20, 40]


def away(since: int, look: int = 0, box: list[float] = BOX) -> Away:
    one = NetworkState(
        boxes=np.array([[box]], np.float32),
        windows=np.zeros((1, 1, 4), np.float32),
        velocity=np.zeros((1, 1, 2), np.float32),
        hidden=np.zeros((1, 1, 3), np.float32),
        cell=np.zeros((1, 1, 3), np.float32),
        memories=(),
        frame=(9, 9),
    )
    looks = np.eye(3, dtype=np.float32)[[look]]
    known = fresh_objects(
        one,
        looks,
        Lifecycle().start(1),
        tracker_id=np.array([1]),
        given=False,
        belief=np.ones(1),
        visibility=np.ones(1),
    )
    return Away(known, looks[0], since)


def fit(gallery: Gallery, box: list[float], look: int, now: int = 0) -> dict[int, float]:
    looks = np.eye(3, dtype=np.float32)[[look]]
    ids, similar = gallery.fit(np.array([box]), looks, looks, now)
    return dict(zip(ids.tolist(), similar[:, 0].tolist(), strict=True))


def test_who_looks_like_whom() -> None:
    gallery = Gallery(10)
    gallery.leave(5, away(0, look=0))
    gallery.leave(3, away(0, look=2))
    assert fit(gallery, BOX, look=2) == {5: 0.0, 3: pytest.approx(1)}
    back = gallery.take(3).one
    assert back.boxes[0].tolist() == BOX
    assert back.looks[0].tolist() == [0, 0, 1]
    assert len(gallery) == 1


def test_colours_count_five_times_as_much_as_templates() -> None:
    gallery, eye = Gallery(10), np.eye(3, dtype=np.float32)
    gallery.leave(1, away(0, look=0))
    assert gallery.fit(np.array([BOX]), eye[[0]], eye[[1]], 0)[1][0, 0] == pytest.approx(5 / 6)
    assert gallery.fit(np.array([BOX]), eye[[1]], eye[[0]], 0)[1][0, 0] == pytest.approx(1 / 6)


def test_an_embedding_takes_part_and_does_not_make_up_for_colours() -> None:
    gallery, eye = Gallery(10), np.eye(3, dtype=np.float32)
    one = away(0, look=0)
    gallery.leave(1, one._replace(one=one.one.changed(identity=eye[[2]])))
    box, here = np.array([BOX]), eye[[0]]
    own, other = (
        gallery.fit(box, here, here, 0, identity, 0.9)[1][0, 0] for identity in (eye[[2]], eye[[1]])
    )
    assert own == pytest.approx(1)
    assert other == pytest.approx(1 - LEARNED)
    half = np.array([[0.8, 0.6, 0]], np.float32)  # as alike as 0.8 by colours
    assert gallery.fit(box, half, half, 0, eye[[2]], 0.9)[1][0, 0] == 0
    assert gallery.fit(box, half, half, 0, eye[[2]], 0.7)[1][0, 0] == pytest.approx(0.92)


@pytest.mark.parametrize(
    ("frames", "shift", "possible"),
    [(0, 20, True), (0, 30, False), (5, 30, True), (500, 150, False)],
)
def test_the_longer_away_the_further(frames: int, shift: float, possible: bool) -> None:
    """Sizes are sqrt(200) = 14.1 px: 20 px are 1.4 sizes, 30 px 2.1, 150 px 10.6."""
    gallery = Gallery(1000)
    gallery.leave(1, away(0))
    moved = [BOX[0] + shift, BOX[1], BOX[2] + shift, BOX[3]]
    assert bool(fit(gallery, moved, look=0, now=frames)[1] > 0) is possible


def test_another_size_is_somebody_else() -> None:
    gallery = Gallery(10)
    gallery.leave(1, away(0))
    assert fit(gallery, [5.0, 10, 25, 50], look=0) == {1: 0.0}


def test_nobody_is_away() -> None:
    assert fit(Gallery(10), BOX, look=0) == {}


def test_after_a_while_they_are_forgotten() -> None:
    gallery = Gallery(10)
    for track, since in ((1, 0), (2, 5)):
        gallery.leave(track, away(since))
    gallery.forget(10)
    assert len(gallery) == 2
    gallery.forget(11)
    assert list(fit(gallery, BOX, look=0)) == [2]


def test_however_many_leave_the_list_is_bounded() -> None:
    gallery = Gallery(10**9)
    for track in range(3 * MOST):
        gallery.leave(track, away(track))
    assert len(gallery) == MOST
    assert min(fit(gallery, BOX, look=0)) == 2 * MOST
