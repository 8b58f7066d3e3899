"""Loss terms: hand-computed values, weights of zero, gradients."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mohart.model import losses

TRUTH = torch.tensor([[[10.0, 10, 30, 50], [40, 40, 60, 60]]])  # 20 x 40 and 20 x 20
ONE = torch.tensor([[1.0, 0.0]])
FRAME = (100, 200)
ROWS, COLUMNS = 4, 5


def grid() -> Tensor:
    y, x = torch.meshgrid(
        (torch.arange(ROWS) + 0.5) / ROWS - 0.5,
        (torch.arange(COLUMNS) + 0.5) / COLUMNS - 0.5,
        indexing="ij",
    )
    return 2 * torch.stack([x, y]).expand(1, 2, 2, ROWS, COLUMNS)


# every term as a function of (something predicted, truth, weight), for the common laws
Term = Callable[[Tensor, Tensor, Tensor], Tensor]
BOX_TERMS: dict[str, Term] = {
    "box": losses.box_loss,
    "centre": losses.centre_loss,
    "window": losses.window_loss,
    "log_iou": losses.log_iou_loss,
    "attention": lambda p, t, w: losses.attention_loss(p, t, w, FRAME),
}
MAP_TERMS: dict[str, tuple[Tensor, Term]] = {
    "visibility": (
        torch.zeros(1, 2),
        lambda p, t, w: losses.visibility_loss(p, (t > 0)[..., 0] * 1.0, w),
    ),
    "mask": (
        torch.zeros(1, 2, ROWS, COLUMNS),
        lambda p, t, w: losses.mask_loss(p, TRUTH + 3, t, w),
    ),
    "score": (
        torch.zeros(1, 2, ROWS * COLUMNS + 1),
        lambda p, t, w: losses.score_loss(p, grid(), TRUTH + 3, TRUTH, t, w > -1, w),
    ),
}
ALL_TERMS = {**{k: (TRUTH + 3, v) for k, v in BOX_TERMS.items()}, **MAP_TERMS}
every = pytest.mark.parametrize("name", list(ALL_TERMS))


def test_the_centre_term_is_the_squared_distance_in_sizes() -> None:
    """Both objects are off by (6, 8) px; sizes sqrt(20 * 40) and 20: 100 / 800, 100 / 400."""
    moved = TRUTH + torch.tensor([6.0, 8, 6, 8])
    both = torch.ones(1, 2)
    assert float(losses.centre_loss(moved, TRUTH, both)) == pytest.approx((1 / 8 + 1 / 4) / 2)
    far = TRUTH + 1000
    assert float(losses.centre_loss(far, TRUTH, both)) == pytest.approx(9), "cut at 3 sizes"


def test_weighted_mean_is_a_mean_over_those_that_count() -> None:
    values = torch.tensor([1.0, 5.0, torch.nan, torch.inf])
    out = losses.weighted_mean(values, torch.tensor([1.0, 3.0, 0, 0]))
    assert float(out) == pytest.approx((1 + 15) / 4)
    assert float(losses.weighted_mean(values, torch.zeros(4))) == 0
    assert float(losses.weighted_mean(torch.zeros(1, 0), torch.zeros(1, 0))) == 0


def test_box_loss_by_hand() -> None:
    moved = TRUTH + torch.tensor([5.0, 0, 5, 0])
    # object 0, 20 x 40, shifted by 5: overlap 15 of 25, hull is the union; centre 5/20 and 0
    assert float(losses.box_loss(moved, TRUTH, ONE)) == pytest.approx(0.4 + 0.125)
    # object 1, 20 x 20: the same numbers; grown to twice the width: GIoU 1/2, log 2 on one axis
    grown = TRUTH + torch.tensor([-10.0, 0, 10, 0])
    expected = 0.5 + math.log(2) / 2
    assert float(losses.box_loss(grown, TRUTH, 1 - ONE)) == pytest.approx(expected)
    assert float(losses.box_loss(TRUTH, TRUTH, torch.ones(1, 2))) == pytest.approx(0, abs=1e-6)


def test_box_loss_of_a_lost_object_is_limited() -> None:
    far = TRUTH + 1e6
    assert float(losses.box_loss(far, TRUTH, ONE)) == pytest.approx(2 + 3, abs=1e-3)
    assert float(losses.window_loss(far, TRUTH, ONE)) == pytest.approx(3)


def test_window_loss_by_hand() -> None:
    # 4 px of 20 and 10 px of 40: (0.2 + 0.25) / 2; the window's size does not matter
    window = TRUTH + torch.tensor([4.0 - 7, 10 - 9, 4 + 7, 10 + 9])
    assert float(losses.window_loss(window, TRUTH, ONE)) == pytest.approx(0.225)


def test_log_iou_loss_by_hand() -> None:
    moved = TRUTH + torch.tensor([5.0, 0, 5, 0])
    assert float(losses.log_iou_loss(moved, TRUTH, ONE)) == pytest.approx(-math.log(15 / 25))
    disjoint = losses.log_iou_loss(TRUTH + 500, TRUTH, ONE)
    assert float(disjoint) == pytest.approx(-math.log(1e-8))


def test_attention_loss_by_hand() -> None:
    # the window covers the left half of object 0; its area 10 x 40 is 0.02 of 100 x 200
    window = TRUTH - torch.tensor([0.0, 0, 10, 0])
    expected = math.log(2) - math.log(1 - 0.02)
    assert float(losses.attention_loss(window, TRUTH, ONE, FRAME)) == pytest.approx(expected)
    # the whole frame covers everything, and is punished
    whole = torch.tensor([0.0, 0, 200, 100]).expand(1, 2, 4)
    assert float(losses.attention_loss(whole, TRUTH, ONE, FRAME)) > 10


def test_visibility_loss_by_hand() -> None:
    logits, seen = torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]])
    expected = (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert float(losses.visibility_loss(logits, seen, torch.ones(1, 2))) == pytest.approx(expected)


@pytest.mark.parametrize("outside", [False, True])
def test_score_loss_of_certain_scores(outside: bool) -> None:
    """Certainty in the right cell costs little, in "nowhere" much; outside the other way round."""
    spread = 0.02  # so narrow that one cell is the target
    # windows 2 x the boxes; the truth's centre in cell (row 2, column 3): x 0.4, y 0.25 boxes away
    size = TRUTH[..., 2:] - TRUTH[..., :2]
    offset = torch.tensor([0.4, 0.25]) * size + (10 * size if outside else 0)
    windows = torch.cat([TRUTH[..., :2] - size / 2, TRUTH[..., 2:] + size / 2], -1)
    truth = TRUTH + offset.repeat(1, 1, 2)
    right, nowhere = torch.zeros(1, 2, 21), torch.zeros(1, 2, 21)
    right[..., 2 * COLUMNS + 3] = 20.0
    nowhere[..., -1] = 20.0
    visible = torch.ones(1, 2, dtype=torch.bool)

    def loss(scores: Tensor, visible: Tensor) -> float:
        out = losses.score_loss(
            scores, grid(), windows, TRUTH, truth, visible, torch.ones(1, 2), spread
        )
        return float(out)

    if outside:
        right, nowhere = nowhere, right
    assert loss(right, visible) < 1e-3
    assert loss(nowhere, visible) == pytest.approx(20, abs=1e-3)
    # an object that is hidden is nowhere
    assert (loss(right, ~visible) < 1e-3) is outside
    uniform = torch.zeros(1, 2, 21)
    assert loss(uniform, visible) == pytest.approx(math.log(21), abs=1e-5)


def test_mask_loss_by_hand() -> None:
    """Zero logits cost log 2 in both classes, balanced to one half each."""
    truth = torch.tensor([[[10.0, 10, 20, 30], [40, 40, 60, 60]]])
    window = torch.tensor([[[10.0, 10, 50, 50], [40, 40, 60, 60]]])  # a quarter x a half inside
    logits = torch.zeros(1, 2, 4, 4)
    assert float(losses.mask_loss(logits, window, truth, ONE)) == pytest.approx(math.log(2))
    right = torch.full((1, 2, 4, 4), -20.0)
    right[0, 0, :2, :1] = 20.0
    assert float(losses.mask_loss(right, window, truth, ONE)) == pytest.approx(0, abs=1e-4)
    # all cells wrongly off: only the object's half of the weight is lost
    off = torch.full((1, 2, 4, 4), -20.0)
    assert float(losses.mask_loss(off, window, truth, ONE)) == pytest.approx(10, abs=1e-3)


@every
def test_nobody_counts_gives_zero_and_a_zero_gradient(name: str) -> None:
    given, term = ALL_TERMS[name]
    predicted = given.clone().requires_grad_()
    loss = term(predicted, torch.zeros(1, 2, 4), torch.zeros(1, 2))
    assert loss == 0
    loss.backward()
    assert predicted.grad is not None
    assert torch.all(predicted.grad == 0)


@every
@pytest.mark.parametrize("where", ["truth", "predicted"])
def test_nan_in_rows_that_do_not_count_does_no_harm(name: str, where: str) -> None:
    given, term = ALL_TERMS[name]
    clean = given.clone().requires_grad_()
    dirty = given.clone()
    truth = TRUTH.clone()
    (truth if where == "truth" else dirty)[:, 1] = torch.nan
    dirty.requires_grad_()
    expected, loss = term(clean, TRUTH, ONE), term(dirty, truth, ONE)
    torch.testing.assert_close(loss, expected)
    expected.backward()
    loss.backward()
    torch.testing.assert_close(dirty.grad, clean.grad)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*BOX_TERMS, "mask", "score"])
def test_gradients_are_exact(name: str) -> None:
    given, term = ALL_TERMS[name]
    noise = torch.rand(given.shape, generator=torch.Generator().manual_seed(0))
    predicted = (given + noise).double().requires_grad_()
    weight = torch.tensor([[1.0, 0.25]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda p: term(p, TRUTH.double(), weight), predicted)


@every
@pytest.mark.parametrize("box", [[0, 0, 0, 0], [5, 5, 3, 3], [-1e5, -1e5, 1e5, 1e5]], ids=str)
def test_odd_boxes_that_count_give_finite_values_and_gradients(name: str, box: list[float]) -> None:
    given, term = ALL_TERMS[name]
    predicted = given.clone()
    truth = TRUTH.clone()
    if name in BOX_TERMS:
        predicted[0, 0] = torch.tensor(box)
    truth[0, 1] = torch.tensor(box)
    predicted.requires_grad_()
    loss = term(predicted, truth, torch.ones(1, 2))
    loss.backward()
    assert torch.isfinite(loss)
    assert predicted.grad is not None
    assert torch.isfinite(predicted.grad).all()
