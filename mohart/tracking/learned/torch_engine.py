"""The network in torch, on any device.

Axis letters: B videos that look at one frame (1 while tracking), N objects of each.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.reader import WindowReader
from mohart.tracking.learned.state import OWN, Array, NetworkState, make_state


class TorchEngine:
    """See :class:`mohart.tracking.learned.engine.Engine`.

    On the CPU a bilinear glimpse is read by :class:`mohart.tracking.learned.reader.WindowReader`.

    Args:
        model: with trained weights; is put in evaluation mode.
        device: where it computes.
    """

    def __init__(self, model: MohartModel, device: torch.device) -> None:
        self.model = model.to(device).eval()
        self.device = torch.empty(0, device=device).device  # cuda -> cuda:0, as tensors say it
        self._reader = reader_of(model) if device.type == "cpu" else None
        self.watched = False

    @torch.inference_mode()
    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        placed = self._send(boxes)
        alive = torch.ones(placed.shape[:2], dtype=torch.bool, device=self.device)
        placed, windows = self.model.cell.first_windows(placed, alive)
        width, height = picture.size
        looked = self.read(picture, windows.cpu().numpy())
        state = self.model.cell.begin(looked, placed, windows, alive, (height, width))
        return _carried(state)

    @torch.inference_mode()
    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        if picture is not None and not self.watched:
            return self.see(self.read(picture, state.windows), state)
        frames = None if picture is None else self._frames(picture, len(state.boxes))
        said, after = self.model.step(frames, self._state(state))
        return said.visibility.cpu().numpy(), _carried(after)

    @torch.inference_mode()
    def see(self, looked: Tensor, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        said, after = self.model.cell.see(looked, self._state(state))
        return said.visibility.cpu().numpy(), _carried(after)

    @torch.inference_mode()
    def aim(self, boxes: Array) -> Array:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        aimed: Array = self.model.aim(self._send(boxes)).cpu().numpy()
        return aimed

    @torch.inference_mode()
    def read(self, picture: Picture, windows: Array) -> Tensor:
        """See :class:`mohart.tracking.learned.engine.Engine`; on the device."""
        if self._reader is None:
            return self.model.cell.glimpse(self._frames(picture, len(windows)), self._send(windows))
        looked = torch.from_numpy(self._reader.read(picture.pixels, windows.reshape(-1, 4)))
        return looked.view(*windows.shape[:2], *looked.shape[1:])

    def watch(self) -> MohartModel:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        self.watched = True
        return self.model

    def _frames(self, picture: Picture, videos: int) -> Tensor:
        """[B, H, W, 3] uint8 on the device; sent there once."""
        if not isinstance(picture.sent, Tensor) or picture.sent.device != self.device:
            picture.sent = self._send(picture.pixels)[None]
        frames: Tensor = picture.sent.expand(videos, -1, -1, -1)
        return frames

    def _send(self, array: Array) -> Tensor:
        array = np.ascontiguousarray(array)
        if not array.flags.writeable:  # torch warns of these, though nothing writes to it here
            array = array.copy()
        return torch.from_numpy(array).to(self.device)

    def _state(self, state: NetworkState) -> TrackState:
        columns = [self._send(x) for x in state.arrays()]
        alive = torch.ones(columns[0].shape[:2], dtype=torch.bool, device=self.device)
        boxes, windows, velocity, hidden, cell = columns[:OWN]
        return TrackState(
            boxes, windows, velocity, hidden, cell, alive, tuple(columns[OWN:]), state.frame
        )


def reader_of(model: MohartModel) -> WindowReader | None:
    """A reader that reads what this model's glimpse does; None where there is none for its kind."""
    glimpse = model.cell.glimpse
    if isinstance(glimpse, BilinearGlimpse):
        return WindowReader(glimpse.rows, glimpse.columns)
    return None


def _carried(state: TrackState) -> NetworkState:
    own = state.boxes, state.windows, state.velocity, state.hidden, state.cell
    columns = [x.cpu().numpy() for x in (*own, *state.memories)]
    return make_state(columns, state.frame)
