"""The carried state: births and deaths are index and concatenation."""

import numpy as np
import pytest
import torch

from mohart.model.state import TrackState


def state(batch: int = 2, count: int = 3, seed: int = 0) -> TrackState:
    torch.manual_seed(seed)
    return TrackState(
        boxes=torch.randn(batch, count, 4),
        windows=torch.randn(batch, count, 4),
        velocity=torch.randn(batch, count, 2),
        hidden=torch.randn(batch, count, 5),
        cell=torch.randn(batch, count, 5),
        alive=torch.rand(batch, count) > 0.5,
        memories=(torch.randn(batch, count, 2, 3, 4, 4), torch.randn(batch, count, 4)),
        frame=(48, 64),
    )


def test_join_and_select_undo_each_other() -> None:
    one, two = state(count=2), state(count=3, seed=1)
    both = one.join(two)
    assert both.boxes.shape == (2, 5, 4)
    for part, objects in [(one, [0, 1]), (two, [2, 3, 4])]:
        again = both.select(torch.tensor(objects))
        assert all(torch.equal(a, b) for a, b in zip(again.tensors(), part.tensors(), strict=True))
        assert again.frame == part.frame


@pytest.mark.parametrize("rows", [np.array([0, 2]), np.array([True, False, True]), slice(0, 3, 2)])
def test_rows_are_chosen_as_in_any_table(rows: object) -> None:
    before = state()
    assert before.rows == 3
    assert torch.equal(before.select(rows).boxes, before.boxes[:, [0, 2]])  # type: ignore[arg-type]


def test_select_may_reorder_and_may_leave_nobody() -> None:
    before = state()
    assert torch.equal(before.select(torch.tensor([2, 0])).hidden, before.hidden[:, [2, 0]])
    nobody = before.select(torch.tensor([], dtype=torch.long))
    assert nobody.memories[0].shape == (2, 0, 2, 3, 4, 4)
    assert nobody.join(before).cell.shape == before.cell.shape


def test_replace_where_takes_the_other_only_in_its_rows() -> None:
    one, two = state(), state(seed=1)
    rows = torch.tensor([[True, False, False], [False, True, True]])
    mixed = one.replace_where(rows, two)
    for a, b, m in zip(one.tensors(), two.tensors(), mixed.tensors(), strict=True):
        assert torch.equal(m[rows], b[rows])
        assert torch.equal(m[~rows], a[~rows])
    assert mixed.frame == one.frame


@pytest.mark.parametrize("column", [0, 3, 6, 7])  # boxes, hidden, both memories
def test_detach_keeps_values_and_forgets_history(column: int) -> None:
    before = state()
    before.tensors()[column].requires_grad_()
    after = before.detach()
    assert torch.equal(after.tensors()[column], before.tensors()[column])
    assert not any(x.requires_grad for x in after.tensors())


def test_flattened_the_objects_of_the_batch_stand_in_a_row() -> None:
    before = state()
    flat = before.flatten()
    assert flat.memories[0].shape == (6, 2, 3, 4, 4)
    assert torch.equal(flat.boxes[4], before.boxes[1, 1])
    assert flat.frame == before.frame
