"""Boxes moved towards detections."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.tracking.learned.correction import (
    FOLLOW,
    LEAST_ERROR,
    USUAL_ERROR,
    DetectorError,
    correct_boxes,
    hold_sizes,
    renew_templates,
)
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lifecycle

BOX = np.array([[100.0, 100, 140, 200]], np.float32)  # 40 x 100


def watched(error: float, *, drift: float = 0.002, looks: int = 400) -> DetectorError:
    """A detector whose edges err by `error` sizes, beside a network that drifts as it should."""
    rng, seen = np.random.default_rng(0), DetectorError(drift)
    spread = np.sqrt(error**2 + drift) * np.array([40, 100, 40, 100])
    for _ in range(looks):
        found = BOX + rng.normal(0, 1, (1, 4)) * spread
        seen.shares(BOX, found.astype(np.float32), np.array([False]), 1)
    return seen


@pytest.mark.parametrize("error", [0.03, 0.06, 0.1])
def test_the_error_of_a_detector_is_learned(error: float) -> None:
    assert watched(error).variance == pytest.approx(error**2, rel=0.25)


def test_a_better_detector_is_followed_further_and_a_longer_gap_too() -> None:
    exact, poor = watched(0.02), watched(0.1)
    assert exact.share(1) > 0.7
    assert poor.share(1) < 0.25
    assert poor.share(10) > 2 * poor.share(1)
    assert watched(0.0, drift=0.0).variance == LEAST_ERROR


def test_pairs_that_hardly_overlap_say_nothing_of_the_detector() -> None:
    seen = DetectorError(0.002)
    far = BOX + np.array([60, 0, 60, 0], np.float32)
    hidden = seen.shares(np.repeat(BOX, 2, 0), np.repeat(far, 2, 0), np.array([True, False]), 1)
    assert seen.variance == pytest.approx(USUAL_ERROR)
    assert hidden.tolist() == pytest.approx([1.0, 0.5])


def test_now_and_then_a_box_that_is_cut_off_does_not_make_a_detector_poor() -> None:
    rng, seen = np.random.default_rng(1), DetectorError(0.002)
    for look in range(600):
        found = BOX + rng.normal(0, 0.045, (1, 4)) * np.array([40, 100, 40, 100])
        if look % 10 == 0:
            found[:, 3] -= 40  # the lower part is hidden: 0.16 / 4 squared sizes
        seen.shares(BOX, found.astype(np.float32), np.array([False]), 1)
    assert seen.variance < 0.5 * 0.1 * 0.4**2 / 4


def test_an_exact_detector_that_becomes_poor_is_noticed_within_its_memory() -> None:
    rng, seen = np.random.default_rng(2), DetectorError(0.002)
    for _ in range(2000):  # better than the network: below the least error
        seen.shares(BOX, BOX, np.array([False]), 1)
    assert seen.variance == LEAST_ERROR
    for _ in range(1500):
        found = BOX + rng.normal(0, 0.1, (1, 4)) * np.array([40, 100, 40, 100])
        seen.shares(BOX, found.astype(np.float32), np.array([False]), 1)
    assert seen.share(1) < 0.35


def test_no_pairs_are_no_news() -> None:
    seen, none = DetectorError(0.002), np.zeros((0, 4), np.float32)
    assert seen.shares(none, none, np.zeros(0, bool), 1).shape == (0,)
    assert seen.variance == pytest.approx(USUAL_ERROR)


NUMBERS = np.random.default_rng(0)


def noise(*shape: int) -> NDArray[np.float32]:
    return NUMBERS.normal(size=shape).astype(np.float32)


def state() -> NetworkState:
    boxes = np.array([[[0.0, 0, 10, 20], [50, 50, 60, 70]]], np.float32)
    return NetworkState(
        boxes=boxes,
        windows=boxes + np.array([-5.0, -5, 5, 5], np.float32),
        velocity=np.array([[[1.0, 2.0], [3.0, 4.0]]], np.float32),
        hidden=noise(1, 2, 3),
        cell=noise(1, 2, 3),
        memories=(noise(1, 2, 4),),
        frame=(100, 100),
    )


def corrected(share: float) -> NetworkState:
    return correct_boxes(
        state(),
        np.array([1]),
        np.array([[60.0, 50, 70, 70]], np.float32),
        np.array([share], np.float32),
        lambda boxes: boxes + np.array([-9.0, -9, 9, 9], np.float32),
    )


def test_half_way_moves_box_window_and_a_little_velocity() -> None:
    after = corrected(0.5)
    assert after.boxes[0, 1].tolist() == [55, 50, 65, 70]
    assert after.windows[0, 1].tolist() == [50, 45, 70, 75]
    np.testing.assert_allclose(after.velocity[0, 1], np.array([3.0 + FOLLOW * 5, 4.0], np.float32))


def test_all_the_way_starts_again_without_velocity() -> None:
    after = corrected(1.0)
    assert after.boxes[0, 1].tolist() == [60, 50, 70, 70]
    assert after.windows[0, 1].tolist() == [51, 41, 79, 79]
    assert after.velocity[0, 1].tolist() == [0, 0]


def test_the_others_and_the_memory_stay_and_the_old_state_is_not_changed() -> None:
    before = state()
    kept = [x.copy() for x in before.arrays()]
    after = correct_boxes(
        before,
        np.array([1]),
        np.zeros((1, 4), np.float32),
        np.array([0.5], np.float32),
        lambda boxes: boxes,
    )
    for name in ("boxes", "windows", "velocity"):
        assert np.array_equal(getattr(after, name)[0, 0], getattr(before, name)[0, 0])
    assert after.memories is before.memories
    assert after.hidden is before.hidden
    assert all(np.array_equal(x, y) for x, y in zip(before.arrays(), kept, strict=True))


def test_templates_move_towards_a_fresh_look() -> None:
    looks = noise(1, 2, 2, 3, 4, 4)  # two objects, two looks
    filters, new = noise(1, 2, 9, 4, 3), noise(1, 1, 2, 3, 4, 4)
    before, one = state()._replace(memories=(looks, filters)), np.array([1])
    fresh = before.select(one)._replace(memories=(new, noise(1, 1, 9, 4, 3)))
    after = renew_templates(before, one, before.select(one), fresh, 0.5)
    assert np.array_equal(after.memories[0][0, 0], looks[0, 0])
    mean = (looks[0, 1, 0] + new[0, 0, 0]) / 2
    np.testing.assert_allclose(after.memories[0][0, 1, 0], mean, rtol=1e-5)
    assert np.array_equal(after.memories[0][0, 1, 1], new[0, 0, 1])
    assert after.memories[1] is filters  # a filter holds no looks


def test_who_comes_back_has_fresh_filters_and_looks_of_both_times() -> None:
    one = state().select(np.array([1]))
    gone, fresh = (
        one._replace(memories=(noise(1, 1, 2, 3, 4, 4), noise(1, 1, 9, 4, 3))) for _ in range(2)
    )
    back = renew_templates(fresh, np.array([0]), gone, fresh, 0.5)
    mean = (gone.memories[0][0, 0, 0] + fresh.memories[0][0, 0, 0]) / 2
    np.testing.assert_allclose(back.memories[0][0, 0, 0], mean, rtol=1e-5)
    assert np.array_equal(back.memories[0][0, 0, 1], fresh.memories[0][0, 0, 1])
    assert back.memories[1] is fresh.memories[1]


def test_without_templates_nothing_is_renewed() -> None:
    before, one = state(), np.array([1])
    after = renew_templates(before, one, before.select(one), before.select(one), 0.5)
    assert np.array_equal(after.memories[0], before.memories[0])


def objects() -> Objects:
    return fresh_objects(
        state(),
        np.zeros((2, 4), np.float32),
        Lifecycle().start(2),
        tracker_id=np.arange(2),
        given=True,
        belief=np.zeros(2),
        visibility=np.ones(2),
    )


def test_a_size_that_was_not_sure_is_not_what_is_kept() -> None:
    nobody, everybody = np.zeros(2, bool), np.ones(2, bool)
    start = hold_sizes(objects(), everybody, everybody)
    half = (start.boxes[:, 2:] - start.boxes[:, :2]) / 2
    centre = start.boxes[:, :2] + half
    large = np.concatenate([centre - 3 * half, centre + 3 * half], 1)
    slid = start.moved(start.state._replace(boxes=large[None]))
    doubtful = hold_sizes(slid, everybody, nobody)
    assert np.array_equal(doubtful.boxes, large)  # said as it is while it is seen
    lost = hold_sizes(doubtful, nobody, nobody)
    np.testing.assert_allclose(lost.boxes[:, 2:] - lost.boxes[:, :2], 2.4 * half, rtol=1e-6)
    detected = slid.changed(given=nobody)
    assert np.array_equal(hold_sizes(detected, nobody, nobody).boxes, large)


def test_who_is_not_seen_keeps_about_the_size_it_had() -> None:
    start, seen = objects(), np.array([True, False])
    same = hold_sizes(start, seen, seen)  # never seen yet: as it is
    assert np.array_equal(same.state.boxes, start.state.boxes)
    size = start.boxes[:, 2:] - start.boxes[:, :2]
    assert np.array_equal(same.size, size)
    centre = (start.boxes[:, :2] + start.boxes[:, 2:]) / 2
    large = np.concatenate([centre - 40 * size, centre + 40 * size], 1)
    grown = same.moved(same.state._replace(boxes=large[None]))
    held = hold_sizes(grown, seen, seen)
    assert np.array_equal(held.boxes[0], large[0])  # seen: believed
    np.testing.assert_allclose(held.boxes[1, 2:] - held.boxes[1, :2], 1.2 * size[1], rtol=1e-6)
    np.testing.assert_allclose((held.boxes[1, :2] + held.boxes[1, 2:]) / 2, centre[1])
    assert np.array_equal(held.size[1], size[1])  # and not forgotten in the next frame
    assert np.allclose(held.size[0], 80 * size[0])
    assert np.array_equal(held.state.boxes[0], held.boxes)
    assert np.array_equal(grown.boxes, large)  # the record before is as it was
