"""One time step: look, encode, attend, relate, remember, read out.

frame ── glimpse ── encoder ── appearance ─┬─ readout ── relation ── LSTM ── heads ── box
           ▲                        ▲      └──────────────────▲─────────▲      │
           │ window                 │ memory             hidden of t-1   map   │
           └────────────────────────┴───────────────────────────────────────── state
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mohart.boxes import xyxy_to_cxcywh
from mohart.model.state import TrackState
from mohart.nn.appearance import Appearance
from mohart.nn.encoder import Encoder
from mohart.nn.glimpse import Glimpse
from mohart.nn.heads import Heads, Place
from mohart.nn.memory import ObjectLstm
from mohart.nn.position import geometry
from mohart.nn.relation import Relation


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
    """The time step with exchangeable parts (docs/ARCHITECTURE.md has the slots).

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
    """

    def __init__(
        self, *, glimpse: Glimpse, encoder: Encoder, appearance: Appearance, position: nn.Module,
        relation: Relation, memory: ObjectLstm, heads: Heads, features: int,
        detach_window: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.glimpse, self.encoder, self.appearance = glimpse, encoder, appearance
        self.position, self.relation, self.memory, self.heads = position, relation, memory, heads
        self.detach_window = detach_window
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
        features = self._look(frames, windows)
        grid = self._grid(boxes, windows)
        memory = self.appearance.start(features)
        blank = boxes.new_zeros(len(features), self.memory.hidden)
        seen = self.appearance(features, grid, memory, blank)
        token = self.readout(seen.map)
        return TrackState(
            boxes=boxes, windows=windows, velocity=torch.zeros_like(boxes[..., :2]),
            hidden=torch.tanh(self.start_hidden(token)).unflatten(0, lead),
            cell=self.start_cell(token).unflatten(0, lead),
            memory=memory.unflatten(0, lead), alive=alive,
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
        features = seen_map = mask = None
        token = state.hidden.new_zeros(*lead, self.start_hidden.in_features)
        if frames is not None:
            features = self._look(frames, state.windows)
            memory, hidden = state.memory.flatten(0, 1), state.hidden.flatten(0, 1)
            seen_map, mask = self.appearance(features, grid, memory, hidden)
            token = self.readout(seen_map).unflatten(0, lead)
        height, width = state.frame
        token = token + self.position(geometry(state.boxes, state.velocity, width, height))
        related = self.relation(token, state.hidden, state.alive)
        hidden, cell = self.memory(related.features, state.hidden, state.cell)
        place = Place(
            state.boxes.detach().flatten(0, 1), state.windows.flatten(0, 1),
            state.velocity.flatten(0, 1), state.frame,
        )  # fmt: skip
        read = self.heads(seen_map, mask, grid, hidden.flatten(0, 1), place)
        memory = state.memory
        if features is not None:
            inside = _in_window(read.boxes, place.windows)
            trust = read.visibility.sigmoid().detach()
            memory = self.appearance.refresh(features, memory.flatten(0, 1), inside, trust)
            memory = memory.unflatten(0, lead)
        boxes, windows, velocity, visibility = (x.unflatten(0, lead) for x in read[:4])
        after = TrackState(
            boxes=boxes, windows=windows, velocity=velocity, hidden=hidden, cell=cell,
            memory=memory, alive=state.alive, frame=state.frame,
        )  # fmt: skip
        said = Prediction(
            boxes=boxes, visibility=visibility, windows=state.windows, next_windows=windows,
            scores=None if read.scores is None else read.scores.unflatten(0, lead),
            grid=grid.unflatten(0, lead),
            mask=None if mask is None else mask.unflatten(0, lead), attention=related.weights,
        )  # fmt: skip
        return said, after

    def _look(self, frames: Tensor, windows: Tensor) -> Tensor:
        """[B, H, W, 3], [B, N, 4] -> features [B*N, C, R', S']."""
        looked = self.glimpse(frames, windows.detach() if self.detach_window else windows)
        return self.encoder(looked.flatten(0, 1))

    def _grid(self, boxes: Tensor, windows: Tensor) -> Tensor:
        """Cell positions in box sizes from the window's centre: [B*N, 2, R', S']."""
        size = (boxes[..., 2:] - boxes[..., :2]).detach().clamp(min=1)
        ratio = ((windows[..., 2:] - windows[..., :2]).detach() / size).flatten(0, 1)
        return self.cells * ratio[..., None, None]


def _middles(count: int) -> Tensor:
    """[count] middles of equal cells that cover -0.5..0.5."""
    return (torch.arange(count) + 0.5) / count - 0.5


def _in_window(boxes: Tensor, windows: Tensor) -> Tensor:
    """Boxes [K, 4] in window coordinates: -1..1 from edge to edge."""
    window = xyxy_to_cxcywh(windows)
    centre, half = window[:, :2].repeat(1, 2), window[:, 2:].repeat(1, 2) / 2
    result: Tensor = ((boxes - centre) / half).clamp(-4, 4).detach()
    return result
