"""Encoders: shapes, no exchange between glimpses."""

import pytest
import torch
from torch import nn

from mohart.nn.efficientnet import EfficientNetEncoder
from mohart.nn.encoder import AlexNetV1, SmallCnn

every = pytest.mark.parametrize(
    "make",
    [
        lambda: SmallCnn(16, 0),
        AlexNetV1,
        lambda: EfficientNetEncoder(16),
        lambda: EfficientNetEncoder(16, deep=True),
    ],
    ids=["cnn", "alexnet", "efficientnet", "deep"],
)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.slow
@every
@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("size", [(32, 32), (16, 40)])
def test_shape_is_channels_at_the_stride(make, count: int, size: tuple[int, int]) -> None:
    encoder = make()
    out = encoder(torch.rand(count, 3, *size))
    assert out.shape == (count, encoder.channels, size[0] // 4, size[1] // 4)
    assert encoder.stride == 4


@pytest.mark.slow
@every
@pytest.mark.parametrize("training", [True, False])
def test_a_batch_equals_its_items_also_in_training(make, training: bool) -> None:
    encoder: nn.Module = make().train(training)
    glimpses = torch.rand(3, 3, 32, 32)
    alone = torch.cat([encoder(g[None]) for g in glimpses])
    torch.testing.assert_close(encoder(glimpses), alone, atol=1e-5, rtol=1e-4)


@every
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_glimpse_gives_finite_values_and_gradients(make, value: float) -> None:
    encoder = make()
    glimpses = torch.full((2, 3, 32, 32), value, requires_grad=True)
    out = encoder(glimpses)
    assert torch.isfinite(out).all()
    out.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in [glimpses, *encoder.parameters()])


def test_alexnet_is_blind_to_brightness_and_contrast() -> None:
    encoder, glimpse = AlexNetV1(), torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(encoder(glimpse * 0.5 + 0.2), encoder(glimpse), atol=1e-3, rtol=1e-2)


def test_the_receptive_field_of_the_small_cnn_is_local() -> None:
    """Fine positions stay where they are: a change in a corner is strongest in that corner."""
    torch.manual_seed(0)
    encoder, glimpse = SmallCnn(16, 0), torch.full((1, 3, 64, 64), 0.5)
    changed = glimpse.clone()
    changed[:, :, :8, :8] += torch.rand(3, 8, 8)
    change = (encoder(changed) - encoder(glimpse)).abs().sum(1)[0]
    assert change[:4, :4].mean() > 2 * change[8:, 8:].mean()
