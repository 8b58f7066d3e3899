"""Appearance attention: where the template fits, and how it follows the object."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.nn.align import crop_features
from mohart.nn.appearance import Correlation, NoAppearance, correlate
from mohart.nn.heads import Place
from mohart.nn.templates import Spot


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def twice_as_wide(boxes: Tensor) -> Tensor:
    """The same centre, both sides doubled."""
    centred = xyxy_to_cxcywh(boxes)
    return cxcywh_to_xyxy(torch.cat([centred[..., :2], 2 * centred[..., 2:]], -1))


def features(count: int = 2, channels: int = 8, rows: int = 12, columns: int = 10) -> Tensor:
    return torch.randn(count, channels, rows, columns)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_template_cut_from_the_map_peaks_in_all_cells_where_it_was_cut(k: int) -> None:
    here, (row, column) = features(), (6, 4)
    top, left = row - k // 2, column - k // 2
    found = correlate(here, here[:, :, top : top + k, left : left + k])
    assert found.shape == (2, k * k, 12, 10)
    torch.testing.assert_close(found[:, :, row, column], torch.ones(2, k * k))
    best = found.mean(1).flatten(1).argmax(1)
    assert best.tolist() == [row * 10 + column] * 2


@pytest.mark.parametrize("k", [1, 3, 4])
def test_correlation_is_aligned_cosine_similarity_and_zero_beyond_the_map(k: int) -> None:
    here, template = features(1, 5, 4, 6), features(1, 5, k, k)
    found = correlate(here, template).unflatten(1, (k, k))[0]
    for i in range(k):
        for j in range(k):
            for row in range(4):
                for column in range(6):
                    y, x = row + i - k // 2, column + j - k // 2
                    expected = torch.zeros(())
                    if 0 <= y < 4 and 0 <= x < 6:
                        pair = here[0, :, y, x], template[0, :, i, j]
                        expected = functional.cosine_similarity(*pair, dim=0)
                    torch.testing.assert_close(found[i, j, row, column], expected)


def test_correlation_is_bounded_and_every_object_uses_its_own_template() -> None:
    here, template = features(3), features(3, rows=4, columns=4)
    found = correlate(here * 7, template * 0.1)
    assert found.abs().max() <= 1 + 1e-6
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(correlate(here[order], template[order]), found[order] * 1.0)


def test_blank_maps_give_zero_and_finite_gradients() -> None:
    here = torch.zeros(1, 4, 5, 5, requires_grad=True)
    found = correlate(here, torch.zeros(1, 4, 2, 2))
    assert torch.all(found == 0)
    found.sum().backward()
    assert here.grad is not None
    assert torch.isfinite(here.grad).all()


def test_gradients_of_correlation_are_exact() -> None:
    here = torch.randn(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    look = torch.randn(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(correlate, (here, look), fast_mode=True)


def test_the_inner_half_at_its_own_size_is_the_inner_cells() -> None:
    here = features(2, rows=8, columns=8)
    inner = torch.tensor([[-0.5, -0.5, 0.5, 0.5]]).expand(2, 4)
    torch.testing.assert_close(crop_features(here, inner, 4), here[:, :, 2:6, 2:6])
    corner = torch.tensor([[-1.0, 0.0, 0.0, 1.0]]).expand(2, 4)
    torch.testing.assert_close(crop_features(here, corner, 4), here[:, :, 4:, :4])


def correlation(rate: float = 0.5) -> Correlation:
    return Correlation(8, 16, template=4, rate=rate, align=False, claims=False, responds=False)


CENTRE = torch.tensor([[-0.5, -0.5, 0.5, 0.5]]).expand(2, 4)
GRID = torch.zeros(0)  # not needed by these


def spot(around: Tensor) -> Spot:
    """Boxes at [K, 4] in a window from -1 to 1; a template shows the box and nothing around it."""
    windows = torch.tensor([[-1.0, -1, 1, 1]]).expand(len(around), 4)
    place = Place(around, windows, torch.zeros(len(around), 2), (2, 2))
    return Spot(around, place, twice_as_wide, GRID)


def test_refresh_without_trust_changes_nothing() -> None:
    attention, here = correlation(), features()
    memory = attention.start(here, GRID)
    after = attention.refresh(features(), memory, spot(CENTRE), torch.zeros(2))
    assert torch.equal(after, memory)


def test_the_first_template_never_changes_and_the_recent_one_follows_trust() -> None:
    attention, here, later = correlation(rate=0.5), features(), features()
    memory = attention.start(here, GRID)
    assert torch.equal(memory[:, 0], memory[:, 1])
    after = attention.refresh(later, memory, spot(CENTRE), torch.tensor([1.0, 0.5]))
    assert torch.equal(after[:, 0], memory[:, 0])
    new = attention.start(later, GRID)[:, 0]
    share = torch.tensor([0.5, 0.25])[:, None, None, None]
    torch.testing.assert_close(after[:, 1], memory[:, 1] + share * (new - memory[:, 1]))
    much_later = attention.refresh(features(), after, spot(CENTRE), torch.ones(2))
    assert torch.equal(much_later[:, 0], memory[:, 0])


def test_refresh_looks_under_the_box() -> None:
    """A box whose centre lies two cells further right: the crop moves by two cells."""
    attention, here = correlation(rate=1.0), features(2, rows=8, columns=8)
    moved = CENTRE + torch.tensor([0.5, 0, 0.5, 0])  # 2 of 8 cells, edges at -1 and 1
    after = attention.refresh(here, attention.start(here, GRID), spot(moved), torch.ones(2))
    torch.testing.assert_close(after[:, 1], here[:, :, 2:6, 4:8])


def test_without_a_rate_there_is_one_template_for_ever() -> None:
    attention, here = correlation(rate=0.0), features()
    memory = attention.start(here, GRID)
    assert memory.shape == (2, 1, 8, 4, 4)
    assert torch.equal(attention.refresh(features(), memory, spot(CENTRE), torch.ones(2)), memory)


@pytest.mark.parametrize("make", [correlation, lambda: NoAppearance(8, 16)])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_shapes_and_a_batch_equals_its_items(make, count: int) -> None:
    attention, here, later = make(), features(count), features(count)
    grid, hidden = torch.randn(count, 2, 12, 10), torch.randn(count, 6)
    memory = attention.start(here, GRID)
    seen = attention(later, grid, memory, hidden)
    assert seen.map.shape == (count, attention.channels, 12, 10)
    assert seen.mask is None
    after = attention.refresh(later, memory, spot(torch.rand(count, 4)), torch.rand(count))
    assert after.shape == memory.shape
    for k in range(count):
        one = slice(k, k + 1)
        memory_alone = attention.start(here[one], GRID)
        alone = attention(later[one], grid[one], memory_alone, hidden[one])
        torch.testing.assert_close(alone.map, seen.map[one], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "attention",
    [
        Correlation(8, 16, 4, 0.1, align=False, claims=False, responds=False),
        NoAppearance(8, 16),
    ],
)
def test_who_can_not_align_has_no_opinion(attention: Correlation | NoAppearance) -> None:
    here = features()
    assert attention.align(here, attention.start(here, GRID), spot(CENTRE)) is None


def test_no_appearance_remembers_nothing() -> None:
    attention = NoAppearance(8, 16)
    assert attention.start(features(), GRID).shape == (2, 0)


def test_the_map_depends_on_what_was_remembered() -> None:
    attention, here = correlation(), features()
    grid, hidden = torch.zeros(2, 2, 12, 10), torch.zeros(2, 6)
    one = attention(here, grid, attention.start(here, GRID), hidden).map
    other = attention(here, grid, attention.start(features(), GRID), hidden).map
    assert (one - other).abs().max() > 1e-3
