"""Read-outs: from what was seen and remembered to a box, the next window and visibility.

Axis letters: K = B * N objects, M channels of the map, R S its rows and columns, E features of the
recurrent state. Boxes and windows are xyxy pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.nn.portable import cxcywh_to_xyxy, sides, xyxy_to_cxcywh
from mohart.nn.position import frame_sides

# boxes [K, 4] cxcywh -> corrections [K, 5] or no opinion, see mohart.nn.templates.Templates.align
Align = Callable[[Tensor], Tensor | None]

# units of what a cell proposes: shift in box sizes, change of the logarithm of the size
OFFSET, GROWTH = 0.25, 0.5


class Place(NamedTuple):
    """Where an object was and where the window looked.

    Attributes:
        boxes: [K, 4] of the step before.
        windows: [K, 4] that this step looked at.
        velocity: [K, 2] pixels per frame.
        frame: (height, width) in pixels.
    """

    boxes: Tensor
    windows: Tensor
    velocity: Tensor
    frame: tuple[int, int]


class Reading(NamedTuple):
    """What the heads say about this frame.

    Attributes:
        boxes: [K, 4].
        windows: [K, 4] where to look next.
        velocity: [K, 2] pixels per frame.
        visibility: [K] logit of "the object is visible and the box is on it".
        scores: [K, R * S + 1] logits of where the object's centre is, last: nowhere; or None.
    """

    boxes: Tensor
    windows: Tensor
    velocity: Tensor
    visibility: Tensor
    scores: Tensor | None


class Heads(Protocol):
    """Contract of the slot `heads`."""

    def __call__(
        self,
        seen: Tensor | None,
        mask: Tensor | None,
        grid: Tensor,
        hidden: Tensor,
        place: Place,
        align: Sequence[Align] = (),
    ) -> Reading:
        """Read out one step.

        Args:
            seen: [K, M, R, S], or None when there is no frame (coasting).
            mask: [K, R, S] logits of appearance attention, or None.
            grid: [K, 2, R, S] cell positions in box widths and heights from the window's centre.
            hidden: [K, E] new recurrent output.
            place: where the object was.
            align: measure how a box has to be corrected, coarse to fine.
        """
        ...

    def first_window(self, boxes: Tensor) -> Tensor:
        """[K, 4] where to look for an object in these boxes that is not known to move."""
        ...


def window_around(boxes_cxcywh: Tensor, velocity: Tensor, context: float | Tensor) -> Tensor:
    """The window of the next frame.

    The context is the same on all sides, in units of sqrt(w h), so that narrow objects (people)
    get as much room to move sideways as broad ones; a square object fills 1 / (1 + context).

    Args:
        boxes_cxcywh: [K, 4].
        velocity: [K, 2] pixels per frame.
        context: in units of the square root of the box area; a number or [K, 1].
    """
    size = boxes_cxcywh[:, 2:]
    room = context * size.prod(-1, keepdim=True).clamp(min=1).sqrt()
    result: Tensor = cxcywh_to_xyxy(torch.cat([boxes_cxcywh[:, :2] + velocity, size + room], -1))
    return result


class LocaliseHeads(nn.Module):
    """Soft-argmax localisation, modulated by the recurrent state, with a place for "not seen".

    The state scales and shifts the map; a score per cell and one for "nowhere" are turned into
    probabilities; the box is the expectation of the cells' own proposals, where "nowhere" proposes
    the predicted place at the old size. Everything is relative to the box, so it is invariant to
    scale. Velocity is an exponential mean with a learned gate.

    Args:
        channels: M.
        hidden: E.
        width: channels of the localisation layer.
        context: of the window, in units of the square root of the box area.
        widen: how much more context, relative to `context`, when the object is surely not seen.
        jitter: in training, sizes by which boxes are moved and grown at random (the largest
            standard deviation) before they are aligned, so that alignment has something to find.

    Source: soft-argmax read-out, Levine et al. 2016, sec. 5.1; modulation, Perez et al. 2018.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        width: int,
        context: float,
        widen: float,
        jitter: float = 0.0,
    ) -> None:
        super().__init__()
        self.context, self.widen, self.jitter = context, widen, jitter
        self.modulate = nn.Linear(hidden, 2 * channels)
        self.localise = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.GroupNorm(8, width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, 5, 1),
        )
        self.residual = nn.Linear(hidden, 9)
        nn.init.zeros_(self.residual.weight)
        nn.init.zeros_(self.residual.bias)

    def first_window(self, boxes: Tensor) -> Tensor:
        """See :class:`Heads`."""
        centred = xyxy_to_cxcywh(boxes)
        return window_around(centred, torch.zeros_like(centred[:, :2]), self.context)

    def forward(
        self,
        seen: Tensor | None,
        mask: Tensor | None,
        grid: Tensor,
        hidden: Tensor,
        place: Place,
        align: Sequence[Align] = (),
    ) -> Reading:
        """See :class:`Heads`."""
        said = self.residual(hidden).to(hidden.dtype)
        shift, grow, kick, odds, gate, nowhere = said.split([2, 2, 2, 1, 1, 1], 1)
        move, stretch = torch.zeros_like(shift), torch.zeros_like(grow)
        scores, evidence = None, torch.full_like(odds[:, 0], -4.0)
        if seen is not None:
            channels, (rows, columns) = int(seen.shape[1]), sides(seen)
            scale, offset = self.modulate(hidden).reshape(-1, 2 * channels, 1, 1).split(channels, 1)
            out = self.localise(seen * (1 + scale) + offset).reshape(-1, 5, rows * columns)
            out, places = out.to(hidden.dtype), grid.reshape(-1, 2, rows * columns)
            # even odds of "seen" at the start, however many cells there are
            nowhere = nowhere + math.log(rows * columns)
            scores = torch.cat([out[:, 0], nowhere], 1)
            chance = functional.softmax(scores, 1)[:, None, :-1]  # [K, 1, R*S]
            move = ((places + OFFSET * out[:, 1:3]) * chance).sum(-1)
            stretch = (GROWTH * out[:, 3:] * chance).sum(-1)
            evidence = out[:, 0].logsumexp(1) - nowhere[:, 0]
        old = xyxy_to_cxcywh(place.boxes)
        looked = (place.windows[:, :2] + place.windows[:, 2:]) / 2
        centre = looked + (move + 0.1 * shift) * old[:, 2:]
        size = old[:, 2:] * (stretch + 0.1 * grow).clamp(-0.5, 0.5).exp()
        box = _sane(torch.cat([centre, size], 1), place.frame)
        if align and self.training and self.jitter > 0:
            box = self._jittered(box, place.frame)
        for measure in align:
            correction = measure(box)
            if correction is None:
                continue
            centre = box[:, :2] + correction[:, :2] * box[:, 2:]
            size = box[:, 2:] * correction[:, 2:4].clamp(-0.5, 0.5).exp()
            box = _sane(torch.cat([centre, size], 1), place.frame)
            evidence = evidence + correction[:, 4]
        velocity = place.velocity + gate.sigmoid() * (box[:, :2] - old[:, :2] - place.velocity)
        velocity = velocity + 0.05 * kick * old[:, 2:]
        visibility = evidence + odds[:, 0]
        doubt = (-visibility.detach()[:, None]).sigmoid()
        context = self.context * (1 + self.widen * doubt)  # search wider when not seen
        windows = window_around(box.detach(), velocity, context)
        return Reading(cxcywh_to_xyxy(box), windows, velocity, visibility, scores)

    def _jittered(self, box: Tensor, frame: tuple[int, int]) -> Tensor:
        """Boxes [K, 4] cxcywh, each moved and grown by up to a few of its own random strength."""
        strength = self.jitter * torch.rand_like(box[:, :1])
        noise = strength * torch.randn_like(box)
        centre = box[:, :2] + noise[:, :2] * box[:, 2:]
        return _sane(torch.cat([centre, box[:, 2:] * noise[:, 2:].exp()], 1), frame)


class DirectHeads(nn.Module):
    """HART's read-outs: steps of the window and the box, tanh-bounded, relative to the frame.

    Args:
        cells: R * S of the appearance mask.
        hidden: E.
        width: of the hidden layers.
        code: features of the mask that join the recurrent output.

    Source: HART's published KITTI model: a_{t+1} = a_t + sigmoid(g) tanh(.), g starts at -2.5;
    box = window + tanh(.); both in units of the frame; mask code of 10, layers of 100 with ELU.
    Differs: windows keep a side of at least 4 px, HART's can turn inside out.
    """

    def __init__(self, cells: int, hidden: int, width: int = 100, code: int = 10) -> None:
        super().__init__()
        self.cells = cells
        self.code = nn.Sequential(nn.Linear(cells, code), nn.ELU())
        self.step = nn.Sequential(nn.Linear(hidden + code, width), nn.ELU(), nn.Linear(width, 4))
        self.box = nn.Sequential(nn.Linear(hidden + code, width), nn.ELU(), nn.Linear(width, 4))
        self.visible = nn.Linear(hidden, 1)
        self.gate = nn.Parameter(torch.tensor(-2.5))
        for last in (self.step[-1], self.box[-1]):
            nn.init.uniform_(last.weight, -1e-3, 1e-3)  # type: ignore[arg-type]
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def first_window(self, boxes: Tensor) -> Tensor:
        """The box itself."""
        return boxes

    def forward(
        self,
        seen: Tensor | None,
        mask: Tensor | None,
        grid: Tensor,
        hidden: Tensor,
        place: Place,
        align: Sequence[Align] = (),
    ) -> Reading:
        """See :class:`Heads`; `seen`, `grid` and `align` are not used."""
        flat = hidden.new_zeros(hidden.shape[0], self.cells) if mask is None else mask.flatten(1)
        told = torch.cat([hidden, self.code(flat.sigmoid())], 1)
        unit = frame_sides(hidden, place.frame).repeat(2)
        box = xyxy_to_cxcywh(place.windows + unit * torch.tanh(self.box(told)))
        step = unit * self.gate.sigmoid() * torch.tanh(self.step(told))
        window = xyxy_to_cxcywh(place.windows + step)
        boxes = cxcywh_to_xyxy(_sane(box, place.frame))
        windows = cxcywh_to_xyxy(_sane(window, place.frame, smallest=4))
        velocity = (boxes[:, :2] + boxes[:, 2:] - place.boxes[:, :2] - place.boxes[:, 2:]) / 2
        return Reading(boxes, windows, velocity, self.visible(hidden)[:, 0], None)


def _sane(boxes_cxcywh: Tensor, frame: tuple[int, int], smallest: float = 2.0) -> Tensor:
    """Boxes near the frame and of a size that can be seen."""
    limit = frame_sides(boxes_cxcywh, frame)
    least = torch.cat([-0.5 * limit, torch.full_like(limit, smallest)])
    most = torch.cat([1.5 * limit, 2 * limit])
    return torch.maximum(torch.minimum(boxes_cxcywh, most), least)
