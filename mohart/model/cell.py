"""One time step: look, describe, attend, relate, remember, read, refresh.

frame ── glimpse ── encoder ── appearance ─┬─ readout ── relation ── LSTM ── heads ── box
           ▲                        ▲      └──────────────────▲─────────▲      │
           │ window                 │ memories           hidden of t-1   map   │
           └────────────────────────┴───────────────────────────────────────── state

With a frame the step is a corrector (`see`), without one a predictor (`_predict`): position,
relation, LSTM and heads alone. Axis letters: B batch, N objects; inside K = B * N objects in a row,
for only what they exchange (relation, claims) asks which of them are in one video.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mohart.model.state import Frame, TrackState, apart, in_a_row
from mohart.nn.align import Refinement
from mohart.nn.appearance import Appearance, Seen
from mohart.nn.claims import claimed_cells
from mohart.nn.discriminate import DiscriminativeFilter
from mohart.nn.encoder import Encoder
from mohart.nn.glimpse import Glimpse
from mohart.nn.heads import Heads, Place, Reading
from mohart.nn.memory import ObjectLstm
from mohart.nn.portable import cxcywh_to_xyxy
from mohart.nn.position import cell_middles, geometry
from mohart.nn.relation import Related, Relation
from mohart.nn.templates import Spot, Templates


class Prediction(NamedTuple):
    """What the model says about one frame.

    Attributes:
        boxes: [B, N, 4] xyxy pixels.
        visibility: [B, N] logit of "visible, and the box is on it".
        windows: [B, N, 4] where this step looked.
        scores: [B, N, R*S + 1] logits of the centre's cell in the window, last: nowhere; or None.
        grid: [B, N, 2, R, S] cell positions in box sizes from the window's centre; or None.
        mask: [B, N, R, S] logits of appearance attention, or None.
        attention: [B, heads, N, N] of the relational module, or None.
    """

    boxes: Tensor
    visibility: Tensor
    windows: Tensor
    scores: Tensor | None
    grid: Tensor | None
    mask: Tensor | None
    attention: Tensor | None


class Look(NamedTuple):
    """What is seen of K objects in one frame.

    Attributes:
        features: [K, C, R, S] of the encoder, prepared.
        views: [K, ...] what each kind of templates compares.
        grid: [K, 2, R, S] cell positions in box sizes from the window's centre.
    """

    features: Tensor
    views: tuple[Tensor, ...]
    grid: Tensor


class MohartCell(nn.Module):
    """The time step with exchangeable parts (docs/architecture.md has the slots).

    Args:
        glimpse: frames, windows -> glimpses.
        encoder: glimpses -> feature maps.
        appearance: feature maps -> maps that know the object.
        position: geometry -> D features, added to those of the glimpse.
        relation: D features and hidden of all objects -> input of the memory.
        memory: one LSTM step.
        heads: maps and hidden -> box, next window, visibility.
        features: D.
        detach_window: no gradient through the place of the glimpse.
        claims: show every object in its window where the others are expected to be.
        refine: corrects boxes once more by finer features; None leaves it out.
        discriminate: a filter per object, learned while tracking; None leaves it out.
        normed_readout: a norm before the units of the read-out; without, most die in training.
    """

    def __init__(
        self, *, glimpse: Glimpse, encoder: Encoder, appearance: Appearance, position: nn.Module,
        relation: Relation, memory: ObjectLstm, heads: Heads, features: int,
        detach_window: bool = True, claims: bool = False, refine: Refinement | None = None,
        discriminate: DiscriminativeFilter | None = None, normed_readout: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.low_precision = False  # set by training: see `_convolve`
        self.quick = False  # the same in evaluation, set by an engine
        self.glimpse, self.encoder, self.appearance = glimpse, encoder, appearance
        self.position, self.relation, self.memory, self.heads = position, relation, memory, heads
        self.detach_window, self.claims, self.refine = detach_window, claims, refine
        self.discriminate = discriminate
        rows, columns = glimpse.rows // encoder.stride, glimpse.columns // encoder.stride
        norm = [nn.GroupNorm(4, 32)] if normed_readout else []
        self.readout = nn.Sequential(
            nn.Conv2d(appearance.channels, 32, 3, 2, 1), *norm, nn.ReLU(inplace=True), nn.Flatten(),
            nn.Linear(32 * ((rows + 1) // 2) * ((columns + 1) // 2), features),
        )  # fmt: skip
        self.start_hidden = nn.Linear(features, memory.hidden)
        self.start_cell = nn.Linear(features, memory.hidden)
        self.register_buffer("cells", cell_middles(rows, columns), persistent=False)
        self.cells: Tensor

    @property
    def templates(self) -> tuple[Templates, ...]:
        """All that remembers looks, coarse to fine; a state has a memory for each."""
        parts = (self.appearance, self.discriminate, self.refine)
        return tuple(part for part in parts if part is not None)

    def start(self, frames: Tensor, boxes: Tensor, alive: Tensor) -> TrackState:
        """Look at the given boxes for the first time.

        Args:
            frames: [B, H, W, 3] uint8, BGR.
            boxes: [B, N, 4] xyxy pixels.
            alive: [B, N] bool.
        """
        boxes, windows = self.first_windows(boxes, alive)
        looked = self._read(frames, windows)
        return self.begin(looked, boxes, windows, alive, (frames.shape[1], frames.shape[2]))

    def first_windows(self, boxes: Tensor, alive: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes [B, N, 4], those of padding replaced, and where a first look at them goes."""
        boxes = torch.where(alive[..., None], boxes, boxes.new_tensor([0.0, 0.0, 8.0, 8.0]))
        windows = self.heads.first_window(in_a_row(boxes))
        return boxes, apart(windows, boxes.shape[:2])

    def begin(
        self, looked: Tensor, boxes: Tensor, windows: Tensor, alive: Tensor, frame: Frame
    ) -> TrackState:
        """The state after a first look.

        Args:
            looked: [B, N, 3, R, S] glimpses of the windows.
            boxes: [B, N, 4] xyxy pixels.
            windows: [B, N, 4] of `first_windows`.
            alive: [B, N] bool.
            frame: (height, width) of the video in pixels.
        """
        lead = boxes.shape[:2]
        grid = self._grid(in_a_row(boxes), in_a_row(windows))
        look = self._look(looked, grid)
        parts = zip(self.templates, look.views, strict=True)
        memories = tuple(part.start(view, look.grid) for part, view in parts)
        blank = boxes.new_zeros(grid.shape[0], self.memory.hidden)
        with self._convolve(boxes):
            seen = self.appearance(look.features, look.grid, memories[0], blank)
            token = self.readout(seen.map).to(boxes.dtype)
        return TrackState(
            boxes=boxes, windows=windows, velocity=torch.zeros_like(boxes[..., :2]),
            hidden=apart(torch.tanh(self.start_hidden(token)), lead),
            cell=apart(self.start_cell(token), lead), alive=alive,
            memories=tuple(apart(memory, lead) for memory in memories), frame=frame,
        )  # fmt: skip

    def forward(self, frames: Tensor | None, state: TrackState) -> tuple[Prediction, TrackState]:
        """One step.

        Args:
            frames: [B, H, W, 3] uint8, BGR; None coasts on memory and relations alone.
            state: of the step before.
        """
        if frames is None:
            return self._predict(state)
        return self.see(self._read(frames, state.windows), state)

    def see(self, looked: Tensor, state: TrackState) -> tuple[Prediction, TrackState]:
        """One step with a frame: all of the figure behind the glimpse.

        Args:
            looked: [B, N, 3, R, S] glimpses of the state's windows.
            state: of the step before.
        """
        was = state.flatten()
        look = self._look(looked, self._grid(was.boxes, was.windows))
        seen, token = self._attend(look, was, self._others(state) if self.claims else None)
        related = self._relate(token, was, state)
        hidden, cell = self.memory(related.features, state.hidden, state.cell)
        place = _place(was)
        spot = partial(Spot, place=place, first_window=self.heads.first_window, grid=look.grid)
        parts = list(zip(self.templates, look.views, was.memories, strict=True))
        align = [partial(_align, *part, spot) for part in parts]
        with self._convolve(hidden):
            read = self.heads(seen.map, seen.mask, look.grid, in_a_row(hidden), place, align)
        here, trust = spot(read.boxes), read.visibility.sigmoid().detach()
        memories = [part.refresh(view, old, here, trust) for part, view, old in parts]
        after = _after(state, read, hidden, cell, memories)
        return _said(state, after, read, look.grid, seen.mask, related.weights), after

    def _predict(self, state: TrackState) -> tuple[Prediction, TrackState]:
        """One step without a frame: nothing is seen, and no memory of looks changes."""
        was = state.flatten()
        token = was.hidden.new_zeros(was.hidden.shape[0], self.start_hidden.in_features)
        related = self._relate(token, was, state)
        hidden, cell = self.memory(related.features, state.hidden, state.cell)
        grid = self._grid(was.boxes, was.windows)
        with self._convolve(hidden):
            read = self.heads(None, None, grid, in_a_row(hidden), _place(was))
        after = _after(state, read, hidden, cell, was.memories)
        return _said(state, after, read, grid, None, related.weights), after

    def _read(self, frames: Tensor, windows: Tensor) -> Tensor:
        """Frames [B, H, W, 3], windows [B, N, 4] -> glimpses [B, N, 3, R, S]."""
        return self.glimpse(frames, windows.detach() if self.detach_window else windows)

    def _look(self, looked: Tensor, grid: Tensor) -> Look:
        """Glimpses [B, N, 3, R, S] -> what is seen, encoded and described."""
        looked = in_a_row(looked)
        with self._convolve(looked):
            features = self.encoder(looked).to(looked.dtype)
        features = self.appearance.prepare(features)
        with self._convolve(looked):
            views = [part.look(looked, features).to(looked.dtype) for part in self.templates]
        return Look(features, tuple(views), grid)

    def _attend(self, look: Look, was: TrackState, others: Tensor | None) -> tuple[Seen, Tensor]:
        """Where each object is, and what there is of it: [K, D]."""
        response = None
        if self.discriminate is not None:  # behind appearance in the order of memories
            response = self.discriminate(look.views[1], was.memories[1])
        with self._convolve(look.features):
            seen = self.appearance(
                look.features, look.grid, was.memories[0], was.hidden, others, response
            )
            return seen, self.readout(seen.map).to(was.hidden.dtype)

    def _relate(self, token: Tensor, was: TrackState, state: TrackState) -> Related:
        """What the objects of each video make of each other: [K, D] -> [B, N, ...]."""
        height, width = state.frame
        token = token + self.position(geometry(was.boxes, was.velocity, width, height))
        return self.relation(apart(token, state.alive.shape), state.hidden, state.alive)

    def _convolve(self, like: Tensor) -> torch.autocast:
        """Convolutions in half the bits where training or an engine asks; the geometry never is."""
        wanted = self.low_precision if self.training else self.quick
        return torch.autocast(like.device.type, torch.bfloat16, enabled=wanted)

    def _others(self, state: TrackState) -> Tensor:
        """[B*N, 1, R', S'] in 0..1: where in each window other objects are expected to be."""
        boxes, windows, velocity = state.boxes.detach(), state.windows.detach(), state.velocity
        return claimed_cells(boxes, velocity.detach(), windows, state.alive, self.cells)

    def _grid(self, boxes: Tensor, windows: Tensor) -> Tensor:
        """Cell positions in box sizes from the window's centre: [K, 4] twice -> [K, 2, R', S']."""
        size = (boxes[:, 2:] - boxes[:, :2]).detach().clamp(min=1)
        ratio = (windows[:, 2:] - windows[:, :2]).detach() / size
        return self.cells * ratio.reshape(-1, 2, 1, 1)


def _place(was: TrackState) -> Place:
    """Where K objects were and where the window looks."""
    return Place(was.boxes.detach(), was.windows, was.velocity, was.frame)


def _align(
    part: Templates, view: Tensor, memory: Tensor, spot: partial[Spot], boxes_cxcywh: Tensor
) -> Tensor | None:
    """Boxes [K, 4] cxcywh -> corrections [K, 5], from what lies under them."""
    correction = part.align(view, memory, spot(cxcywh_to_xyxy(boxes_cxcywh.detach())))
    return None if correction is None else correction.to(boxes_cxcywh.dtype)


def _after(
    state: TrackState, read: Reading, hidden: Tensor, cell: Tensor, memories: Sequence[Tensor]
) -> TrackState:
    """The state behind `state`: hidden and cell [B, N, E], what was read and memories [K, ...]."""
    lead = state.alive.shape
    return state._replace(
        boxes=apart(read.boxes, lead), windows=apart(read.windows, lead),
        velocity=apart(read.velocity, lead), hidden=hidden, cell=cell,
        memories=tuple(apart(memory, lead) for memory in memories),
    )  # fmt: skip


def _said(
    state: TrackState, after: TrackState, read: Reading, grid: Tensor, mask: Tensor | None,
    attention: Tensor | None,
) -> Prediction:  # fmt: skip
    """What is said between the states `state` and `after`, from parts [K, ...]."""
    lead = state.alive.shape
    return Prediction(
        boxes=after.boxes, visibility=apart(read.visibility, lead), windows=state.windows,
        scores=None if read.scores is None else apart(read.scores, lead),
        grid=apart(grid, lead), mask=None if mask is None else apart(mask, lead),
        attention=attention,
    )  # fmt: skip
