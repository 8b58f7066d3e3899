"""Alignment and refinement: corrections from what lies under a box."""

import pytest
import torch
from torch import Tensor

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.nn.align import Alignment, Refinement, first_looks, refresh_looks
from mohart.nn.heads import Place
from mohart.nn.templates import Spot

INNER = torch.tensor([[-0.5, -0.5, 0.5, 0.5]])
NOTHING = torch.zeros(0)  # the encoder's features and the grid, which a refinement does not need


def twice_as_wide(boxes: Tensor) -> Tensor:
    """The same centre, both sides doubled."""
    centred = xyxy_to_cxcywh(boxes)
    return cxcywh_to_xyxy(torch.cat([centred[..., :2], 2 * centred[..., 2:]], -1))


def spot(around: Tensor) -> Spot:
    """Boxes at [K, 4] in a window from -1 to 1; a template shows the box and nothing around it."""
    windows = torch.tensor([[-1.0, -1, 1, 1]]).expand(len(around), 4)
    place = Place(around, windows, torch.zeros(len(around), 2), (2, 2))
    return Spot(around, place, twice_as_wide, NOTHING)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def glimpses(count: int = 2, shift: int = 0) -> Tensor:
    """A bright disc on grey, `shift` pixels to the right, in a glimpse of 64 px."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    disc = ((x - 31.5 - shift) ** 2 + (y - 31.5) ** 2 < 12**2).float()
    return (0.4 + 0.5 * disc).expand(count, 3, 64, 64).contiguous()


def refinement() -> Refinement:
    """With a last layer that says something."""
    refine = Refinement()
    torch.nn.init.normal_(refine.alignment.correct.weight, std=0.5)
    return refine


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_shapes_and_a_batch_equals_its_items(stride: int, count: int) -> None:
    align = Alignment(8, 6, looks=2, stride=stride)
    torch.nn.init.normal_(align.correct.weight)
    under, looks = torch.randn(count, 8, 6, 6), torch.randn(count, 2, 8, 6, 6)
    said = align(under, looks)
    assert said.shape == (count, 5)
    for k in range(count):
        alone = align(under[k : k + 1], looks[k : k + 1])
        torch.testing.assert_close(alone, said[k : k + 1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("steady", [True, False])
def test_units_that_were_pushed_below_zero_learn_on_only_with_norms(*, steady: bool) -> None:
    align = Alignment(8, 6, looks=2, steady=steady)
    torch.nn.init.normal_(align.correct.weight)
    torch.nn.init.constant_(align.mix[3].bias, -100.0)  # type: ignore[arg-type]
    align(torch.randn(2, 8, 6, 6), torch.randn(2, 2, 8, 6, 6)).sum().backward()
    gradient = align.mix[0].weight.grad  # type: ignore[union-attr]
    assert isinstance(gradient, Tensor)
    assert bool((gradient != 0).any()) == steady


def test_before_training_nothing_is_corrected() -> None:
    refine = Refinement()
    features = refine.look(glimpses(), NOTHING)
    assert features.shape == (2, 16, 32, 32)
    said = refine.align(features, refine.start(features, NOTHING), spot(INNER.expand(2, 4)))
    assert torch.equal(said, torch.zeros(2, 5))


def test_a_shift_of_two_pixels_is_seen() -> None:
    """Under the right place the features are those of the first look, elsewhere not."""
    refine = refinement()
    memory = refine.start(refine.look(glimpses(), NOTHING), NOTHING)
    moved = refine.look(glimpses(shift=2), NOTHING)
    place = INNER + torch.tensor([[2, 0, 2, 0]]) / 32  # 2 of 64 px, edges at -1 and 1
    right = refine.align(moved, memory, spot(place.expand(2, 4)))
    wrong = refine.align(moved, memory, spot(INNER.expand(2, 4)))
    still = refine.align(refine.look(glimpses(), NOTHING), memory, spot(INNER.expand(2, 4)))
    assert (right - still).abs().max() < 0.3 * (wrong - still).abs().max()


def test_the_first_look_stays_and_the_recent_one_follows_trust() -> None:
    features, later = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 8, 8)
    memory = first_looks(features, 4, 2)
    assert torch.equal(memory[:, 0], features[:, :, 2:6, 2:6])
    after = refresh_looks(later, memory, INNER.expand(2, 4), torch.tensor([0.0, 0.5]))
    assert torch.equal(after[:, 0], memory[:, 0])
    assert torch.equal(after[0], memory[0])
    half = memory[1, 1] + 0.5 * (later[1, :, 2:6, 2:6] - memory[1, 1])
    torch.testing.assert_close(after[1, 1], half)


def test_gradients_reach_the_features() -> None:
    refine = refinement()
    looked = glimpses().requires_grad_()
    features = refine.look(looked, NOTHING)
    here = spot(INNER.expand(2, 4) + 0.05)
    refine.align(features, refine.start(features, NOTHING), here).sum().backward()
    assert looked.grad is not None
    assert torch.isfinite(looked.grad).all()
    assert looked.grad.abs().max() > 0
