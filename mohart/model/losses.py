"""Loss terms: pure functions of predictions and truth, means over the objects that count.

Axis letters: B clips, N objects, R S cells of the window. Boxes are xyxy pixels. `weight` [B, N] is
0 for objects that do not count; a step in which nobody counts gives 0 with a zero gradient.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mohart.boxes import area, giou, intersection, iou, xyxy_to_cxcywh


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean of `values` under `weight`; NaN where the weight is 0 does no harm; 0 if all are."""
    safe = torch.where(weight > 0, values, torch.zeros_like(values))
    return (safe * weight).sum() / weight.sum().clamp(min=1e-6)


def box_loss(boxes: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """(1 - GIoU) + |centre error| / size + |log size ratio|: [B, N, 4], [B, N, 4], [B, N] -> [].

    The centre term is cut at 3 sizes, so that lost objects do not drown the others.
    """
    truth, boxes = _some_box(truth, weight), _some_box(boxes, weight)
    a, b = xyxy_to_cxcywh(boxes), xyxy_to_cxcywh(truth)
    centre = ((a[..., :2] - b[..., :2]) / b[..., 2:].clamp(min=1)).abs().mean(-1).clamp(max=3)
    size = (a[..., 2:].clamp(min=1).log() - b[..., 2:].clamp(min=1).log()).abs().mean(-1)
    return weighted_mean(1 - giou(boxes, truth) + centre + size, weight)


def centre_loss(boxes: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Squared distance of the centres in sizes, [B, N, 4], [B, N, 4], [B, N] -> [].

    Where it is not known which of several ways an object takes, this is least at their mean, and
    moves with every hint; `box_loss` is least at the likeliest way and ignores weak hints.
    Distances are cut at 3 sizes.
    """
    truth, boxes = _some_box(truth, weight), _some_box(boxes, weight)
    a, b = xyxy_to_cxcywh(boxes), xyxy_to_cxcywh(truth)
    size = b[..., 2:].clamp(min=1).prod(-1, keepdim=True).sqrt()
    away = ((a[..., :2] - b[..., :2]) / size).square().sum(-1)
    return weighted_mean(away.clamp(max=9), weight)


def window_loss(windows: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Distance of the window's centre (predicted before looking) from the object, in sizes."""
    truth, windows = _some_box(truth, weight), _some_box(windows, weight)
    a, b = xyxy_to_cxcywh(windows), xyxy_to_cxcywh(truth)
    error = ((a[..., :2] - b[..., :2]) / b[..., 2:].clamp(min=1)).abs().mean(-1)
    return weighted_mean(error.clamp(max=3), weight)


def score_loss(
    scores: Tensor,
    grid: Tensor,
    windows: Tensor,
    old: Tensor,
    truth: Tensor,
    visible: Tensor,
    weight: Tensor,
    spread: float = 0.12,
) -> Tensor:
    """Cross-entropy of "which cell holds the centre" against a small Gaussian, or "nowhere".

    Args:
        scores: [B, N, R*S + 1] logits, last: nowhere.
        grid: [B, N, 2, R, S] cell positions in sizes of the old box from the window's centre.
        windows: [B, N, 4] that were looked at.
        old: [B, N, 4] boxes of the step before, the unit of `grid`.
        truth: [B, N, 4].
        visible: [B, N] bool.
        weight: [B, N].
        spread: standard deviation in box sizes.
    """
    truth, windows, old = (_some_box(x, weight) for x in (truth, windows, old))
    scores, grid = _zero_unless(weight, scores), _zero_unless(weight, grid)
    box, looked = xyxy_to_cxcywh(truth), xyxy_to_cxcywh(windows)
    size = (old[..., 2:] - old[..., :2]).clamp(min=1)
    wanted = ((box[..., :2] - looked[..., :2]) / size).detach()  # [B, N, 2]
    inside = ((wanted.abs() * size) < looked[..., 2:] / 2).all(-1) & visible
    distance = ((grid - wanted[..., None, None]) ** 2).sum(2).flatten(2)  # [B, N, R*S]
    near = functional.softmax(-distance / (2 * spread**2), -1) * inside[..., None]
    target = torch.cat([near, (~inside)[..., None].to(near.dtype)], -1)
    return weighted_mean(-(target * functional.log_softmax(scores, -1)).sum(-1), weight)


def visibility_loss(logits: Tensor, seen: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy of [B, N] logits against `seen` [B, N] in {0, 1}."""
    logits = _zero_unless(weight, logits)
    loss = functional.binary_cross_entropy_with_logits(logits, seen, reduction="none")
    return weighted_mean(loss, weight)


def log_iou_loss(boxes: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """-log IoU. Source: HART, Kosiorek et al. 2017, eq. 13; floor 1e-8 inside the log.

    It has no gradient for disjoint boxes; kept for fidelity.
    """
    overlap = iou(_some_box(boxes, weight), _some_box(truth, weight))
    return weighted_mean(-(overlap + 1e-8 * (overlap <= 1e-8)).log(), weight)


def attention_loss(
    windows: Tensor, truth: Tensor, weight: Tensor, frame: tuple[int, int]
) -> Tensor:
    """The window should cover the object and not be much larger than needed.

    -log(|A n gt| / |gt|) - c log(1 - |A| / |I|), c = clip(|A| / |I|, 1, 10), for window A, image I.

    Source: HART's published loss ("tight intersection").
    """
    truth, windows = _some_box(truth, weight), _some_box(windows, weight)
    covered = intersection(windows, truth) / area(truth).clamp(min=1e-6)
    share = area(windows) / (frame[0] * frame[1])
    excess = -share.detach().clamp(1, 10) * (1 - share.clamp(0, 1 - 1e-6)).log()
    return weighted_mean(-(covered + 1e-8 * (covered <= 1e-8)).log() + excess, weight)


def mask_loss(mask: Tensor, windows: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Class-balanced cross-entropy between [B, N, R, S] logits and the box drawn in the window.

    Source: HART's published loss: pixel weight is one over the share of its own class.
    """
    truth, windows = _some_box(truth, weight), _some_box(windows, weight)
    mask = _zero_unless(weight, mask)
    rows, columns = mask.shape[-2:]
    size = (windows[..., 2:] - windows[..., :2]).clamp(min=1)
    x = (torch.arange(columns, device=mask.device) + 0.5) / columns
    y = (torch.arange(rows, device=mask.device) + 0.5) / rows
    px = windows[..., 0:1] + x * size[..., 0:1]  # [B, N, S]
    py = windows[..., 1:2] + y * size[..., 1:2]  # [B, N, R]
    in_x = (px >= truth[..., 0:1]) & (px < truth[..., 2:3])
    in_y = (py >= truth[..., 1:2]) & (py < truth[..., 3:4])
    target = (in_y[..., :, None] & in_x[..., None, :]).to(mask.dtype)
    share = target.mean((-2, -1), keepdim=True).clamp(1e-3, 1 - 1e-3)
    balance = torch.where(target > 0, 0.5 / share, 0.5 / (1 - share))
    loss = functional.binary_cross_entropy_with_logits(mask, target, reduction="none")
    return weighted_mean((loss * balance).mean((-2, -1)), weight)


def _some_box(boxes: Tensor, weight: Tensor) -> Tensor:
    """A unit box in place of those of objects that do not count (they may be zero or NaN)."""
    unit = boxes.new_tensor([0.0, 0.0, 1.0, 1.0])
    return torch.where(weight[..., None] > 0, boxes, unit)


def _zero_unless(counts: Tensor, values: Tensor) -> Tensor:
    """`values` [B, N, ...] with zeros in the rows of objects that do not count."""
    rows = (counts > 0).reshape(*counts.shape, *([1] * (values.ndim - counts.ndim)))
    return torch.where(rows, values, torch.zeros_like(values))
