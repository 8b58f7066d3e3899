from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ShapeError
from mohart.probes.relation_overlay import FULL_INFLUENCE, draw_relations
from mohart.probes.relations import RelationStep

IDS = np.array([1, 2])
BOXES = np.array([[20, 20, 50, 60], [140, 60, 170, 100]], np.float32)
FRAME = np.full((120, 200, 3), 90, np.uint8)


def step(attention: float, influence: float) -> RelationStep:
    weights = np.array([[1 - attention, attention], [0, 1]], np.float32)
    return RelationStep(
        boxes=BOXES.copy(),
        visibility=np.array([0.9, 0.1], np.float32),
        attention=np.stack([weights, weights]),
        influence=np.array([[0, influence], [0, 0]], np.float32),
    )


def between(picture: np.ndarray) -> int:
    """Pixels of the stretch between the boxes that differ from the background."""
    stretch = picture[30:90, 80:120].astype(int)
    return int((np.abs(stretch - 90).sum(-1) > 30).sum())


def test_arrows_grow_with_the_weight_and_vanish_without() -> None:
    drawn = [
        between(draw_relations(FRAME, step(w, 0.0), IDS, use_attention=True))
        for w in (0.0, 0.3, 1.0)
    ]
    assert drawn[0] == 0
    assert 0 < drawn[1] < drawn[2]


def test_attention_and_influence_are_told_apart() -> None:
    only_influence = step(0.0, FULL_INFLUENCE)
    assert between(draw_relations(FRAME, only_influence, IDS, use_attention=True)) == 0
    assert between(draw_relations(FRAME, only_influence, IDS, use_attention=False)) > 0


def test_the_frame_is_not_changed_and_the_caption_is_on_the_picture() -> None:
    before = FRAME.copy()
    drawn = draw_relations(FRAME, step(0.5, 0.0), IDS, use_attention=True)
    np.testing.assert_array_equal(FRAME, before)
    assert drawn.shape == FRAME.shape
    assert drawn[-14:, :60].std() > 5


def test_boxes_at_one_place_and_not_finite_are_survived() -> None:
    same = step(1.0, 0.0)
    same.boxes[1] = same.boxes[0]
    draw_relations(FRAME, same, IDS, use_attention=True)
    lost = step(1.0, 0.0)
    lost.boxes[1] = np.nan
    draw_relations(FRAME, lost, IDS, use_attention=True)


def test_ids_must_fit() -> None:
    with pytest.raises(ShapeError, match="boxes: expected"):
        draw_relations(FRAME, step(0.5, 0.0), np.array([1]), use_attention=True)
