"""Read-outs: the geometry of the next window, stillness, scale, coasting, limits."""

import math

import pytest
import torch
from torch import Tensor, nn

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.nn.heads import DirectHeads, LocaliseHeads, Place, window_around

CHANNELS, HIDDEN, ROWS = 8, 6, 4
FRAME = (480, 640)
BOXES = torch.tensor([[100.0, 120, 140, 200], [300, 310, 330, 340], [10, 400, 90, 420]])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("box", "velocity", "context", "expected"),
    [
        ([50, 50, 20, 20], [0, 0], 1.0, [30, 30, 70, 70]),  # a square fills half
        ([50, 50, 20, 20], [0, 0], 0.0, [40, 40, 60, 60]),
        ([50, 50, 10, 40], [0, 0], 1.0, [35, 20, 65, 80]),  # the same 20 px of room on both axes
        ([50, 50, 20, 20], [3, -4], 1.0, [33, 26, 73, 66]),
    ],
)
def test_window_around_gives_the_same_room_on_all_sides(
    box: list[float], velocity: list[float], context: float, expected: list[float]
) -> None:
    out = window_around(torch.tensor([box]) * 1.0, torch.tensor([velocity]) * 1.0, context)
    torch.testing.assert_close(out, torch.tensor([expected]) * 1.0)


def localise(noisy: bool) -> LocaliseHeads:
    torch.manual_seed(3)
    heads = LocaliseHeads(CHANNELS, HIDDEN, 16, 1.0, 0.0)
    if noisy:
        nn.init.normal_(heads.residual.weight, std=0.3)
    else:
        nn.init.zeros_(heads.localise[-1].weight)
        nn.init.zeros_(heads.localise[-1].bias)
    return heads


def symmetric_grid(count: int) -> Tensor:
    middles = (torch.arange(ROWS) + 0.5) / ROWS - 0.5
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return 2 * torch.stack([x, y]).expand(count, 2, ROWS, ROWS)


def place(boxes: Tensor, velocity: Tensor, scale: float = 1.0) -> Place:
    windows = window_around(xyxy_to_cxcywh(boxes), velocity, 1.0)
    frame = (int(FRAME[0] * scale), int(FRAME[1] * scale))
    return Place(boxes * scale, windows * scale, velocity * scale, frame)


def test_uniform_scores_and_no_residual_keep_the_box_still() -> None:
    heads, count = localise(noisy=False), len(BOXES)
    seen, hidden = torch.randn(count, CHANNELS, ROWS, ROWS), torch.randn(count, HIDDEN)
    still = place(BOXES, torch.zeros(count, 2))
    out = heads(seen, None, symmetric_grid(count), hidden, still)
    torch.testing.assert_close(out.boxes, BOXES)
    torch.testing.assert_close(out.velocity, torch.zeros(count, 2))
    torch.testing.assert_close(out.windows, still.windows)
    torch.testing.assert_close(out.visibility, torch.zeros(count))  # even odds of seen
    assert out.scores is not None
    assert out.scores.shape == (count, ROWS * ROWS + 1)


def test_a_certain_cell_moves_the_box_there() -> None:
    heads = localise(noisy=False)
    features = torch.zeros(1, CHANNELS, ROWS, ROWS)
    grid = symmetric_grid(1).clone()
    torch.nn.init.zeros_(heads.modulate.weight)
    torch.nn.init.zeros_(heads.modulate.bias)

    class OneCell(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            out = torch.zeros(len(x), 5, ROWS, ROWS)
            out[:, 0, 1, 3] = 50.0  # row 1, column 3
            out[:, 3, 1, 3] = 2 * math.log(1.2)  # wider by 1.2
            return out

    heads.localise = OneCell()  # type: ignore[assignment]
    box = torch.tensor([[100.0, 100, 140, 140]])
    out = heads(features, None, grid, torch.zeros(1, HIDDEN), place(box, torch.zeros(1, 2)))
    # column 3 of 4 at 0.375 of the window = 0.75 boxes = 30 px; row 1 at -0.125 -> -10 px
    torch.testing.assert_close(
        xyxy_to_cxcywh(out.boxes), torch.tensor([[150.0, 110, 48, 40]]), atol=1e-3, rtol=0
    )
    assert torch.all(out.visibility > 40)
    # the gate of the velocity is one half without a residual
    torch.testing.assert_close(out.velocity, torch.tensor([[15.0, -5.0]]), atol=1e-3, rtol=0)


def test_boxes_are_jittered_before_alignment_and_in_training_alone() -> None:
    heads, given = LocaliseHeads(CHANNELS, HIDDEN, 16, 1.0, 0.0, jitter=0.1), list[Tensor]()
    count = 400
    boxes = torch.tensor([[100.0, 120, 140, 200]]).expand(count, 4)
    nn.init.zeros_(heads.localise[-1].weight)  # type: ignore[arg-type]
    nn.init.zeros_(heads.localise[-1].bias)  # type: ignore[arg-type]
    seen, hidden = torch.zeros(count, CHANNELS, ROWS, ROWS), torch.zeros(count, HIDDEN)

    def measure(box: Tensor) -> Tensor:
        given.append(box)
        return torch.zeros(count, 5)

    for training in (True, False):
        heads.train(training)
        still = place(boxes, torch.zeros(count, 2))
        said = heads(seen, None, symmetric_grid(count), hidden, still, [measure])
        torch.testing.assert_close(said.boxes, cxcywh_to_xyxy(given[-1]))
    torch.testing.assert_close(given[1], xyxy_to_cxcywh(boxes))
    given = [one.detach() for one in given]
    away = (given[0][:, :2] - given[1][:, :2]) / given[1][:, 2:]
    grown = (given[0][:, 2:] / given[1][:, 2:]).log()
    for noise in (away, grown):  # of standard deviations up to 0.1, all as likely
        assert abs(float(noise.std()) - 0.1 / math.sqrt(3)) < 0.01
        assert abs(float(noise.mean())) < 0.01


@pytest.mark.parametrize("looking", [True, False])
def test_doubling_all_pixels_doubles_the_answer(looking: bool) -> None:
    heads, count = localise(noisy=True), len(BOXES)
    hidden = torch.randn(count, HIDDEN)
    seen = torch.randn(count, CHANNELS, ROWS, ROWS) if looking else None
    velocity = torch.randn(count, 2) * 5
    once, twice = (
        heads(seen, None, symmetric_grid(count), hidden, place(BOXES, velocity, scale))
        for scale in (1.0, 2.0)
    )
    assert (once.boxes - BOXES).abs().max() > 1
    for field in ("boxes", "windows", "velocity"):
        torch.testing.assert_close(getattr(twice, field), 2 * getattr(once, field))
    torch.testing.assert_close(twice.visibility, once.visibility)


def test_coasting_moves_by_the_velocity_and_keeps_size_and_speed() -> None:
    heads, velocity = localise(noisy=False), torch.tensor([[4.0, -3], [0, 0], [7, 1]])
    hidden = torch.randn(3, HIDDEN)
    boxes = BOXES
    for k in range(1, 4):
        out = heads(None, None, symmetric_grid(3), hidden, place(boxes, velocity))
        boxes = out.boxes
        torch.testing.assert_close(boxes, BOXES + k * velocity.repeat(1, 2))
        torch.testing.assert_close(out.velocity, velocity)
        assert torch.all(out.visibility < 0)
        assert out.scores is None
    torch.testing.assert_close(out.windows, window_around(xyxy_to_cxcywh(boxes), velocity, 1.0))


def direct() -> DirectHeads:
    torch.manual_seed(3)
    return DirectHeads(ROWS * ROWS, HIDDEN, 10, 5)


@pytest.mark.parametrize("make", [lambda: localise(True), direct], ids=["localise", "direct"])
@pytest.mark.parametrize("count", [0, 1, 200])
@pytest.mark.parametrize("looking", [True, False])
def test_any_number_of_objects(make, count: int, looking: bool) -> None:
    heads = make()
    boxes = cxcywh_to_xyxy(torch.rand(count, 4) * 100 + 10)
    seen = torch.randn(count, CHANNELS, ROWS, ROWS) if looking else None
    mask = torch.randn(count, ROWS, ROWS) if looking else None
    out = heads(
        seen,
        mask,
        symmetric_grid(count),
        torch.randn(count, HIDDEN),
        place(boxes, torch.zeros(count, 2)),
    )
    assert out.boxes.shape == out.windows.shape == (count, 4)
    assert out.velocity.shape == (count, 2)
    assert out.visibility.shape == (count,)
    assert heads.first_window(boxes).shape == (count, 4)


@pytest.mark.parametrize("make", [lambda: localise(True), direct], ids=["localise", "direct"])
@pytest.mark.parametrize(
    "box",
    [[5, 5, 5, 5], [50, 50, 20, 20], [-9e4, 0, -8e4, 10], [-1e6, -1e6, 1e6, 1e6], [640, 0, 641, 1]],
    ids=str,
)
def test_odd_boxes_give_boxes_near_the_frame_and_finite_gradients(make, box: list[float]) -> None:
    heads, boxes = make(), torch.tensor([box]) * 1.0
    hidden = torch.randn(1, HIDDEN, requires_grad=True)
    seen, mask = torch.randn(1, CHANNELS, ROWS, ROWS), torch.randn(1, ROWS, ROWS)
    where = Place(boxes, heads.first_window(boxes), torch.zeros(1, 2), FRAME)
    out = heads(seen, mask, symmetric_grid(1), hidden, where)
    centre, size = xyxy_to_cxcywh(out.boxes)[0].split(2)
    limit = torch.tensor([FRAME[1], FRAME[0]])
    assert torch.all((centre >= -0.5 * limit) & (centre <= 1.5 * limit))
    assert torch.all((size > 1.9) & (size <= 2 * limit + 1e-3))
    assert torch.all(out.windows[:, 2:] > out.windows[:, :2])
    sum(x.sum() for x in out[:4]).backward()
    assert hidden.grad is not None
    assert torch.isfinite(hidden.grad).all()


def test_direct_heads_start_with_the_box_in_the_window_and_the_window_at_rest() -> None:
    heads = direct()
    where = Place(BOXES, BOXES, torch.zeros(3, 2), FRAME)
    out = heads(None, None, symmetric_grid(3), torch.randn(3, HIDDEN), where)
    for answer in (out.boxes, out.windows):
        torch.testing.assert_close(answer, BOXES, atol=5, rtol=0)  # the last layer starts at 1e-3
    assert torch.equal(heads.first_window(BOXES), BOXES)


def test_direct_steps_are_bounded_by_the_gate() -> None:
    """sigmoid(-2.5) = 0.0759 of the frame, however large the hidden state."""
    heads = direct()
    nn.init.normal_(heads.step[-1].weight, std=10.0)
    where = Place(BOXES, BOXES, torch.zeros(3, 2), FRAME)
    out = heads(None, None, symmetric_grid(3), torch.randn(3, HIDDEN) * 100, where)
    moved = (xyxy_to_cxcywh(out.windows) - xyxy_to_cxcywh(BOXES))[:, :2].abs()
    assert torch.all(moved <= 0.0759 * torch.tensor([640.0, 480]) + 1e-3)
    assert moved.max() > 5
    assert torch.all(out.windows[:, 2:] - out.windows[:, :2] > 3.99)
