"""Engines: who computes the time step of the network. Torch is one; a graph may be another.

Whatever computes, what is carried from frame to frame is the same state, so one engine goes on
where another has stopped.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.reader import WindowReader


class Engine(Protocol):
    """What tracking asks of whoever computes the network.

    Attributes:
        device: where states are kept.
    """

    device: torch.device

    def start(self, picture: Picture, boxes: Tensor) -> TrackState:
        """The state after a first look at boxes [1, N, 4], xyxy pixels, on the device."""
        ...

    def step(self, picture: Picture | None, state: TrackState) -> tuple[Tensor, TrackState]:
        """One frame further.

        Args:
            picture: the frame, the same for all B; None: it is not seen (coasting).
            state: of the frame before.

        Returns:
            [B, N] logit of "visible, and the box is on it", and the state after this frame.
        """
        ...

    def see(self, looked: Tensor, state: TrackState) -> tuple[Tensor, TrackState]:
        """One frame further, of which the glimpses are read already; see `step`.

        Args:
            looked: [B, N, 3, R, S] glimpses of the state's windows.
            state: of the frame before.
        """
        ...

    def aim(self, boxes: Tensor) -> Tensor:
        """[..., 4] where to look for objects in these boxes [..., 4] that are not known to move."""
        ...

    def read(self, picture: Picture, windows: Tensor) -> Tensor:
        """Glimpses [B, N, 3, R, S] in 0..1 of windows [B, N, 4], xyxy pixels."""
        ...

    def watch(self) -> MohartModel:
        """The network in torch; from now on it makes every step itself, so that its hooks see it.

        Slower, and otherwise the same.
        """
        ...


class TorchEngine:
    """The network in torch, on any device.

    On the CPU a bilinear glimpse is read by :class:`mohart.tracking.learned.reader.WindowReader`.

    Args:
        model: with trained weights; is put in evaluation mode.
        device: where it computes.
    """

    def __init__(self, model: MohartModel, device: torch.device) -> None:
        self.model, self.device = model.to(device).eval(), device
        self._reader = reader_of(model) if device.type == "cpu" else None
        self.watched = False

    def start(self, picture: Picture, boxes: Tensor) -> TrackState:
        """See :class:`Engine`."""
        alive = torch.ones(boxes.shape[:2], dtype=torch.bool, device=self.device)
        boxes, windows = self.model.cell.first_windows(boxes, alive)
        width, height = picture.size
        looked = self.read(picture, windows)
        return self.model.cell.begin(looked, boxes, windows, alive, (height, width))

    def step(self, picture: Picture | None, state: TrackState) -> tuple[Tensor, TrackState]:
        """See :class:`Engine`."""
        if picture is None:
            said, after = self.model.step(None, state)
        elif self.watched:
            frames = picture.tensor.expand(len(state.boxes), -1, -1, -1)
            said, after = self.model.step(frames, state)
        else:
            return self.see(self.read(picture, state.windows), state)
        return said.visibility, after

    def see(self, looked: Tensor, state: TrackState) -> tuple[Tensor, TrackState]:
        """See :class:`Engine`."""
        said, after = self.model.cell.see(looked, state)
        return said.visibility, after

    def aim(self, boxes: Tensor) -> Tensor:
        """See :class:`Engine`."""
        return self.model.aim(boxes)

    def read(self, picture: Picture, windows: Tensor) -> Tensor:
        """See :class:`Engine`."""
        if self._reader is None:
            frames = picture.tensor.expand(len(windows), -1, -1, -1)
            return self.model.cell.glimpse(frames, windows)
        looked = self._reader.read(picture.pixels, windows.reshape(-1, 4).numpy())
        return looked.view(*windows.shape[:2], *looked.shape[1:])

    def watch(self) -> MohartModel:
        """See :class:`Engine`."""
        self.watched = True
        return self.model


def reader_of(model: MohartModel) -> WindowReader | None:
    """A reader that reads what this model's glimpse does; None where there is none for its kind."""
    glimpse = model.cell.glimpse
    if isinstance(glimpse, BilinearGlimpse):
        return WindowReader(glimpse.rows, glimpse.columns)
    return None
