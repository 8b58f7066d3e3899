"""The time step: what it reads, what it hands on, where gradients may flow."""

import pytest
import torch
from torch import Tensor, nn

from mohart.assembly.model import build_model
from mohart.config.slots import (
    AttentionConfig,
    BilinearConfig,
    CnnConfig,
    CorrelationConfig,
    DirectConfig,
    DynamicFiltersConfig,
    LocaliseConfig,
    ModelConfig,
    NoRefinementConfig,
    RefinementConfig,
)
from mohart.model.cell import MohartCell
from mohart.training.checkpoint import begin_from

HEIGHT, WIDTH = 40, 56


def cell(**changed: object) -> MohartCell:
    torch.manual_seed(0)
    small = {
        "glimpse": BilinearConfig(size=16),
        "encoder": CnnConfig(width=16, blocks=0),
        "appearance": CorrelationConfig(channels=16, template=2, rate=0.5, align=False),
        "relation": AttentionConfig(width=16, heads=2),
        "heads": LocaliseConfig(width=16, widen=0.0),
        "features": 16,
        "hidden": 16,
        "claims": False,
        "discriminate": 0,
        "refine": NoRefinementConfig(),
    }
    model = build_model(ModelConfig(**{**small, **changed})).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        for p in model.parameters():  # also where the fresh weights are zero
            p.add_(0.05 * torch.randn_like(p))
    return model.cell


def scene(count: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    frames = torch.randint(0, 256, (2, HEIGHT, WIDTH, 3), dtype=torch.uint8)
    boxes = torch.tensor([[5.0, 6, 20, 22], [25, 10, 35, 34], [30, 20, 50, 30]])[:count]
    return frames, boxes.expand(2, -1, -1), torch.ones(2, count, dtype=torch.bool)


def test_shapes_of_what_is_said_and_carried() -> None:
    model, (frames, boxes, alive) = cell(), scene()
    state = model.start(frames, boxes, alive)
    assert torch.equal(state.boxes, boxes)
    assert torch.all(state.velocity == 0)
    assert state.frame == (HEIGHT, WIDTH)
    said, after = model(frames, state)
    cells = (2, 3, 4, 4)  # 16 / 4
    assert said.boxes.shape == said.windows.shape == (2, 3, 4)
    assert said.visibility.shape == (2, 3)
    assert said.scores is not None
    assert said.scores.shape == (2, 3, 17)
    assert said.grid is not None
    assert said.grid.shape == (2, 3, 2, 4, 4)
    assert said.mask is None
    assert said.attention is not None
    assert said.attention.shape == (2, 2, 3, 3)
    assert [x.shape for x in after.tensors()] == [x.shape for x in state.tensors()]
    assert torch.equal(said.windows, state.windows)
    assert torch.equal(said.boxes, after.boxes)
    filters = cell(appearance=DynamicFiltersConfig(channels=5))
    mask = filters(frames, filters.start(frames, boxes, alive))[0].mask
    assert mask is not None
    assert mask.shape == cells


def test_the_grid_is_in_box_sizes_from_the_windows_centre() -> None:
    model, (frames, boxes, alive) = cell(), scene(1)
    said, _ = model(frames, model.start(frames, boxes, alive))
    assert said.grid is not None
    # box 15 x 16, context sqrt(240): the window is 30.49 x 31.49; cell middles at -3/8 .. 3/8
    ratio = torch.tensor([(15 + 240**0.5) / 15, (16 + 240**0.5) / 16])
    torch.testing.assert_close(said.grid[0, 0, 0, 0], ratio[0] * torch.tensor([-3, -1, 1, 3]) / 8)
    torch.testing.assert_close(
        said.grid[0, 0, 1, :, 2], ratio[1] * torch.tensor([-3, -1, 1, 3]) / 8
    )


def test_claims_are_one_where_another_is_expected_and_ignore_oneself_and_the_absent() -> None:
    model = cell(claims=True)
    frames = scene()[0]
    boxes = torch.tensor([[10.0, 10.0, 20.0, 20.0], [14.0, 10.0, 24.0, 20.0], [0, 0, 9, 9]])
    boxes = boxes.expand(2, 3, 4).contiguous()
    state = model.start(frames, boxes, torch.tensor([[True, True, False]]).expand(2, 3))
    state = state._replace(velocity=torch.zeros(2, 3, 2))
    told = model._others(state).unflatten(0, (2, 3))[0, :, 0]
    # object 0 looks at 5..25, 4 cells of 5 px: the other's middle (19, 15) lies in column 2 or 3
    assert told[0].argmax() % 4 in (2, 3)
    assert told[1].argmax() % 4 in (0, 1)
    alone = model._others(state.select(torch.tensor([0])))
    assert torch.all(alone == 0)
    nobody = state._replace(alive=torch.tensor([[True, False, False]]).expand(2, 3))
    assert torch.all(model._others(nobody).unflatten(0, (2, 3))[:, 0] == 0)


def test_new_parts_change_nothing_until_they_are_trained() -> None:
    torch.manual_seed(0)
    small = {
        "glimpse": BilinearConfig(size=16),
        "relation": AttentionConfig(width=16, heads=2),
        "heads": LocaliseConfig(width=16),
        "features": 16,
        "hidden": 16,
    }
    plain = build_model(
        ModelConfig(
            **small,
            encoder=CnnConfig(width=16, blocks=0),
            claims=False,  # type: ignore[arg-type]
            appearance=CorrelationConfig(channels=16, template=2, align=False),
            refine=NoRefinementConfig(),
            discriminate=0,
        )
    ).eval()
    grown = build_model(
        ModelConfig(
            **small,
            encoder=CnnConfig(width=16, blocks=1),
            claims=True,  # type: ignore[arg-type]
            appearance=CorrelationConfig(channels=16, template=2, align=True),
            refine=RefinementConfig(),
            discriminate=4,
        )
    ).eval()
    begin_from(grown, plain.state_dict(), "here")
    frames, boxes, alive = scene()
    said = [m.step(frames, m.start(frames, boxes, alive))[0] for m in (plain, grown)]
    torch.testing.assert_close(said[0].boxes, said[1].boxes)
    torch.testing.assert_close(said[0].visibility, said[1].visibility)
    grown.cell.appearance.alignment.correct.bias.data.fill_(0.1)  # type: ignore[union-attr]
    moved = grown.step(frames, grown.start(frames, boxes, alive))[0]
    size = said[0].boxes[..., 2:] - said[0].boxes[..., :2]
    middle = (moved.boxes - said[0].boxes).unflatten(-1, (2, 2)).mean(-2)
    torch.testing.assert_close(middle, 0.1 * size)
    torch.testing.assert_close(moved.visibility, said[0].visibility + 0.1)
    grown.cell.refine.alignment.correct.bias.data.fill_(0.1)  # type: ignore[union-attr]
    twice = grown.step(frames, grown.start(frames, boxes, alive))[0]
    grown_by = (twice.boxes - moved.boxes).unflatten(-1, (2, 2)).mean(-2)
    torch.testing.assert_close(grown_by, 0.1 * (moved.boxes[..., 2:] - moved.boxes[..., :2]))


def test_the_refinement_remembers_and_follows_as_far_as_it_is_trusted() -> None:
    model, (frames, boxes, alive) = cell(refine=RefinementConfig(rate=1.0)), scene()
    state = model.start(frames, boxes, alive)
    detail = state.memories[1]
    assert detail.shape == (2, 3, 2, 16, 4, 4)  # 16 px: 8 cells, the inner half of them
    _, after = model(frames.flip(2), state)
    assert torch.equal(after.memories[1][:, :, 0], detail[:, :, 0])
    assert not torch.equal(after.memories[1][:, :, 1], detail[:, :, 1])
    _, coasted = model(None, state)
    assert torch.equal(coasted.memories[1], detail)


def test_every_kind_of_templates_has_a_memory_in_their_order() -> None:
    model, (frames, boxes, alive) = cell(refine=RefinementConfig(), discriminate=4), scene()
    state = model.start(frames, boxes, alive)
    assert model.templates == (model.appearance, model.discriminate, model.refine)
    assert [x.shape[2:] for x in state.memories] == [(2, 16, 2, 2), (9, 4, 3), (2, 16, 4, 4)]
    _, after = model(frames.flip(2), state)
    assert not any(torch.equal(*pair) for pair in zip(state.memories, after.memories, strict=True))


def test_the_filter_is_asked_with_its_own_memory() -> None:
    model, (frames, boxes, alive) = cell(refine=RefinementConfig(), discriminate=4), scene()
    state = model.start(frames, boxes, alive)
    one, filters, detail = state.memories
    other = state._replace(memories=(one, filters.flip(1), detail))  # everybody has a neighbour's
    said, changed = (model(frames, s)[0].visibility for s in (state, other))
    assert (said - changed)[:, 0].abs().max() > 1e-6
    torch.testing.assert_close(changed[:, 1], said[:, 1], rtol=0, atol=1e-3)


def test_low_precision_is_for_training_only_and_leaves_the_geometry_whole() -> None:
    model, (frames, boxes, alive) = cell(), scene()
    exact = model(frames, model.start(frames, boxes, alive))[0]
    model.low_precision = True
    torch.testing.assert_close(
        model(frames, model.start(frames, boxes, alive))[0].boxes, exact.boxes, rtol=0, atol=0
    )
    rough = model.train()(frames, model.start(frames, boxes, alive))[0]
    assert rough.boxes.dtype == torch.float32
    assert not torch.equal(rough.boxes, exact.boxes)
    assert torch.equal(rough.windows, exact.windows)
    assert (rough.boxes - exact.boxes).abs().max() < 0.5


def test_the_window_widens_when_the_object_is_not_seen() -> None:
    model, (frames, boxes, alive) = cell(heads=LocaliseConfig(width=16, widen=1.0)), scene()
    state = model.start(frames, boxes, alive)
    rooms = []
    for odds in (30.0, -30.0):
        with torch.no_grad():
            model.heads.residual.bias[6] = odds  # type: ignore[union-attr,operator,index]
        said, after = model(frames, state)
        size = said.boxes[..., 2:] - said.boxes[..., :2]
        room = after.windows[..., 2:] - after.windows[..., :2] - size
        rooms.append(room / size.prod(-1, keepdim=True).sqrt())
    torch.testing.assert_close(rooms[0], torch.ones_like(rooms[0]), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(rooms[1], 2 * torch.ones_like(rooms[0]), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("detach", [True, False])
def test_visibility_learns_through_the_place_of_the_glimpse_only_if_asked(detach: bool) -> None:
    model, (frames, boxes, alive) = cell(detach_window=detach), scene()
    state = model.start(frames, boxes, alive)
    windows = state.windows.detach().requires_grad_()
    said, _ = model(frames, state._replace(windows=windows))
    gradient = torch.autograd.grad(said.visibility.sum(), windows, allow_unused=True)[0]
    reached = gradient is not None and bool((gradient != 0).any())
    assert reached is not detach


def test_the_frame_and_the_memory_and_the_motion_and_the_others_all_matter() -> None:
    model, (frames, boxes, alive) = cell(), scene()
    state = model.start(frames, boxes, alive)
    said = model(frames, state)[0].visibility
    other_memory = state._replace(memories=(torch.randn_like(state.memories[0]),))
    nudged = state.hidden.clone()
    nudged[:, 1] += 1
    for name, changed in {
        "frame": model(255 - frames, state),
        "memory": model(frames, other_memory),
        "motion": model(frames, state._replace(velocity=state.velocity + 3)),
        "others": model(frames, state._replace(hidden=nudged)),
    }.items():
        assert (changed[0].visibility - said)[:, 0].abs().max() > 1e-6, name


def test_coasting_does_not_look_and_does_not_touch_the_memory() -> None:
    model, (frames, boxes, alive) = cell(), scene()
    state = model.start(frames, boxes, alive)
    blind = cell()
    blind.glimpse = None  # type: ignore[assignment]
    said, after = blind(None, state)
    assert torch.equal(after.memories[0], state.memories[0])
    assert said.scores is None
    assert said.mask is None
    assert not torch.equal(after.hidden, state.hidden)


def test_the_memory_is_refreshed_by_a_look_as_far_as_it_is_trusted() -> None:
    model, (frames, boxes, alive) = cell(), scene()
    state = model.start(frames, boxes, alive)
    _, after = model(255 - frames, state)
    assert torch.equal(after.memories[0][:, :, 0], state.memories[0][:, :, 0])
    assert not torch.equal(after.memories[0][:, :, 1], state.memories[0][:, :, 1])


def test_absent_objects_may_come_with_any_box() -> None:
    model, (frames, boxes, alive) = cell(heads=DirectConfig(width=8, code=4)), scene()
    odd = boxes.clone()
    odd[:, 1] = torch.nan
    alive[:, 1] = False
    state = model.start(frames, odd, alive)
    assert all(torch.isfinite(x).all() for x in state.tensors())


@pytest.mark.parametrize("normed", [True, False])
def test_units_of_the_readout_that_were_pushed_down_learn_on_only_with_a_norm(
    *, normed: bool
) -> None:
    part = cell(normed_readout=normed)
    frames, boxes, alive = scene()
    convolution = part.readout[0]
    assert isinstance(convolution, nn.Conv2d)
    with torch.no_grad():
        assert convolution.bias is not None
        convolution.bias.fill_(-100.0)
    part.start(frames, boxes, alive).cell.sum().backward()
    assert convolution.weight.grad is not None
    assert bool((convolution.weight.grad != 0).any()) == normed
