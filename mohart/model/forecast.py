"""How well a model follows every single object, and how well it predicts where nothing is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.boxes import area
from mohart.errors import ConfigError
from mohart.metrics.forecast import displacement, forecast_errors, taken
from mohart.model.rollout import Sight, roll_out, until
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

NEAR = 3.0  # neighbours are nearer than this many sizes


@dataclass(frozen=True)
class ObjectScore:
    """One object of one sequence over the judged frames in which it is labelled, hidden or not.

    Attributes:
        sequence: number of the sequence, over the batches in order, from 0.
        object: its column in the clip.
        iou: mean IoU, 0..1.
        iou_end: IoU in the last judged frame.
        ade: mean displacement of the box centre, pixels.
        fde: displacement in the last judged frame, pixels.
        ade_sizes: mean displacement in sizes, sqrt(w h) of the true box.
        fde_sizes: displacement in the last judged frame, in sizes.
        taken: share of those frames in which its box lies on another object more than on it.
        neighbours: other objects present in the last frame shown whose centre is within 3 sizes
            of this object.
        visibility: mean over the judged frames, 0..1.
    """

    sequence: int
    object: int
    iou: float
    iou_end: float
    ade: float
    fde: float
    ade_sizes: float
    fde_sizes: float
    taken: float
    neighbours: int
    visibility: float


@torch.no_grad()
def score_objects(
    model: MohartModel, clips: Iterable[Clip], *, horizon: int, sight: Sight = "pixels"
) -> list[ObjectScore]:
    """Roll out freely from the boxes of frame 0 and judge every object that is there.

    Args:
        model: its mode is restored afterwards.
        clips: batches.
        horizon: 0 shows all frames and judges all but the first; k > 0 does not show the last k
            frames (the model coasts, `step(None, state)`) and judges those alone.
        sight: what is shown of the other frames.

    Returns:
        Objects in the order of the clips; without those that have no label in a judged frame.

    Raises:
        ConfigError: the horizon is negative, or a clip leaves no frame to look at.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    scores: list[ObjectScore] = []
    first = 0
    try:
        for clip in clips:
            length = clip.frames.shape[1]
            if not 0 <= horizon < length - (horizon == 0):
                raise ConfigError(
                    f"horizon: expected 0 to {length - 1} for clips of {length} frames, "
                    f"got {horizon}"
                )
            boxes = predict_boxes(model, clip.to(device), blank=horizon, sight=sight)
            for b in range(len(boxes)):
                scores += _score_clip(boxes[b], clip.map(itemgetter(b)), horizon, first + b)
            first += len(boxes)
    finally:
        model.train(training)
    return scores


@torch.no_grad()
def predict_boxes(
    model: MohartModel, clip: Clip, *, blank: int, sight: Sight = "pixels"
) -> NDArray[np.float32]:
    """The model's boxes from the given ones of frame 0 on.

    Args:
        model: in evaluation mode.
        clip: a batch.
        blank: number of last frames that are not shown.
        sight: what is shown of the others.

    Returns:
        [B, T, N, 4] xyxy pixels; frame 0 is the given one.
    """
    length = clip.frames.shape[1]
    state = model.start(clip.frames[:, 0], clip.boxes[:, 0], clip.present[:, 0])
    shown = until(length - blank)
    steps = roll_out(model, clip, state, 1, length, shown=shown, sight=sight)
    boxes = [clip.boxes[:, 0], *(step.said.boxes for step in steps)]
    result: NDArray[np.float32] = torch.stack(boxes, 1).cpu().numpy()
    return result


def _score_clip(
    boxes: NDArray[np.float32], clip: Clip, horizon: int, sequence: int
) -> list[ObjectScore]:
    """`boxes` [T, N, 4] against one clip, whose tensors have no batch axis."""
    truth, seen, present = (x.cpu().numpy() for x in (clip.boxes, clip.visibility, clip.present))
    given, length = present[0], len(present)
    start = length - horizon if horizon else 1
    judged = present[start:] & given
    errors = forecast_errors(boxes[start:], truth[start:], judged)
    lost = taken(boxes[start:], truth[start:], present[start:])
    shown = start - 1 if horizon else length - 1
    neighbours = _neighbours(truth[shown], present[shown])
    return [
        ObjectScore(
            sequence=sequence,
            object=int(n),
            iou=float(errors.iou[n]),
            iou_end=float(errors.iou_end[n]),
            ade=float(errors.ade[n]),
            fde=float(errors.fde[n]),
            ade_sizes=float(errors.ade_sizes[n]),
            fde_sizes=float(errors.fde_sizes[n]),
            taken=float(lost[n]),
            neighbours=int(neighbours[n]),
            visibility=float(seen[start:, n][judged[:, n]].mean()),
        )
        for n in np.flatnonzero(judged.any(0))
    ]


def _neighbours(boxes: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[N, 4], [N] -> [N] how many other present objects are near."""
    size = np.sqrt(area(boxes))
    near = displacement(boxes[:, None], boxes[None, :]) <= NEAR * size[:, None]
    near &= present[:, None] & present[None, :] & ~np.eye(len(boxes), dtype=bool)
    count: NDArray[np.int64] = near.sum(1)
    return count
