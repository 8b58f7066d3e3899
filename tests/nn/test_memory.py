"""The LSTM per object: shared weights, no exchange, zoneout."""

import pytest
import torch

from mohart.nn.memory import ObjectLstm


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def inputs(batch: int = 2, count: int = 3) -> tuple[torch.Tensor, ...]:
    return torch.randn(batch, count, 5), torch.randn(batch, count, 7), torch.randn(batch, count, 7)


@pytest.mark.parametrize("count", [0, 1, 200])
def test_shapes_and_equality_with_the_plain_cell(count: int) -> None:
    memory, (x, h, c) = ObjectLstm(5, 7), inputs(2, count)
    hidden, cell = memory(x, h, c)
    assert hidden.shape == cell.shape == (2, count, 7)
    for b in range(2):
        plain = memory.cell(x[b], (h[b], c[b]))
        torch.testing.assert_close((hidden[b], cell[b]), plain)


def test_objects_do_not_hear_each_other() -> None:
    memory, (x, h, c) = ObjectLstm(5, 7), inputs()
    before = memory(x, h, c)
    x[:, 1] += 1
    after = memory(x, h, c)
    assert torch.equal(before[0][:, [0, 2]], after[0][:, [0, 2]])
    assert not torch.equal(before[0][:, 1], after[0][:, 1])


def test_zoneout_keeps_old_values_with_its_probability_in_training() -> None:
    torch.manual_seed(0)
    memory, (x, h, c) = ObjectLstm(5, 7, zoneout=0.3).train(), inputs(20, 30)
    plain = memory.cell(x.flatten(0, 1), (h.flatten(0, 1), c.flatten(0, 1)))
    for new, ours, old in zip(plain, memory(x, h, c), (h, c), strict=True):
        kept = ours == old
        assert torch.equal(torch.where(kept, old, new.unflatten(0, (20, 30))), ours)
        assert float(kept.float().mean()) == pytest.approx(0.3, abs=0.03)


def test_zoneout_is_its_expectation_in_evaluation() -> None:
    memory, (x, h, c) = ObjectLstm(5, 7, zoneout=0.3).eval(), inputs()
    plain = memory.cell(x.flatten(0, 1), (h.flatten(0, 1), c.flatten(0, 1)))
    for new, ours, old in zip(plain, memory(x, h, c), (h, c), strict=True):
        torch.testing.assert_close(ours, 0.3 * old + 0.7 * new.unflatten(0, (2, 3)))


def test_without_zoneout_training_and_evaluation_agree() -> None:
    memory, given = ObjectLstm(5, 7), inputs()
    assert torch.equal(memory.train()(*given)[0], memory.eval()(*given)[0])
