"""What the model is shown: pixels, the true boxes, or nothing."""

from __future__ import annotations

import pytest
import torch

from mohart.assembly.model import build_model
from mohart.boxes import xyxy_to_cxcywh
from mohart.config import slots
from mohart.model.forecast import predict_boxes, score_objects
from mohart.model.objective import Objective
from mohart.model.rollout import advance, put_back, roll_out
from mohart.model.tracker import MohartModel
from mohart.model.validation import score_clips
from mohart.structures import Clip

LENGTH = 6


@pytest.fixture
def model() -> MohartModel:
    torch.manual_seed(0)
    return build_model(
        slots.ModelConfig(
            glimpse=slots.BilinearConfig(size=16),
            encoder=slots.CnnConfig(width=16),
            appearance=slots.NoAppearanceConfig(channels=8),
            heads=slots.LocaliseConfig(width=8),
            relation=slots.AttentionConfig(width=8, heads=2),
            features=8,
            hidden=8,
        )
    ).eval()


def clip(pixels: int = 0) -> Clip:
    """Object 0 moves by (2, 1) px, 1 stands, 2 has no label in frame 2, 3 is padding."""
    frames = torch.randint(
        0,
        256,
        (2, LENGTH, 40, 56, 3),
        dtype=torch.uint8,
        generator=torch.Generator().manual_seed(pixels),
    )
    frames[:, 0] = 90  # the first frame is always seen
    boxes = torch.tensor([[5.0, 5, 15, 25], [30, 10, 50, 30], [20, 20, 30, 35], [0, 0, 0, 0]])
    boxes = boxes.repeat(2, LENGTH, 1, 1)
    boxes[:, :, 0] += torch.arange(LENGTH)[:, None] * torch.tensor([2.0, 1, 2, 1])
    present = torch.ones(2, LENGTH, 4, dtype=torch.bool)
    present[:, :, 3] = False
    present[:, 2, 2] = False
    return Clip(frames, boxes, present.float(), present)


def test_objects_are_put_back_with_their_velocity_and_a_window_where_they_will_be(
    model: MohartModel,
) -> None:
    shown = clip()
    state = model.start(shown.frames[:, 0], shown.boxes[:, 0], shown.present[:, 0])
    _, state = model.step(None, state)
    after = put_back(model, shown, state, 1)
    torch.testing.assert_close(after.boxes[:, :3], shown.boxes[:, 1, :3])
    assert after.velocity[0, :2].tolist() == [[2, 1], [0, 0]]
    # frame 1: (7, 6, 17, 26), centre (12, 16); in frame 2 at (14, 17)
    assert xyxy_to_cxcywh(after.windows)[0, 0, :2].tolist() == pytest.approx([14, 17])
    assert torch.equal(after.hidden, state.hidden)
    assert torch.equal(after.boxes[:, 3], state.boxes[:, 3]), "padding is not touched"


@pytest.mark.parametrize("t", [2, 3])
def test_objects_without_a_label_now_or_before_are_left_alone(model: MohartModel, t: int) -> None:
    shown = clip()
    state = model.start(shown.frames[:, 0], shown.boxes[:, 0], shown.present[:, 0])
    after = put_back(model, shown, state, t)
    assert torch.equal(after.boxes[:, 2], state.boxes[:, 2])
    assert torch.equal(after.velocity[:, 2], state.velocity[:, 2])
    assert not torch.equal(after.boxes[:, 0], state.boxes[:, 0])


def test_what_is_said_about_a_frame_is_said_before_its_boxes_are_told(model: MohartModel) -> None:
    shown = clip()
    state = model.start(shown.frames[:, 0], shown.boxes[:, 0], shown.present[:, 0])
    said, after = advance(model, shown, state, 1, shown=True, sight="boxes")
    coasted, unknown = advance(model, shown, state, 1, shown=False, sight="boxes")
    assert torch.equal(said.boxes, coasted.boxes)
    assert not torch.equal(after.boxes, unknown.boxes)
    looked, _ = advance(model, shown, state, 1, shown=True, sight="pixels")
    assert not torch.equal(looked.boxes, coasted.boxes)


def test_a_roll_out_hands_every_state_on_and_asks_once_for_each_frame(model: MohartModel) -> None:
    data, asked = clip(), []

    def shown(t: int) -> bool:
        asked.append(t)
        return t != 2

    state = model.start(data.frames[:, 0], data.boxes[:, 0], data.present[:, 0])
    steps = list(roll_out(model, data, state, 1, 4, shown=shown, sight="pixels"))
    assert asked == [step.t for step in steps] == [1, 2, 3]
    for step in steps:
        frames = None if step.t == 2 else data.frames[:, step.t]
        said, after = model.step(frames, state)
        assert step.before is state or torch.equal(step.before.boxes, state.boxes)
        assert torch.equal(step.said.boxes, said.boxes)
        assert torch.equal(step.after.hidden, after.hidden)
        state = after


def test_with_boxes_no_pixel_after_the_first_frame_counts(model: MohartModel) -> None:
    one, two = clip(1), clip(2)
    told = [predict_boxes(model, c, blank=2, sight="boxes") for c in (one, two)]
    assert (told[0] == told[1]).all()
    scores = [score_objects(model, [c], horizon=2, sight="boxes") for c in (one, two)]
    assert scores[0] == scores[1] != score_objects(model, [one], horizon=2)
    validation = [score_clips(model, [c], blank=2, sight="boxes") for c in (one, two)]
    assert validation[0] == validation[1] != score_clips(model, [one], blank=2)


def test_training_with_boxes_learns_without_pixels(model: MohartModel) -> None:
    objective = Objective({"box": 1.0}, blackout=0.0, forecast=2, jitter=(0.0, 0.0), sight="boxes")
    losses = []
    for shown in (clip(1), clip(2)):
        outcomes = list(objective.pieces(model, shown, LENGTH))
        outcomes[0].loss.backward()
        losses.append(float(outcomes[0].loss.detach()))
    assert losses[0] == losses[1]
    assert model.relation.query.weight.grad is not None  # type: ignore[union-attr]
