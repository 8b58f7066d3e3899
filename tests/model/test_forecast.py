"""Scores of single objects, with a model whose boxes are known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mohart.assembly.model import build_model
from mohart.config import slots
from mohart.errors import ConfigError
from mohart.model.forecast import predict_boxes, score_objects
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

LENGTH = 6


class Straight(nn.Module):
    """Says that everything moves by 2 px to the right; remembers which frames it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.shown: list[bool] = []

    def start(self, frames: Tensor, boxes: Tensor, alive: Tensor) -> Tensor:
        self.shown = []
        return boxes

    def step(self, frames: Tensor | None, state: Tensor) -> tuple[object, Tensor]:
        self.shown.append(frames is not None)
        moved = state + state.new_tensor([2.0, 0, 2, 0])

        class Said:
            boxes = moved

        return Said(), moved


def clip(batch: int = 2) -> Clip:
    """Object 0 moves as said; 1 stays; 2 is gone after frame 3; 3 is padding. Size 10 x 10."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [0, 0, 0, 0]])
    boxes = boxes.repeat(batch, LENGTH, 1, 1)
    boxes[:, :, 0, 0::2] += 2.0 * torch.arange(LENGTH)[:, None]
    present = torch.ones(batch, LENGTH, 4, dtype=torch.bool)
    present[:, :, 3] = False
    present[:, 4:, 2] = False
    visibility = present.float()
    visibility[:, 5, 1] = 0.5
    return Clip(
        torch.zeros(batch, LENGTH, 16, 64, 3, dtype=torch.uint8), boxes, visibility, present
    )


def score(horizon: int, batches: int = 1):  # type: ignore[no-untyped-def]
    model = Straight()
    found = score_objects(model, [clip()] * batches, horizon=horizon)  # type: ignore[arg-type]
    return model, found


def test_tracking_shows_all_frames_and_judges_all_but_the_first() -> None:
    model, found = score(0)
    assert model.shown == [True] * 5
    first = {s.object: s for s in found if s.sequence == 0}
    assert sorted(first) == [0, 1, 2]
    assert (first[0].iou, first[0].ade, first[0].fde) == (1, 0, 0)
    assert first[1].ade == pytest.approx(6)  # 2, 4, 6, 8, 10
    assert first[1].fde == pytest.approx(10)
    assert first[1].fde_sizes == pytest.approx(1)
    assert first[1].iou_end == 0
    assert first[1].visibility == pytest.approx(0.9)
    assert first[2].fde == pytest.approx(6)  # its last label is in frame 3


def test_a_horizon_hides_the_last_frames_and_judges_those() -> None:
    model, found = score(2)
    assert model.shown == [True, True, True, False, False]
    first = {s.object: s for s in found if s.sequence == 0}
    assert sorted(first) == [0, 1], "object 2 has no label in a judged frame"
    assert first[1].ade == pytest.approx(9)
    assert first[1].visibility == pytest.approx(0.75)


def test_sequences_are_numbered_over_the_batches() -> None:
    _, found = score(0, batches=3)
    assert [s.sequence for s in found] == sorted([0, 1, 2, 3, 4, 5] * 3)


def test_neighbours_are_counted_in_the_last_frame_shown() -> None:
    """Centres at the last frame shown, horizon 2: 11, 25, 45; within 30 of each: 1, 2, 1."""
    _, found = score(2)
    assert {s.object: s.neighbours for s in found} == {0: 1, 1: 2}
    _, found = score(0)  # frame 5: 15, 25, and object 2 is gone
    assert {s.object: s.neighbours for s in found} == {0: 1, 1: 1, 2: 0}


@pytest.mark.parametrize("horizon", [-1, 6, 9])
def test_a_horizon_must_leave_a_frame_to_look_at(horizon: int) -> None:
    with pytest.raises(ConfigError, match="horizon: expected 0 to 5 for clips of 6 frames"):
        score(horizon)


def small() -> MohartModel:
    torch.manual_seed(0)
    return build_model(
        slots.ModelConfig(
            glimpse=slots.BilinearConfig(size=16),
            encoder=slots.CnnConfig(width=16),
            appearance=slots.NoAppearanceConfig(channels=8),
            heads=slots.LocaliseConfig(width=8),
            relation=slots.MlpConfig(width=8, slots=4),
            features=8,
            hidden=8,
        )
    )


def test_the_model_is_evaluated_in_evaluation_mode_and_given_back_as_it_was() -> None:
    """In training mode the MLP shuffles its slots, so two runs would differ."""
    model, data = small().train(), clip()
    assert score_objects(model, [data], horizon=2) == score_objects(model, [data], horizon=2)
    assert model.training
    score_objects(model.eval(), [data], horizon=0)
    assert not model.training


def test_a_roll_out_is_the_models_steps() -> None:
    model, data = small().eval(), clip()
    boxes = torch.from_numpy(predict_boxes(model, data, blank=2))
    with torch.no_grad():
        state = model.start(data.frames[:, 0], data.boxes[:, 0], data.present[:, 0])
        frames = [*data.frames[:, 1:4].unbind(1), None, None]
        said, _ = model.forward(frames, state)
    torch.testing.assert_close(boxes[:, 1:], torch.stack([s.boxes for s in said], 1))
    assert torch.equal(boxes[:, 0], data.boxes[:, 0])
