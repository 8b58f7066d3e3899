"""One time step: look, encode, attend, relate, remember, read out.

frame ── glimpse ── encoder ── appearance ─┬─ readout ── relation ── LSTM ── heads ── box
           ▲                        ▲      └──────────────────▲─────────▲      │
           │ window                 │ memory             hidden of t-1   map   │
           └────────────────────────┴───────────────────────────────────────── state
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.model.state import TrackState
from mohart.nn.align import Refinement
from mohart.nn.appearance import Appearance
from mohart.nn.discriminate import DiscriminativeFilter
from mohart.nn.encoder import Encoder
from mohart.nn.glimpse import Glimpse
from mohart.nn.heads import Align, Heads, Place
from mohart.nn.memory import ObjectLstm
from mohart.nn.position import geometry
from mohart.nn.relation import Relation

Measure = Callable[[Tensor, Tensor, Tensor], Tensor]  # features, memory, place -> corrections


class Prediction(NamedTuple):
    """What the model says about one frame.

    Attributes:
        boxes: [B, N, 4] xyxy pixels.
        visibility: [B, N] logit of "visible, and the box is on it".
        windows: [B, N, 4] where this step looked.
        next_windows: [B, N, 4] where the next step will look.
        scores: [B, N, R*S + 1] logits of the centre's cell in the window, last: nowhere; or None.
        grid: [B, N, 2, R, S] cell positions in box sizes from the window's centre; or None.
        mask: [B, N, R, S] logits of appearance attention, or None.
        attention: [B, heads, N, N] of the relational module, or None.
    """

    boxes: Tensor
    visibility: Tensor
    windows: Tensor
    next_windows: Tensor
    scores: Tensor | None
    grid: Tensor | None
    mask: Tensor | None
    attention: Tensor | None


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
    """

    def __init__(
        self, *, glimpse: Glimpse, encoder: Encoder, appearance: Appearance, position: nn.Module,
        relation: Relation, memory: ObjectLstm, heads: Heads, features: int,
        detach_window: bool = True, claims: bool = False, refine: Refinement | None = None,
        discriminate: DiscriminativeFilter | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.low_precision = False  # set by training: see `_convolve`
        self.glimpse, self.encoder, self.appearance = glimpse, encoder, appearance
        self.position, self.relation, self.memory, self.heads = position, relation, memory, heads
        self.detach_window, self.claims, self.refine = detach_window, claims, refine
        self.discriminate = discriminate
        rows, columns = glimpse.rows // encoder.stride, glimpse.columns // encoder.stride
        self.readout = nn.Sequential(
            nn.Conv2d(appearance.channels, 32, 3, 2, 1), nn.ReLU(inplace=True), nn.Flatten(),
            nn.Linear(32 * ((rows + 1) // 2) * ((columns + 1) // 2), features),
        )  # fmt: skip
        self.start_hidden = nn.Linear(features, memory.hidden)
        self.start_cell = nn.Linear(features, memory.hidden)
        y, x = torch.meshgrid(_middles(rows), _middles(columns), indexing="ij")
        self.register_buffer("cells", torch.stack([x, y]), persistent=False)  # -0.5..0.5
        self.cells: Tensor

    def start(self, frames: Tensor, boxes: Tensor, alive: Tensor) -> TrackState:
        """Look at the given boxes for the first time.

        Args:
            frames: [B, H, W, 3] uint8, BGR.
            boxes: [B, N, 4] xyxy pixels.
            alive: [B, N] bool.
        """
        lead = boxes.shape[:2]
        boxes = torch.where(alive[..., None], boxes, boxes.new_tensor([0.0, 0.0, 8.0, 8.0]))
        windows = self.heads.first_window(boxes.flatten(0, 1)).unflatten(0, lead)
        looked = self._look(frames, windows)
        features, detail = self._encode(looked), self._describe(looked)
        grid = self._grid(boxes, windows)
        memory = self.appearance.start(features)
        blank = boxes.new_zeros(len(features), self.memory.hidden)
        with self._convolve(features):
            seen = self.appearance(features, grid, memory, blank, None)
            token = self.readout(seen.map).to(boxes.dtype)
        return TrackState(
            boxes=boxes, windows=windows, velocity=torch.zeros_like(boxes[..., :2]),
            hidden=torch.tanh(self.start_hidden(token)).unflatten(0, lead),
            cell=self.start_cell(token).unflatten(0, lead),
            memory=memory.unflatten(0, lead), alive=alive,
            detail=boxes.new_zeros(*lead, 0) if self.refine is None or detail is None
            else self.refine.start(detail).unflatten(0, lead),
            filters=self._start_filters(features, grid, boxes).unflatten(0, lead),
            frame=(frames.shape[1], frames.shape[2]),
        )  # fmt: skip

    def forward(self, frames: Tensor | None, state: TrackState) -> tuple[Prediction, TrackState]:
        """One step.

        Args:
            frames: [B, H, W, 3] uint8, BGR; None coasts on memory and relations alone.
            state: of the step before.
        """
        lead = state.boxes.shape[:2]
        grid = self._grid(state.boxes, state.windows)
        features = detail = seen_map = mask = None
        token = state.hidden.new_zeros(*lead, self.start_hidden.in_features)
        if frames is not None:
            looked = self._look(frames, state.windows)
            features, detail = self._encode(looked), self._describe(looked)
            memory, hidden = state.memory.flatten(0, 1), state.hidden.flatten(0, 1)
            others = self._others(state) if self.claims else None
            response = self._respond(features, state.filters)
            with self._convolve(features):
                seen_map, mask = self.appearance(features, grid, memory, hidden, others, response)
                token = self.readout(seen_map).to(state.hidden.dtype).unflatten(0, lead)
        height, width = state.frame
        token = token + self.position(geometry(state.boxes, state.velocity, width, height))
        related = self.relation(token, state.hidden, state.alive)
        hidden, cell = self.memory(related.features, state.hidden, state.cell)
        place = Place(
            state.boxes.detach().flatten(0, 1), state.windows.flatten(0, 1),
            state.velocity.flatten(0, 1), state.frame,
        )  # fmt: skip
        align = []
        if features is not None and self.appearance.aligns:
            parts = features, state.memory.flatten(0, 1)
            align.append(self._aligner(self.appearance.align, *parts, place))
        if detail is not None and self.refine is not None:
            align.append(
                self._aligner(self.refine.align, detail, state.detail.flatten(0, 1), place)
            )
        with self._convolve(hidden):
            read = self.heads(seen_map, mask, grid, hidden.flatten(0, 1), place, align)
        memory, details, filters = state.memory, state.detail, state.filters
        if features is not None:
            inside = self._around(read.boxes, place.windows)
            trust = read.visibility.sigmoid().detach()
            memory = self.appearance.refresh(features, memory.flatten(0, 1), inside, trust)
            memory = memory.unflatten(0, lead)
            if detail is not None and self.refine is not None:
                details = self.refine.refresh(detail, details.flatten(0, 1), inside, trust)
                details = details.unflatten(0, lead)
            if self.discriminate is not None:
                looked_at = xyxy_to_cxcywh(place.windows)
                centre = xyxy_to_cxcywh(read.boxes.detach())[:, :2] - looked_at[:, :2]
                size = (place.boxes[:, 2:] - place.boxes[:, :2]).clamp(min=1)
                share = self.discriminate.rate * trust
                filters = self.discriminate.learn(
                    features, grid, centre / size, filters.flatten(0, 1), share
                ).unflatten(0, lead)
        boxes, windows, velocity, visibility = (x.unflatten(0, lead) for x in read[:4])
        after = TrackState(
            boxes=boxes, windows=windows, velocity=velocity, hidden=hidden, cell=cell,
            memory=memory, detail=details, filters=filters, alive=state.alive, frame=state.frame,
        )  # fmt: skip
        said = Prediction(
            boxes=boxes, visibility=visibility, windows=state.windows, next_windows=windows,
            scores=None if read.scores is None else read.scores.unflatten(0, lead),
            grid=grid.unflatten(0, lead),
            mask=None if mask is None else mask.unflatten(0, lead), attention=related.weights,
        )  # fmt: skip
        return said, after

    def _look(self, frames: Tensor, windows: Tensor) -> Tensor:
        """[B, H, W, 3], [B, N, 4] -> glimpses [B*N, 3, R, S]."""
        looked = self.glimpse(frames, windows.detach() if self.detach_window else windows)
        return looked.flatten(0, 1)

    def _encode(self, looked: Tensor) -> Tensor:
        """[B*N, 3, R, S] -> features [B*N, C, R', S'], prepared for appearance."""
        with self._convolve(looked):
            features = self.encoder(looked).to(looked.dtype)
        return self.appearance.prepare(features)

    def _describe(self, looked: Tensor) -> Tensor | None:
        """[B*N, 3, R, S] -> fine features [B*N, C'', R'', S'']; None without a refinement."""
        if self.refine is None:
            return None
        with self._convolve(looked):
            return self.refine.look(looked).to(looked.dtype)

    def _start_filters(self, features: Tensor, grid: Tensor, boxes: Tensor) -> Tensor:
        """Filters that have learned the first window, [B*N, ...]."""
        if self.discriminate is None:
            return boxes.new_zeros(len(features), 0)
        blank = self.discriminate.blank(features)
        middle = grid.new_zeros(len(grid), 2)
        return self.discriminate.learn(features, grid, middle, blank, grid.new_ones(len(grid)))

    def _respond(self, features: Tensor, filters: Tensor) -> Tensor | None:
        """What the filters answer to this window, [B*N, 1, R', S']; None without filters."""
        if self.discriminate is None:
            return None
        response: Tensor = self.discriminate(features, filters.flatten(0, 1))
        return response

    def _convolve(self, like: Tensor) -> torch.autocast:
        """Convolutions in half the bits where training asks for it; the geometry never is."""
        return torch.autocast(
            like.device.type, torch.bfloat16, enabled=self.low_precision and self.training
        )

    def _others(self, state: TrackState) -> Tensor:
        """[B*N, 1, R', S'] in 0..1: where in each window other objects are expected to be.

        A bump per object, 1 in the middle of its predicted box, of 0.3 box sizes; the largest
        counts.
        """
        boxes = state.boxes.detach()
        if boxes.shape[1] == 0:
            return boxes.new_zeros(0, 1, *self.cells.shape[1:])
        centre = (boxes[..., :2] + boxes[..., 2:]) / 2 + state.velocity.detach()
        spread = 0.3 * (boxes[..., 2:] - boxes[..., :2]).clamp(min=2)
        low, high = state.windows.detach().split([2, 2], -1)
        middle, size = (low + high) / 2, high - low
        bumps = []
        for axis, cells in ((1, self.cells[1, :, 0]), (0, self.cells[0, 0])):
            where = middle[..., axis, None] + size[..., axis, None] * cells  # [B, N, R' or S']
            away = where[:, :, None] - centre[:, None, :, axis, None]  # [B, N, N, R' or S']
            bumps.append(torch.exp(-0.5 * (away / spread[:, None, :, axis, None]) ** 2))
        both = bumps[0][..., :, None] * bumps[1][..., None, :]  # [B, N, N, R', S']
        alone = torch.eye(boxes.shape[1], dtype=torch.bool, device=boxes.device)
        counts = state.alive[:, None, :] & ~alone
        both = torch.where(counts[..., None, None], both, both.new_zeros(()))
        return both.amax(2).flatten(0, 1)[:, None]

    def _aligner(self, measure: Measure, features: Tensor, memory: Tensor, place: Place) -> Align:
        """Boxes [K, 4] cxcywh -> corrections [K, 5], from what lies under them."""

        def align(boxes_cxcywh: Tensor) -> Tensor:
            around = self._around(cxcywh_to_xyxy(boxes_cxcywh.detach()), place.windows)
            return measure(features, memory, around).to(boxes_cxcywh.dtype)

        return align

    def _around(self, boxes: Tensor, windows: Tensor) -> Tensor:
        """What a template of these boxes shows: the inner half of a first look at them.

        [K, 4] xyxy pixels -> [K, 4] in coordinates of `windows`, -1..1 from edge to edge.
        """
        usual = xyxy_to_cxcywh(self.heads.first_window(boxes.detach()))
        window = xyxy_to_cxcywh(windows.detach())
        centre = (usual[:, :2] - window[:, :2]) / window[:, 2:] * 2
        half = usual[:, 2:] / window[:, 2:] / 2
        around = torch.cat([centre - half, centre + half], 1)
        return torch.nan_to_num(around).clamp(-4, 4)  # sampling at NaN is undefined

    def _grid(self, boxes: Tensor, windows: Tensor) -> Tensor:
        """Cell positions in box sizes from the window's centre: [B*N, 2, R', S']."""
        size = (boxes[..., 2:] - boxes[..., :2]).detach().clamp(min=1)
        ratio = ((windows[..., 2:] - windows[..., :2]).detach() / size).flatten(0, 1)
        return self.cells * ratio[..., None, None]


def _middles(count: int) -> Tensor:
    """[count] middles of equal cells that cover -0.5..0.5."""
    return (torch.arange(count) + 0.5) / count - 0.5
