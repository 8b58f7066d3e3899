"""Where boxes lie in windows, and the contract that every kind of templates keeps."""

import pytest
import torch
from torch import Tensor

from mohart.nn.align import Refinement
from mohart.nn.appearance import Correlation, NoAppearance
from mohart.nn.discriminate import DiscriminativeFilter
from mohart.nn.filters import DynamicFilters
from mohart.nn.heads import LocaliseHeads, Place
from mohart.nn.templates import Spot, Templates
from mohart.tracking.learned.state import holds_looks

BOX = torch.tensor([[20.0, 10.0, 30.0, 20.0]])
FIRST = torch.tensor([[15.0, 5.0, 35.0, 25.0]])  # where a first look at it goes
SHIFT = torch.tensor([[1.0, 0, 1, 0]])


def spot(box: Tensor, window: Tensor, old: Tensor = BOX) -> Spot:
    heads, nothing = LocaliseHeads(16, 8, 48, 1.0, 0.0), torch.zeros(len(box), 2)
    return Spot(box, Place(old, window, nothing, (99, 99)), heads.first_window, nothing)


def test_a_template_shows_the_inner_half_of_a_first_look_wherever_the_window_is() -> None:
    half = torch.tensor([[-0.5, -0.5, 0.5, 0.5]])
    torch.testing.assert_close(spot(BOX, FIRST).around, half)
    wide = torch.tensor([[5.0, -5.0, 45.0, 35.0]])  # twice as wide, same middle
    torch.testing.assert_close(spot(BOX, wide).around, half / 2)
    torch.testing.assert_close(spot(BOX, FIRST + 10 * SHIFT).around, half - SHIFT)


def test_a_spot_is_finite_whatever_the_window_is() -> None:
    assert torch.isfinite(spot(BOX, torch.zeros(1, 4)).around).all()


def test_the_centre_is_told_in_sizes_of_the_box_of_before() -> None:
    moved = BOX + 5 * SHIFT
    torch.testing.assert_close(spot(moved, FIRST).centre, torch.tensor([[0.5, 0.0]]))
    twice = torch.tensor([[20.0, 10.0, 40.0, 30.0]])
    torch.testing.assert_close(spot(moved, FIRST, old=twice).centre, torch.tensor([[0.25, 0.0]]))


def test_no_gradient_goes_through_a_spot() -> None:
    here = spot(BOX.clone().requires_grad_(), FIRST)
    assert not here.around.requires_grad
    assert not here.centre.requires_grad


def correlation(*, align: bool) -> Correlation:
    return Correlation(16, 16, 4, 0.1, align=align, claims=False, responds=False)


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize(
    ("kind", "looks", "aligns"),
    [
        (lambda: correlation(align=False), True, False),
        (lambda: correlation(align=True), True, True),
        (lambda: Refinement(8), True, True),
        (lambda: DiscriminativeFilter(16, 4), False, False),
        (lambda: DynamicFilters(16, 6), False, False),
        (lambda: NoAppearance(16, 16), False, False),
    ],
)
def test_every_kind_keeps_the_contract(kind, looks: bool, aligns: bool, count: int) -> None:
    torch.manual_seed(0)
    part: Templates = kind()
    y, x = torch.meshgrid(torch.linspace(-1, 1, 8), torch.linspace(-1, 1, 8), indexing="ij")
    grid = torch.stack([x, y]).expand(count, 2, 8, 8)
    view, later = (
        part.look(torch.rand(count, 3, 32, 32), torch.randn(count, 16, 8, 8)) for _ in range(2)
    )
    memory = part.start(view, grid)
    assert holds_looks(memory.detach().numpy()) is looks
    place = Place(BOX.expand(count, 4), FIRST.expand(count, 4), torch.zeros(count, 2), (99, 99))
    here = Spot(BOX.expand(count, 4), place, LocaliseHeads(16, 8, 48, 1.0, 0.0).first_window, grid)
    said = part.align(later, memory, here)
    assert (said is not None) is aligns
    if said is not None:
        assert said.shape == (count, 5)
    after = part.refresh(later, memory, here, torch.zeros(count))
    torch.testing.assert_close(after, memory)  # nothing was trusted
    assert part.refresh(later, memory, here, torch.ones(count)).shape == memory.shape
