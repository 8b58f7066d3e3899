"""mohart.tracking.learned.search: who vanished is looked for nearby, and only for a while."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
import torch

from mohart.assembly.weights import load_model
from mohart.model.tracker import MohartModel
from mohart.tracking.learned.looks import describe_looks
from mohart.tracking.learned.search import (
    BUSY,
    PATIENCE,
    WideSearch,
    put_row,
    surroundings,
)


@pytest.fixture(scope="module")
def model() -> MohartModel:
    return load_model().model.eval()


def _frame(x: int, y: int, *, thing: bool = True) -> torch.Tensor:
    """A chequered thing on noise, its middle at (x, y)."""
    rng = np.random.default_rng(0)
    frame = cv2.GaussianBlur(rng.integers(60, 120, (240, 320, 3), np.uint8), (0, 0), 2)
    if not thing:
        return torch.from_numpy(frame)[None]
    frame[y - 16 : y + 16, x - 12 : x + 12] = (30, 60, 200)
    frame[y - 16 : y, x - 12 : x] = (220, 200, 40)
    frame[y : y + 16, x : x + 12] = (40, 220, 90)
    return torch.from_numpy(frame)[None]


def _alike(frame: torch.Tensor, boxes: np.ndarray) -> np.ndarray:
    """With what lies in `BOX` of a frame with the thing."""
    known = describe_looks(_frame(100, 100)[0].numpy(), BOX[0].numpy())
    return (describe_looks(frame[0].numpy(), boxes) * known).sum(1)


BOX = torch.tensor([[[88.0, 84.0, 112.0, 116.0]]])  # around (100, 100)


def test_only_who_was_surely_seen_and_has_vanished_is_wanted() -> None:
    search = WideSearch(patience=3)
    assert search.wanted(np.array([0.9, 0.5, 0.1])).tolist() == []
    assert search.wanted(np.array([0.1, 0.1, 0.1])).tolist() == [0]
    assert search.wanted(np.array([0.1, 0.9, 0.1])).tolist() == [0]
    assert search.wanted(np.array([0.1, 0.1, 0.1])).tolist() == [1, 0]  # seen last, first
    assert search.wanted(np.array([0.1, 0.1, 0.1])).tolist() == [1]


def test_patience_0_never_searches() -> None:
    search = WideSearch(patience=0)
    search.wanted(np.array([0.9]))
    assert search.wanted(np.array([0.0])).tolist() == []


def test_at_most_a_few_are_looked_for_in_one_frame() -> None:
    search = WideSearch()
    search.wanted(np.full(9, 0.9))
    assert len(search.wanted(np.zeros(9))) == BUSY


def test_rows_go_and_come() -> None:
    search = WideSearch(patience=PATIENCE)
    search.wanted(np.array([0.9, 0.2, 0.9]))
    search.keep(np.array([False, True, True]))
    assert search.wanted(np.array([0.1, 0.1, 0.1])).tolist() == [1]  # the third is new


def test_windows_lie_around_the_box_and_not_on_it(model: MohartModel) -> None:
    with torch.no_grad():
        many = surroundings(model.start(_frame(100, 100), BOX), model)
    away = many.boxes[:, 0] - BOX[0, 0]
    assert len(away) == 24
    assert (away.abs().sum(1) > 0).all()
    torch.testing.assert_close(away[:, :2], away[:, 2:])
    assert away[:, 0].max().item() == pytest.approx(1.8 * 24)
    assert away[:, 1].min().item() == pytest.approx(-1.8 * 32)


def test_finds_what_has_jumped_out_of_its_window(model: MohartModel) -> None:
    with torch.no_grad():
        before = model.start(_frame(100, 100), BOX)
        _, before = model.step(_frame(100, 100), before)
        frame, nobody = _frame(145, 70), np.zeros((0, 4), np.float32)
        fits = partial(_alike, frame)
        found = WideSearch().find(model, frame, before, 0, 0.05, nobody, fits)
    assert found is not None
    state, logit = found
    centre = (state.boxes[0, 0, :2] + state.boxes[0, 0, 2:]) / 2
    assert (centre - torch.tensor([145.0, 70.0])).abs().max() < 8
    assert logit > 1


def test_does_not_take_what_belongs_to_another(model: MohartModel) -> None:
    other = np.array([[133, 54, 157, 86]], np.float32)
    with torch.no_grad():
        before = model.start(_frame(100, 100), BOX)
        frame = _frame(145, 70)
        found = WideSearch().find(model, frame, before, 0, 0.05, other, partial(_alike, frame))
    if found is not None:  # something else, not the other's place
        centre = (found[0].boxes[0, 0, :2] + found[0].boxes[0, 0, 2:]) / 2
        assert (centre - torch.tensor([145.0, 70.0])).abs().max() > 8


def test_finds_nothing_where_nothing_is(model: MohartModel) -> None:
    empty = _frame(100, 100, thing=False)
    with torch.no_grad():
        before = model.start(_frame(100, 100), BOX)
        nobody, fits = np.zeros((0, 4), np.float32), partial(_alike, empty)
        found = WideSearch().find(model, empty, before, 0, 0.05, nobody, fits)
    assert found is None


def test_a_row_is_replaced_and_no_other(model: MohartModel) -> None:
    with torch.no_grad():
        two = model.start(_frame(100, 100), torch.cat([BOX, BOX + 60], 1))
        one = model.start(_frame(100, 100), BOX + 20)
    mixed = put_row(two, 1, one)
    for a, b, c in zip(mixed.tensors(), two.tensors(), one.tensors(), strict=True):
        assert torch.equal(a[:, 0], b[:, 0])
        assert torch.equal(a[:, 1], c[:, 0])
