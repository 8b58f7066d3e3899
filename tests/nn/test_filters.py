"""Dynamic filters: generated per object, gated by a mask."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mohart.nn.filters import DynamicFilters, _GeneratedConv


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def parts(count: int) -> tuple[DynamicFilters, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    filters = DynamicFilters(6, 9, channels=5).eval()
    features, hidden = torch.randn(count, 6, 7, 8), torch.randn(count, 9)
    return filters, features, hidden, filters.start(features, features)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_shapes(count: int) -> None:
    filters, features, hidden, memory = parts(count)
    seen = filters(features, torch.zeros(count, 2, 7, 8), memory, hidden)
    assert seen.map.shape == (count, 5, 7, 8)
    assert seen.mask is not None
    assert seen.mask.shape == (count, 7, 8)
    assert memory.shape == (count, 0)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_generated_convolution_is_a_plain_one_with_its_own_weights_per_object(
    kernel: int,
) -> None:
    layer = _GeneratedConv(9, 6, 4, kernel)
    x, condition = torch.randn(3, 6, 5, 5), torch.randn(3, 9)
    out, weights = layer(x, condition)
    weights = weights.reshape(3, 4, 6, kernel, kernel)
    for k in range(3):
        bias = layer.shift(condition[k]) + layer.bias
        plain = functional.conv2d(x[k : k + 1], weights[k], bias, padding=kernel // 2)
        torch.testing.assert_close(out[k : k + 1], plain, atol=1e-5, rtol=1e-4)
    assert (weights[0] - weights[1]).abs().max() > 1e-4


def test_the_map_is_the_ventral_stream_times_the_sigmoid_mask() -> None:
    filters, features, hidden, memory = parts(3)
    seen = filters(features, torch.zeros(3, 2, 7, 8), memory, hidden)
    assert seen.mask is not None
    expected = filters.ventral(features) * seen.mask.sigmoid()[:, None]
    torch.testing.assert_close(seen.map, expected)


def test_a_zero_hidden_state_means_no_mask_yet_for_that_object_only() -> None:
    filters, features, hidden, memory = parts(3)
    hidden[1] = 0
    seen = filters(features, torch.zeros(3, 2, 7, 8), memory, hidden)
    ventral = filters.ventral(features)
    torch.testing.assert_close(seen.map[1], ventral[1])
    assert (seen.map[0] - ventral[0]).abs().max() > 1e-3


def test_a_batch_equals_its_items() -> None:
    filters, features, hidden, memory = parts(4)
    grid = torch.zeros(4, 2, 7, 8)
    together = filters(features, grid, memory, hidden)
    for k in range(4):
        one = slice(k, k + 1)
        alone = filters(features[one], grid[one], memory[one], hidden[one])
        torch.testing.assert_close(alone.map, together.map[one], atol=1e-5, rtol=1e-4)


def test_the_recurrent_state_learns_through_the_filters() -> None:
    filters, features, hidden, memory = parts(2)
    hidden.requires_grad_()
    filters(features, torch.zeros(2, 2, 7, 8), memory, hidden).map.square().sum().backward()
    assert hidden.grad is not None
    assert torch.isfinite(hidden.grad).all()
    assert torch.all(hidden.grad.abs().sum(1) > 0)
