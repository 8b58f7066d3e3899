"""Laws of the complete model, for every sensible combination of parts.

The laws hold exactly, so they are checked in float64, on small models with perturbed weights (fresh
weights are zero in places, where a law would hold by accident).
"""

from functools import cache

import pytest
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.config import slots
from mohart.errors import ShapeError
from mohart.model.cell import Prediction
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel

HEIGHT, WIDTH = 48, 64
GLIMPSES = {"bilinear": slots.BilinearConfig(size=16), "gaussian": slots.GaussianConfig(size=16)}
APPEARANCES = {
    "correlation": slots.CorrelationConfig(channels=16, template=2, rate=0.3),
    "filters": slots.DynamicFiltersConfig(channels=3),
    "none": slots.NoAppearanceConfig(channels=8),
}
RELATIONS = {
    "none": slots.NoRelationConfig(),
    "mlp": slots.MlpConfig(width=8, slots=8),
    "mean": slots.DeepSetsConfig(width=8, pool="mean"),
    "sum": slots.DeepSetsConfig(width=8, pool="sum"),
    "max": slots.DeepSetsConfig(width=8, pool="max"),
    "attention": slots.AttentionConfig(width=8, heads=2),
    "sab": slots.SabConfig(width=8, heads=2),
    "self_only": slots.SelfOnlyConfig(width=8, heads=2),
}
HEADS = {"localise": slots.LocaliseConfig(width=8), "direct": slots.DirectConfig(width=8, code=4)}
PARTS = [
    *(f"{relation} correlation bilinear localise" for relation in RELATIONS),
    *(f"{relation} filters gaussian direct" for relation in ("none", "mean", "self_only")),
    *(
        f"attention {appearance} {glimpse} {heads}"
        for appearance in APPEARANCES
        for glimpse in GLIMPSES
        for heads in HEADS
    ),
]
COMBINATIONS = list(dict.fromkeys(PARTS))
every = pytest.mark.parametrize("parts", COMBINATIONS)


@cache
def model_of(parts: str, position: str = "linear", detach: bool = True) -> MohartModel:
    relation, appearance, glimpse, heads = parts.split()
    torch.manual_seed(0)
    where = {"linear": slots.LinearPositionConfig(), "fourier": slots.FourierPositionConfig()}
    model = build_model(
        slots.ModelConfig(
            glimpse=GLIMPSES[glimpse],
            encoder=slots.CnnConfig(width=16),
            appearance=APPEARANCES[appearance],
            position=where[position],
            relation=RELATIONS[relation],
            heads=HEADS[heads],
            features=12,
            hidden=10,
            zoneout=0.05,
            detach_window=detach,
            claims=False,
            refine=slots.NoRefinementConfig(),
        )
    )
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return model.double().eval()


def clip(batch: int = 2, length: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    shape = (batch, length, HEIGHT, WIDTH, 3)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def boxes_of(batch: int = 2, count: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(6)
    low = torch.rand(batch, count, 2, generator=generator, dtype=torch.float64)
    size = 4 + 20 * torch.rand(batch, count, 2, generator=generator, dtype=torch.float64)
    low = low * torch.tensor([WIDTH - 20, HEIGHT - 20])
    return torch.cat([low, low + size], -1)


@torch.no_grad()
def track(
    model: MohartModel, frames: Tensor, boxes: Tensor, alive: Tensor | None = None
) -> list[Tensor]:
    """All that is said and all that is carried, every tensor [B, N, ...]."""
    return flat(*model(frames[:, 1:], model.start(frames[:, 0], boxes, alive)))


def flat(said: list[Prediction], state: TrackState) -> list[Tensor]:
    spoken = [x for p in said for x in (p.boxes, p.visibility, p.windows)]
    return [*spoken, *state[:5], *state.memories]


def assert_same(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-7, rtol=1e-7)


@pytest.mark.slow
@every
def test_a_clip_at_once_equals_the_clip_in_pieces_with_carried_state(parts: str) -> None:
    model, frames, boxes = model_of(parts), clip(length=5), boxes_of()
    with torch.no_grad():
        first, state = model(frames[:, 1:3], model.start(frames[:, 0], boxes))
        rest, state = model(frames[:, 3:], state.detach())
    assert_same(flat(first + rest, state), track(model, frames, boxes))


@pytest.mark.slow
@every
def test_a_batch_equals_its_items(parts: str) -> None:
    model, frames, boxes = model_of(parts), clip(), boxes_of()
    alive = torch.tensor([[True, True, True], [True, False, True]])
    together = track(model, frames, boxes, alive)
    for b in range(2):
        item = slice(b, b + 1)
        alone = track(model, frames[item], boxes[item], alive[item])
        assert_same([x[0][alive[b]] for x in alone], [x[b][alive[b]] for x in together])


@pytest.mark.slow
@every
def test_absent_objects_change_nothing_for_the_others(parts: str) -> None:
    model, frames, boxes = model_of(parts), clip(), boxes_of(count=5)
    alive = torch.tensor([[True, True, True, False, False]]).expand(2, -1)
    without = track(model, frames, boxes[:, :3])
    boxes[:, 3], boxes[:, 4] = 7.0, torch.nan
    order = torch.arange(5) if parts.startswith("mlp") else torch.tensor([3, 0, 1, 4, 2])
    present = order.argsort()[:3]
    with_absent = track(model, frames, boxes[:, order], alive[:, order])
    assert_same([x[:, present] for x in with_absent], without)


@pytest.mark.slow
@every
@pytest.mark.parametrize("count", [0, 1, 200])
def test_zero_one_and_many_objects(parts: str, count: int) -> None:
    model, frames, boxes = model_of(parts), clip(1, 2), boxes_of(1, count)
    with torch.no_grad():
        said, state = model([frames[:, 1], None], model.start(frames[:, 0], boxes))
    assert len(said) == 2
    assert said[-1].boxes.shape == (1, count, 4)
    assert said[-1].visibility.shape == (1, count)
    assert all(torch.isfinite(x).all() for x in flat(said, state))


@pytest.mark.slow
@every
def test_coasting_stays_finite_and_near_the_frame(parts: str) -> None:
    model, frames, boxes = model_of(parts), clip(), boxes_of()
    with torch.no_grad():
        said, state = model([frames[:, 1], *[None] * 30], model.start(frames[:, 0], boxes))
    assert len(said) == 31
    assert all(torch.isfinite(x).all() for x in flat(said, state))
    assert said[-1].boxes.abs().max() <= 3 * WIDTH


ODD_BOXES = torch.tensor(
    [
        [-90.0, -80, -70, -60],
        [500, 3, 520, 20],
        [10, 10, 10, 10],
        [30, 30, 20, 20],
        [-200, -200, 300, 300],
        [5, 5, 5.5, 47],
        [60, 44, 70, 52],
    ],
    dtype=torch.float64,
)


@pytest.mark.slow
@every
def test_odd_boxes_and_blank_frames_give_finite_values_and_gradients(parts: str) -> None:
    model = model_of(parts, detach=False)  # gradients go through everything
    frames = clip(2, 3)
    frames[0] = 0
    alive = torch.ones(2, len(ODD_BOXES), dtype=torch.bool)
    alive[1] = False  # nobody there
    said, state = model(
        frames[:, 1:], model.start(frames[:, 0], ODD_BOXES.expand(2, -1, -1), alive)
    )
    everything = flat(said, state)
    assert all(torch.isfinite(x).all() for x in everything)
    model.zero_grad()
    sum(x.sum() for x in everything).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert len(gradients) > 10
    assert all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.slow
@every
def test_permuting_objects_permutes_the_answer_for_all_but_the_mlp(parts: str) -> None:
    model, frames, boxes = model_of(parts), clip(), boxes_of(count=4)
    order = torch.tensor([2, 0, 3, 1])
    straight = [x[:, order] for x in track(model, frames, boxes)]
    moved = track(model, frames, boxes[:, order])
    if parts.startswith("mlp"):
        with pytest.raises(AssertionError, match="not close"):
            assert_same(moved, straight)
    else:
        assert_same(moved, straight)


@pytest.mark.parametrize("parts", ["none", "self_only", "attention", "mean"])
def test_only_relations_let_objects_influence_each_other(parts: str) -> None:
    model, frames = model_of(f"{parts} correlation bilinear localise"), clip()
    boxes, moved = boxes_of(), boxes_of()
    moved[:, 1:] += 5
    one, two = (
        torch.cat([x[:, 0].flatten() for x in track(model, frames, b)]) for b in (boxes, moved)
    )
    if parts in ("none", "self_only"):
        torch.testing.assert_close(one, two)
    else:
        assert (one - two).abs().max() > 1e-6


@pytest.mark.parametrize("parts", COMBINATIONS[::4])
def test_float32_answers_are_deterministic(parts: str) -> None:
    model, frames, boxes = model_of(parts).float(), clip(), boxes_of().float()
    try:
        one, two = track(model, frames, boxes), track(model, frames, boxes)
    finally:
        model.double()
    assert one[0].dtype == torch.float32
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_fourier_position_keeps_the_laws_too() -> None:
    model = model_of("attention correlation bilinear localise", position="fourier")
    frames, boxes, order = clip(), boxes_of(), torch.tensor([2, 0, 1])
    straight = [x[:, order] for x in track(model, frames, boxes)]
    assert_same(track(model, frames, boxes[:, order]), straight)


def test_float_frames_equal_uint8_frames() -> None:
    model, frames, boxes = model_of(COMBINATIONS[0]), clip(), boxes_of()
    assert_same(track(model, frames.double() / 255, boxes), track(model, frames, boxes))


def test_the_parameters_are_counted() -> None:
    model = model_of(COMBINATIONS[0])
    expected = sum(p.numel() for p in model.parameters())
    assert model.parameter_count() == expected
    assert build_model(slots.ModelConfig()).parameter_count() > expected


@pytest.mark.parametrize(
    ("frames", "boxes", "message"),
    [
        ((2, 48, 64), (2, 3, 4), r"frames: expected \[B, H, W, 3\], got \[2, 48, 64\]"),
        ((2, 3, 48, 64), (2, 3, 4), r"frames: expected \[B, H, W, 3\], got \[2, 3, 48, 64\]"),
        ((2, 48, 64, 3), (1, 3, 4), r"boxes: expected \[B, N, 4\] with B=2, got \[1, 3, 4\]"),
        ((2, 48, 64, 3), (3, 4), r"boxes: expected \[B, N, 4\] with B=2, got \[3, 4\]"),
    ],
)
def test_wrong_shapes_at_the_start_are_named(
    frames: tuple[int, ...], boxes: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        model_of(COMBINATIONS[0]).start(torch.zeros(frames), torch.zeros(boxes))


@pytest.mark.parametrize("alive", [(2, 2), (3, 3), (2, 3, 1), (2,)])
def test_a_wrong_alive_mask_is_named(alive: tuple[int, ...]) -> None:
    model = model_of(COMBINATIONS[0])
    with pytest.raises(ShapeError, match="alive"):
        model.start(clip()[:, 0], boxes_of(), torch.ones(alive, dtype=torch.bool))


@pytest.mark.parametrize("shape", [(2, 48, 32, 3), (1, 48, 64, 3), (2, 64, 48, 3), (48, 64, 3)])
def test_another_frame_size_or_batch_in_a_step_is_named(shape: tuple[int, ...]) -> None:
    model = model_of(COMBINATIONS[0])
    with torch.no_grad():
        state = model.start(clip()[:, 0], boxes_of())
    with pytest.raises(ShapeError, match=r"frames: expected \[2, 48, 64, 3\], got"):
        model.step(torch.zeros(shape, dtype=torch.uint8), state)
