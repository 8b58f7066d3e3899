"""mohart.tracking.learned.reconsider: who shrank, or left its path, is looked at as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.boxes import iou
from mohart.tracking.learned.embedding import Embedding
from mohart.tracking.learned.identify import Identifier
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.reconsider import ANCHOR, EVERY, TIMES, reconsider
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.lifecycle import Lifecycle

RED, BLUE = (30, 30, 220), (220, 30, 30)
WHOLE, PART = [40.0, 20, 70, 100], [44.0, 64, 66, 100]  # somebody, and the legs
STRANGER = [120.0, 20, 150, 100]
FRAME = (120, 220)


def picture(**colours: tuple[int, int, int]) -> Picture:
    frame = np.full((*FRAME, 3), 110, np.uint8)
    for name, colour in colours.items():
        x1, y1, x2, y2 = (int(v) for v in {"body": [*WHOLE[:3], 60], "all": WHOLE}[name])
        frame[y1:y2, x1:x2] = colour
    return Picture(frame)


class Network:
    """Sees what its window stands on: one of `things` [box, logit]; where it was, it is `own` sure.

    Looks of WHOLE embed as (1, 0), everything else as (0, 1).
    """

    def __init__(self, *things: tuple[list[float], float], own: float = 4.0) -> None:
        self.things, self.own, self.seen = things, own, 0

    def aim(self, boxes: Any) -> Any:
        return boxes

    def step(self, _: Any, state: NetworkState) -> tuple[Any, NetworkState]:
        assert not state.hidden.any()
        assert not state.velocity.any()
        self.seen += 1
        said, boxes = np.full(state.boxes.shape[:2], -1.0), state.boxes.copy()
        said[0] = self.own
        for k, box in enumerate(state.boxes[:, 0].astype(float)):
            for thing, logit in self.things:
                if iou(box[None], np.array([thing]))[0] > 0.5:
                    said[k, 0], boxes[k, 0] = logit, thing
        return said, state._replace(boxes=boxes)

    def start(self, _: Any, boxes: Any) -> NetworkState:
        self_like = iou(boxes[0].astype(float), np.array([WHOLE])) > 0.5
        return state(boxes[0], np.where(self_like[:, None], [1.0, 0.0], [0.0, 1.0]))


def state(boxes: Any, shown: Any) -> NetworkState:
    count = len(boxes)
    cells = np.repeat(np.asarray(shown, np.float32)[None, :, None, :, None, None], 2, 2)
    return NetworkState(
        boxes=np.asarray(boxes, np.float32)[None].copy(),
        windows=np.asarray(boxes, np.float32)[None].copy(),
        velocity=np.ones((1, count, 2), np.float32),
        hidden=np.ones((1, count, 4), np.float32),
        cell=np.ones((1, count, 4), np.float32),
        memories=(cells,),
        frame=FRAME,
    )


HEAD = Identifier(
    Embedding(
        cells=np.eye(2, dtype=np.float32),
        tone=np.zeros((2, picture().looks(np.array([WHOLE])).shape[1]), np.float32),
        tone_shift=np.zeros(2, np.float32),
        bend=np.zeros((1, 2), np.float32),
        bend_shift=np.zeros(1, np.float32),
        back=np.zeros((2, 1), np.float32),
        back_shift=np.zeros(2, np.float32),
    )
)


def drawn(box: list[float], shown: Picture, *, given: bool = True) -> Objects:
    """Somebody red who was drawn as WHOLE long ago and stands in `box` now, surely seen."""
    objects = fresh_objects(
        state([box], [[1.0, 0.0]]),
        shown.looks(np.array([WHOLE])),
        Lifecycle().start(1),
        tracker_id=np.array([EVERY]),
        given=given,
        belief=np.ones(1),
        visibility=np.array([0.9]),
        identity=np.array([[1.0, 0.0]], np.float32),
    )
    return objects.changed(
        age=np.full(1, 4 * ANCHOR + 2),
        usual_size=np.array([[30, 80]], np.float32),
        mean_logit=np.zeros(1),
        way=np.array([[WHOLE] * 3], np.float32),
    )


def looked(objects: Objects, shown: Picture, network: Network, times: int = TIMES) -> Objects:
    for _ in range(times):
        objects = reconsider(objects, shown, network, HEAD)  # type: ignore[arg-type]
    return objects


def test_a_part_becomes_the_whole_after_some_looks() -> None:
    shown = picture(all=RED)
    objects, network = drawn(PART, shown), Network((WHOLE, 5.0))
    almost = looked(objects, shown, network, TIMES - 1)
    assert almost.boxes[0].tolist() == PART
    assert almost.odd.tolist() == [[TIMES - 1, 0]]
    after = looked(almost, shown, network, 1)
    assert after.boxes[0].tolist() == after.state.boxes[0, 0].tolist() == WHOLE
    assert after.odd.tolist() == [[0, 0]]
    assert after.visibility[0] == pytest.approx(1 / (1 + np.exp(-5)))


def test_a_look_between_that_finds_nothing_better_begins_the_count_anew() -> None:
    shown = picture(all=RED)
    once = looked(drawn(PART, shown), shown, Network((WHOLE, 5.0)), 1)
    doubtful = looked(once, shown, Network(), 1)
    assert doubtful.odd.tolist() == [[0, 0]]


@pytest.mark.parametrize(
    "why",
    ["not sure", "other colours", "a detector's", "not its turn", "lost", "just drawn", "tiny"],
)
def test_a_part_stays_otherwise(why: str) -> None:
    shown = picture(all=RED)
    objects = drawn(PART, shown, given=why != "a detector's")
    network = Network((WHOLE, 3.4 if why == "not sure" else 5.0))
    if why == "other colours":
        shown = picture(all=RED, body=BLUE)
        network.start = lambda _, boxes: state(boxes[0], [[1.0, 0.0]] * 2)  # type: ignore[method-assign]
    elif why == "not its turn":
        objects = objects.changed(age=objects.age + 1)
    elif why == "lost":
        objects = objects.changed(life=objects.life.changed(lost=np.ones(1, bool)))
    elif why == "just drawn":
        objects = objects.changed(age=np.array([EVERY]))
    elif why == "tiny":
        box = np.array([[50, 90, 58, 98]], np.float32)
        objects = objects.moved(objects.state._replace(boxes=box[None]))
    before = objects.boxes.tolist()
    after = looked(objects, shown, network)
    assert after.boxes.tolist() == before
    if why not in ("not sure", "other colours"):
        assert network.seen == 0


def test_who_went_along_with_a_stranger_is_sent_back_to_its_path() -> None:
    shown = picture(all=RED)
    objects, network = drawn(STRANGER, shown), Network((WHOLE, 3.0), own=4.5)
    after = looked(objects, shown, network)
    assert after.boxes[0].tolist() == WHOLE
    assert looked(objects, shown, network, 1).odd.tolist() == [[0, 1]]


@pytest.mark.parametrize("why", ["covered", "not like itself", "far from its path", "no head"])
def test_who_strayed_stays_otherwise(why: str) -> None:
    """Covered where it is, it is not sure: then a look-alike on its path may be anybody."""
    shown = picture(**({} if why == "not like itself" else {"all": RED}))
    objects = drawn(STRANGER, picture(all=RED))
    network = Network((WHOLE, 3.0), own=2.5 if why == "covered" else 4.5)
    says = Identifier() if why == "no head" else HEAD
    if why == "far from its path":
        moved = np.array(objects.way)
        moved[..., [0, 2]] += 45  # what is like itself is as far from it as from the stranger
        objects = objects.changed(way=moved)
    for _ in range(TIMES):
        objects = reconsider(objects, shown, network, says)  # type: ignore[arg-type]
    assert objects.boxes[0].tolist() == STRANGER


def test_a_place_where_somebody_else_is_seen_is_not_taken() -> None:
    shown = picture(all=RED)
    two = drawn(STRANGER, shown).join(drawn(WHOLE, shown).changed(tracker_id=np.array([1])))
    after = looked(two, shown, Network((WHOLE, 3.0), own=4.5))
    assert after.boxes.tolist() == [STRANGER, WHOLE]


def test_what_is_usual_follows_those_who_are_sure_and_alone() -> None:
    shown, box = picture(all=RED), [40.0, 20, 76, 116]
    objects = drawn(box, shown).changed(age=np.array([3 * ANCHOR]), tracker_id=np.array([1]))
    sure = reconsider(objects.changed(mean_logit=np.full(1, 3.0)), shown, Network(), HEAD)  # type: ignore[arg-type]
    np.testing.assert_allclose(sure.usual_size, [[30 + 6 / 30, 80 + 16 / 30]], rtol=1e-5)
    assert sure.way[0].tolist() == [WHOLE, WHOLE, box]
    unsure = reconsider(objects, shown, Network(), HEAD)  # type: ignore[arg-type]
    np.testing.assert_allclose(unsure.usual_size, [[30, 80]])
