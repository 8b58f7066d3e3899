"""Scores of a model on held-out clips, rolled out freely from the first frame's boxes."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from mohart.boxes import iou
from mohart.model.objective import SEEN
from mohart.model.rollout import Sight, roll_out, until
from mohart.model.tracker import MohartModel
from mohart.structures import Clip


@torch.no_grad()
def score_clips(
    model: MohartModel, clips: Iterable[Clip], *, blank: int = 0, sight: Sight = "pixels"
) -> dict[str, float]:
    """Roll out and compare.

    Args:
        model: in evaluation mode.
        clips: batches; the boxes of frame 0 are given, the others judged.
        blank: number of last frames that are judged without being shown.
        sight: what is shown of the others.

    Returns:
        `iou`: mean over visible objects and later frames; `iou_last`: over the last quarter of the
        frames; `success`: share above 0.5; `static`: `iou` of a box that never moves;
        `seen_error`: mean |visibility - (visible and IoU > 0.3)|.
    """
    overlaps, late, still, seen_error = [], [], [], []
    for clip in clips:
        device = next(model.parameters()).device
        clip = clip.to(device)
        alive = clip.present[:, 0]
        state = model.start(clip.frames[:, 0], clip.boxes[:, 0], alive)
        length = clip.frames.shape[1]
        shown = until(length - blank)
        for t, _, said, _ in roll_out(model, clip, state, 1, length, shown=shown, sight=sight):
            truth = clip.boxes[:, t]
            visible = clip.present[:, t] & alive & (clip.visibility[:, t] > SEEN)
            overlap = iou(said.boxes, truth)
            overlaps.append(overlap[visible])
            still.append(iou(clip.boxes[:, 0], truth)[visible])
            if t >= 0.75 * length:
                late.append(overlap[visible])
            right = (visible & (overlap > 0.3)).float()
            seen_error.append((said.visibility.sigmoid() - right).abs()[alive])
    all_overlaps = torch.cat(overlaps)
    return {
        "iou": round(float(all_overlaps.mean()), 5),
        "iou_last": round(float(torch.cat(late).mean()), 5),
        "success": round(float((all_overlaps > 0.5).float().mean()), 5),
        "static": round(float(torch.cat(still).mean()), 5),
        "seen_error": round(float(torch.cat(seen_error).mean()), 5),
    }
