"""Positional encoding: what is encoded, and that it does not depend on the unit."""

import math

import pytest
import torch

from mohart.nn.position import GEOMETRY, FourierPosition, LinearPosition, geometry


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_known_values() -> None:
    boxes = torch.tensor([[[0.0, 0, 200, 100], [150, 25, 200, 50]]])
    velocity = torch.tensor([[[0.0, 0], [10, -5]]])
    out = geometry(boxes, velocity, 200, 100)[0]
    torch.testing.assert_close(out[0], torch.zeros(GEOMETRY))
    # centre (175, 37.5) of 200 x 100: 0.75, -0.25; size 1/4, 1/4; velocity 0.05 = one twentieth
    expected = [0.75, -0.25, math.log(0.25), math.log(0.25), 1.0, -1.0]
    torch.testing.assert_close(out[1], torch.tensor(expected))


def test_geometry_is_relative_to_the_frame() -> None:
    boxes, velocity = torch.rand(2, 3, 4) * 20, torch.randn(2, 3, 2)
    boxes[..., 2:] += boxes[..., :2] + 1
    once = geometry(boxes, velocity, 64, 48)
    torch.testing.assert_close(geometry(boxes * 2, velocity * 2, 128, 96), once)


@pytest.mark.parametrize(
    "box", [[5, 5, 5, 5], [9, 9, 2, 2], [-1e6, 0, -1e6, 3], [-1e7, -1e7, 1e7, 1e7]], ids=str
)
def test_odd_boxes_give_bounded_values_and_finite_gradients(box: list[float]) -> None:
    boxes = torch.tensor([[box]], dtype=torch.float32, requires_grad=True)
    out = geometry(boxes, torch.tensor([[[1e6, -1e6]]]), 64, 48)
    assert out.abs().max() < 20
    out.sum().backward()
    assert boxes.grad is not None
    assert torch.isfinite(boxes.grad).all()


@pytest.mark.parametrize("make", [LinearPosition, FourierPosition])
@pytest.mark.parametrize("count", [0, 1, 200])
def test_encodings_have_the_asked_features_and_take_objects_one_by_one(make, count: int) -> None:
    encode, where = make(16), torch.randn(2, count, GEOMETRY)
    out = encode(where)
    assert out.shape == (2, count, 16)
    order = torch.randperm(count)
    torch.testing.assert_close(encode(where[:, order]), out[:, order])


def test_linear_is_linear_and_fourier_is_not() -> None:
    zero, a = torch.zeros(1, 1, GEOMETRY), torch.randn(1, 1, GEOMETRY)

    def bend(encode: torch.nn.Module) -> float:
        return float((encode(2 * a) - 2 * encode(a) + encode(zero)).detach().abs().max())

    assert bend(LinearPosition(8)) < 1e-5
    assert bend(FourierPosition(8)) > 1e-2
