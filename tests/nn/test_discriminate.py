"""The filter per object: finds what it has learned, also among others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mohart.nn.discriminate import DiscriminativeFilter


def _grid(size: int = 16, ratio: float = 2.0) -> Tensor:
    middles = (torch.arange(size) + 0.5) / size - 0.5
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return (torch.stack([x, y]) * ratio)[None]


def _learned(features: Tensor) -> tuple[DiscriminativeFilter, Tensor]:
    torch.manual_seed(0)
    part = DiscriminativeFilter(features.shape[1], 8)
    blank = part.blank(features)
    return part, part.learn(features, _grid(), torch.zeros(1, 2), blank, torch.ones(1))


def test_the_answer_is_largest_at_the_object() -> None:
    torch.manual_seed(1)
    features = torch.randn(1, 12, 16, 16)
    part, memory = _learned(features)
    answer = part(features, memory)[0, 0]
    y, x = divmod(int(answer.argmax()), 16)
    assert (y, x) in {(7, 7), (7, 8), (8, 7), (8, 8)}


@pytest.mark.parametrize(("down", "right"), [(0, 3), (2, -2), (-3, 0)])
def test_the_answer_moves_with_the_object(down: int, right: int) -> None:
    torch.manual_seed(1)
    features = torch.nn.functional.avg_pool2d(torch.randn(1, 12, 18, 18), 3, 1)
    part, memory = _learned(features)
    before = int(part(features, memory).argmax())
    after = int(part(features.roll((down, right), (2, 3)), memory).argmax())
    moved = after // 16 - before // 16, after % 16 - before % 16
    assert abs(moved[0] - down) <= 1  # the fading towards the edges costs a cell
    assert abs(moved[1] - right) <= 1


def test_a_look_alike_in_the_window_is_told_apart_by_what_differs() -> None:
    torch.manual_seed(3)
    thing, extra = torch.randn(12, 4, 4), torch.randn(12, 4, 4)
    features = 0.05 * torch.randn(1, 12, 16, 16)
    features[0, :, 6:10, 6:10] += thing + 0.5 * extra
    features[0, :, 6:10, 0:4] += thing - 0.5 * extra  # the neighbour
    part, memory = _learned(features)
    answer = part(features, memory)[0, 0]
    assert answer[7:9, 7:9].max() > 2 * answer[6:10, 0:4].max()


def test_nothing_is_learned_with_a_share_of_0() -> None:
    features = torch.randn(1, 12, 16, 16)
    part, memory = _learned(features)
    same = part.learn(
        torch.randn(1, 12, 16, 16), _grid(), torch.zeros(1, 2), memory, torch.zeros(1)
    )
    torch.testing.assert_close(same, memory)


def test_blank_memory_answers_0() -> None:
    features = torch.randn(1, 12, 16, 16)
    part = DiscriminativeFilter(12, 8)
    assert part(features, part.blank(features)).abs().max() == 0


def test_nobody_has_no_filter_and_no_answer() -> None:
    nobody, part = torch.randn(0, 12, 16, 16), DiscriminativeFilter(12, 8)
    memory = part.start(nobody, torch.zeros(0, 2, 16, 16))
    assert memory.shape == (0, 17, 16, 9)
    assert part(nobody, memory).shape == (0, 1, 16, 16)


def test_gradients_reach_the_features_that_are_compared() -> None:
    features = torch.randn(1, 12, 16, 16, requires_grad=True)
    part, memory = _learned(features)
    part(torch.randn(1, 12, 16, 16), memory)[0, 0, 8, 8].backward()
    for value in (features.grad, part.reduce.weight.grad, part.log_ridge.grad):
        assert value is not None
        assert torch.isfinite(value).all()
        assert value.abs().sum() > 0
