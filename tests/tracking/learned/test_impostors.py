"""How alike different people of a video are, and what is asked of who comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.structures import Detections
from mohart.tracking.learned.evidence import Evidence
from mohart.tracking.learned.impostors import EXPECTED, HIGHEST, LEAST, Impostors
from mohart.tracking.learned.knobs import Knobs, leaving
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.state import make_state
from mohart.tracking.lifecycle import Lifecycle

KNOBS = Knobs()


def alike_by(similarity: float, count: int = 6) -> NDArray[np.float32]:
    """[N, N + 1] looks of unit length; every two are alike by this."""
    common, own = np.sqrt(similarity), np.sqrt(1 - similarity)
    looks = np.concatenate([np.full((count, 1), common), own * np.eye(count)], 1)
    return looks.astype(np.float32)


def together(looks: NDArray[np.float32], apart: float = 30.0) -> tuple[Objects, Evidence]:
    """Confirmed objects side by side, each found by a detection."""
    count = len(looks)
    x = apart * np.arange(count, dtype=np.float32)
    boxes = np.stack([x, np.zeros_like(x), x + 20, np.full_like(x, 40)], 1)
    state = make_state(
        [boxes[None], boxes[None], np.zeros((1, count, 2), np.float32)]
        + [np.zeros((1, count, 4), np.float32)] * 2,
        (100, 400),
    )
    objects = fresh_objects(
        state, looks, Lifecycle().start(count), tracker_id=np.arange(1, count + 1), given=False,
        belief=np.ones(count), visibility=np.ones(count),
        identity=np.zeros((count, 0), np.float32),
    )  # fmt: skip
    found = Detections(boxes, np.ones(count, np.float32), np.full(count, -1))
    fates = np.full(count, "", object)
    return objects, Evidence(found, np.arange(count), looks, fates, 1)


def seen(similarity: float, frames: int = 200, **more: float) -> Impostors:
    impostors, (objects, evidence) = Impostors(), together(alike_by(similarity), **more)
    rows = np.arange(len(objects))
    for _ in range(frames):
        impostors.learn(objects, evidence, rows, rows)
    return impostors


def test_nothing_is_known_before_two_people_are_seen_together() -> None:
    impostors, (objects, evidence) = Impostors(), together(alike_by(0.9))
    assert impostors.asked(KNOBS) == KNOBS
    one = np.array([0])
    impostors.learn(objects, evidence, one, one)
    assert impostors.asked(KNOBS) == KNOBS


@pytest.mark.parametrize(
    ("similarity", "asked"), [(0.92, 0.92), (0.8, 0.8), (0.3, LEAST), (0.99, HIGHEST)]
)
def test_in_the_end_who_comes_back_has_to_beat_those_in_view(
    similarity: float, asked: float
) -> None:
    knobs = seen(similarity).asked(KNOBS)
    assert knobs.alike == pytest.approx(asked, abs=0.02)
    assert replace(knobs, alike=KNOBS.alike) == KNOBS  # nothing else changes


def test_a_few_pairs_are_weighed_against_what_was_expected() -> None:
    few = seen(0.92, frames=int(EXPECTED) // 30).asked(KNOBS).alike  # 30 pairs a frame
    assert few == pytest.approx((KNOBS.alike + 0.925) / 2, abs=0.01)


def test_strict_returns_are_never_asked_for_less() -> None:
    strict = leaving("strict")
    impostors, (objects, evidence) = Impostors(strict=strict.strict), together(alike_by(0.3))
    rows = np.arange(len(objects))
    for _ in range(200):
        impostors.learn(objects, evidence, rows, rows)
    assert impostors.asked(strict.knobs).alike == strict.knobs.alike > KNOBS.alike
    assert not leaving("normal").strict


def test_people_who_cover_each_other_and_tentative_ones_do_not_count() -> None:
    assert seen(0.92, apart=10.0, frames=1)._seen.sum() < seen(0.92, frames=1)._seen.sum()
    impostors, (objects, evidence) = Impostors(), together(alike_by(0.92))
    rows = np.arange(len(objects))
    tentative = objects.changed(tracker_id=np.full(len(objects), -1))
    impostors.learn(tentative, evidence, rows, rows)
    assert impostors.asked(KNOBS) == KNOBS


def test_what_was_learned_is_packed_as_plain_values() -> None:
    impostors, again = seen(0.8), Impostors()
    again.unpack(impostors.pack())
    assert again.asked(KNOBS) == impostors.asked(KNOBS)
    assert isinstance(impostors.pack(), list)
