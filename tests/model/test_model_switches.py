"""What a whole model can be asked for: where to look, no exchange, another precision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.config import slots
from mohart.errors import ConfigError
from mohart.model.tracker import MohartModel

FRAMES = torch.randint(
    0, 256, (1, 4, 40, 56, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)
)
BOXES = torch.tensor([[[5.0, 6, 20, 22], [25, 10, 35, 34], [14, 8, 30, 30]]], dtype=torch.float64)


@torch.no_grad()
def told(model: MohartModel, boxes: Tensor) -> Tensor:
    """Boxes and visibility [T, N, 5] that the model says, without the axis B."""
    said, _ = model(FRAMES[:, 1:], model.start(FRAMES[:, 0], boxes))
    return torch.stack([torch.cat([s.boxes[0], s.visibility[0, :, None]], 1) for s in said])


def test_without_exchange_everybody_is_followed_as_if_alone() -> None:
    torch.manual_seed(0)
    settings = slots.ModelConfig(
        glimpse=slots.BilinearConfig(size=16),
        encoder=slots.CnnConfig(width=16),
        appearance=slots.CorrelationConfig(channels=8, template=2),
        relation=slots.AttentionConfig(width=8, heads=2),
        heads=slots.LocaliseConfig(width=8),
        features=8,
        hidden=8,
        claims=True,
    )
    model = build_model(settings).double().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
    assert (told(model, BOXES)[:, 0] - told(model, BOXES[:, :1])[:, 0]).abs().max() > 1e-6
    model.without_exchange()
    torch.testing.assert_close(told(model, BOXES)[:, 0], told(model, BOXES[:, :1])[:, 0])


def test_an_exchange_that_can_not_be_left_out_is_named() -> None:
    with pytest.raises(ConfigError, match="DeepSets can not leave the exchange out"):
        build_model(slots.ModelConfig(relation=slots.DeepSetsConfig())).without_exchange()


def test_precision_is_of_the_whole_model() -> None:
    model = build_model(slots.ModelConfig(relation=slots.NoRelationConfig()))
    assert model.precision == "float32"
    model.precision = "bfloat16"
    assert model.precision == "bfloat16"
    assert model.cell.low_precision


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (0, 4)])
def test_aim_keeps_the_axes_and_looks_about_the_middle(shape: tuple[int, ...]) -> None:
    model = build_model(slots.ModelConfig(relation=slots.NoRelationConfig()))
    boxes = torch.rand(shape) + torch.tensor([0.0, 0, 9, 9])
    windows = model.aim(boxes)
    assert windows.shape == boxes.shape
    torch.testing.assert_close(
        windows[..., :2] + windows[..., 2:], boxes[..., :2] + boxes[..., 2:], atol=1e-4, rtol=1e-4
    )
