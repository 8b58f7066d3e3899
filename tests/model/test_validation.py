"""Validation scores, with models whose answers are known."""

import pytest
import torch
from torch import Tensor, nn

from mohart.model.cell import Prediction
from mohart.model.validation import score_clips
from mohart.structures import Clip


class Known(nn.Module):
    """Answers with the truth, or with the first boxes; always sure with the given logit."""

    def __init__(self, clip: Clip, *, perfect: bool, logit: float = 20.0) -> None:
        super().__init__()
        self.clip, self.perfect, self.logit = clip, perfect, logit
        self.weight = nn.Parameter(torch.zeros(()))

    def start(self, frames: Tensor, boxes: Tensor, alive: Tensor) -> int:
        assert torch.equal(alive, self.clip.present[:, 0])
        self.first = boxes
        return 0

    def step(self, frames: Tensor, t: int) -> tuple[Prediction, int]:
        assert torch.equal(frames, self.clip.frames[:, t + 1])
        boxes = self.clip.boxes[:, t + 1] if self.perfect else self.first
        logits = torch.full(boxes.shape[:2], self.logit)
        return Prediction(boxes, logits, boxes, None, None, None, None), t + 1


def clip(length: int = 9) -> Clip:
    """Object 0 moves 5 of its 10 px each frame, object 1 stands, object 2 comes later."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30], [5, 5, 9, 9]]).repeat(2, length, 1, 1)
    boxes[:, :, 0, 0::2] += 5.0 * torch.arange(length)[:, None]
    present = torch.ones(2, length, 3, dtype=torch.bool)
    present[:, 0, 2] = False
    frames = torch.randint(0, 256, (2, length, 6, 8, 3), dtype=torch.uint8)
    return Clip(frames, boxes, present.float(), present)


def test_a_perfect_model_scores_one() -> None:
    data = clip()
    scores = score_clips(Known(data, perfect=True), [data, data])
    assert scores["iou"] == scores["iou_last"] == scores["success"] == 1
    assert scores["seen_error"] == pytest.approx(0, abs=1e-4)
    # object 0 overlaps its start by 1/3 once and then by 0, object 1 always fully: over 8 frames
    assert scores["static"] == pytest.approx((1 / 3 / 8 + 1) / 2, abs=1e-4)


def test_a_model_that_never_moves_scores_like_the_static_box() -> None:
    data = clip()
    scores = score_clips(Known(data, perfect=False), [data])
    assert scores["iou"] == scores["static"]
    assert scores["iou_last"] == scores["success"] == 0.5  # object 0 is lost, object 1 is not
    # sure to see object 0, whose overlap is above 0.3 in one of eight frames
    assert scores["seen_error"] == pytest.approx(7 / 16, abs=1e-4)


def test_hidden_and_absent_objects_are_not_judged() -> None:
    data = clip()
    data.visibility[:, 1:, 0] = 0.1
    data.present[:, 5, 1] = False
    assert score_clips(Known(data, perfect=False), [data])["iou"] == 1


def test_a_model_that_says_unseen_of_hidden_objects_is_right() -> None:
    data = clip()
    data.visibility[:, 1:] = 0.0
    data.visibility[:, 1, 1] = 1.0  # something to average
    scores = score_clips(Known(data, perfect=True, logit=-20), [data])
    assert scores["seen_error"] == pytest.approx(1 / 16, abs=1e-4)


def test_scoring_leaves_no_gradients() -> None:
    data = clip()
    model = Known(data, perfect=True)
    score_clips(model, [data])
    assert model.weight.grad is None
