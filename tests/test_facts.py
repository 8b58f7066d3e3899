"""What is known of objects, and known to be unknown."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.errors import ConfigError
from mohart.facts import FACTS, OBJECT, SCENERY, WIDTH, Scenery, facts_of, find_fact

T = 3


def scene() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Three 10x10 boxes: 0 moves 5 px a frame, 1 is one size to the right of it, 2 far below."""
    start = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [0, 200, 10, 210]], float)
    boxes = np.repeat(start[None], T, 0)
    boxes[:, 0, 0::2] += 5.0 * np.arange(T)[:, None]
    return boxes, np.ones((T, 3)), np.ones((T, 3), bool)


def read(facts: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    return facts[..., find_fact(name)[1]]


def test_numbers_of_a_scene_that_can_be_counted() -> None:
    facts = facts_of(*scene(), 100, Scenery(rate=15.0))
    assert facts.shape == (T, 3, WIDTH)
    np.testing.assert_allclose(read(facts, "neighbours")[0, :, 0], [0.5, 0.5, 0])
    np.testing.assert_allclose(read(facts, "nearest_distance")[0, 0], np.log(1.0), atol=1e-6)
    np.testing.assert_allclose(read(facts, "nearest_direction")[0, :2], [[1, 0], [-1, 0]])
    np.testing.assert_allclose(read(facts, "speed")[1, :, 0], [np.log1p(5), 0, 0], rtol=1e-6)
    assert np.isnan(read(facts, "speed")[0]).all()
    np.testing.assert_allclose(read(facts, "size")[0, 0], np.log2(10 / 32), rtol=1e-6)
    np.testing.assert_allclose(read(facts, "rate"), 0)
    np.testing.assert_allclose(read(facts, "since_start")[:, 0, 0], np.log1p([0, 1, 2]) / 2)
    for unknown in ("coverer", "hidden_by", "camera", "twin", "has_twin", "kind"):
        assert np.isnan(read(facts, unknown)).all(), unknown


def test_who_covers_whom_needs_to_know_who_is_in_front() -> None:
    boxes, seen, present = scene()
    boxes[:, 0] = boxes[:, 1] - [3, 0, 3, 0]  # 70 % of it under 1
    seen[:, 0], seen[:, 2] = 0.3, 0.2
    depth = np.tile([0.0, 1.0, 2.0], (T, 1))
    facts = facts_of(boxes, seen, present, 100, Scenery(depth=depth))
    np.testing.assert_array_equal(read(facts, "hidden")[0, :, 0], [1, 0, 1])
    np.testing.assert_array_equal(read(facts, "hidden_by")[0, :, 0], [OBJECT, 0, SCENERY])
    np.testing.assert_allclose(read(facts, "coverer")[0, 0], [0.3, 0], atol=1e-6)
    assert np.isnan(read(facts, "coverer")[0, 1:]).all()
    turned = facts_of(boxes, seen, present, 100, Scenery(depth=-depth))
    assert read(turned, "hidden_by")[0, 0, 0] == SCENERY


def test_look_alikes_camera_and_kinds() -> None:
    looks, kinds = np.tile([4, 7, 4], (T, 1)), np.tile([0, 1, 3], (T, 1))
    camera = np.array([[9.0, 9.0], [5.0, 0.0], [0.0, -10.0]])
    scenery = Scenery(looks=looks, kinds=kinds, camera=camera)
    facts = facts_of(*scene(), 100, scenery)
    np.testing.assert_array_equal(read(facts, "has_twin")[0, :, 0], [1, 0, 1])
    np.testing.assert_allclose(read(facts, "twin")[0, 0], [0, 6])  # 20 sizes away, cut
    assert np.isnan(read(facts, "twin")[0, 1]).all()
    np.testing.assert_array_equal(read(facts, "kind")[1, :, 0], [0, 1, 3])
    assert np.isnan(read(facts, "camera")[0]).all()
    np.testing.assert_allclose(read(facts, "camera")[1:, 0], [[1, 0], [0, -2]])


def test_absent_objects_have_no_facts_and_are_nobodys_neighbours() -> None:
    boxes, seen, present = scene()
    present[:, 1] = False
    facts = facts_of(boxes, seen, present, 100, Scenery())
    assert np.isnan(facts[:, 1]).all()
    assert (read(facts, "neighbours")[:, 0] == 0).all()


@pytest.mark.parametrize("count", [0, 1])
def test_a_scene_of_nobody_or_one(count: int) -> None:
    boxes, seen, present = (x[:, :count] for x in scene())
    everything = Scenery(
        depth=np.zeros((T, count)),
        looks=np.zeros((T, count), np.int64),
        kinds=np.zeros((T, count), np.int64),
        camera=np.zeros((T, 2)),
        rate=10.0,
    )
    facts = facts_of(boxes, seen, present, 100, everything)
    assert facts.shape == (T, count, WIDTH)
    assert np.isnan(read(facts, "nearest_distance")).all()


def test_columns_follow_each_other_and_names_are_found() -> None:
    columns = [find_fact(fact.name)[1] for fact in FACTS]
    assert [c.start for c in columns[1:]] == [c.stop for c in columns[:-1]]
    assert columns[-1].stop == WIDTH
    with pytest.raises(ConfigError, match="'sise' is unknown; did you mean 'size'"):
        find_fact("sise")
