"""The network in torch on a GPU, launched as few times as possible.

Against :class:`mohart.tracking.learned.torch_engine.TorchEngine` on a GPU: windows are read without
waiting for the device, the step is a CUDA graph, and the state of all objects goes there and comes
back in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mohart.errors import ConfigError
from mohart.model.tracker import MohartModel, Precision
from mohart.nn.glimpse import BilinearGlimpse
from mohart.tracking.learned.device_reader import DeviceReader
from mohart.tracking.learned.fixed_step import FixedStep, padded
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.rows import RowLayout
from mohart.tracking.learned.sending import send
from mohart.tracking.learned.state import Array, NetworkState
from mohart.tracking.learned.torch_engine import TorchEngine

MOST = 256  # objects, padding included, whose step is recorded; more of them keep a GPU busy
SIDE = 64  # pixels of the picture that is looked at to get ready


class CudaEngine(TorchEngine):
    """See :class:`mohart.tracking.learned.engine.Engine`.

    Args:
        model: with trained weights and bilinear glimpses; is put in evaluation mode.
        device: where it computes: a GPU; or the CPU, where nothing is recorded.
        precision: of convolutions and products of matrices; `float32` is meant exactly, without
            TF32. Geometry, memory and glimpses always are.

    Raises:
        ConfigError: the model reads glimpses of another kind.
    """

    def __init__(
        self, model: MohartModel, device: torch.device, precision: Precision = "float32"
    ) -> None:
        super().__init__(model, device)
        glimpse = model.cell.glimpse
        if not isinstance(glimpse, BilinearGlimpse):
            raise ConfigError(
                "--engine cuda reads bilinear glimpses alone; track with --engine torch"
            )
        model.cell.quick = precision == "bfloat16"
        self._exactly = precision == "float32"
        self._device_reader = DeviceReader(glimpse, self.device)
        self._steps: dict[tuple[int, int], FixedStep] = {}
        self._recorder: tuple[torch.cuda.Stream, Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """A copy records its own graphs, which can not be copied."""
        return {name: x for name, x in vars(self).items() if name not in RECORDED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """See `__getstate__`."""
        self.__dict__.update(state)
        self._steps, self._recorder = {}, None

    def warm_up(self, objects: int = 1) -> None:
        """Record what so many objects need, or fewer, before there are any.

        Raises:
            ConfigError: the step of this model can not be recorded.
        """
        picture, box = Picture(np.zeros((SIDE, SIDE, 3), np.uint8)), [16.0, 16.0, 48.0, 48.0]
        count = padded(objects)
        while count:
            self.step(picture, self.start(picture, np.full((1, count, 4), box, np.float32)))
            count //= 2

    @torch.inference_mode()
    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        with self._on_device():
            return super().start(picture, boxes)

    @torch.inference_mode()
    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        with self._on_device():
            return super().step(picture, state)

    @torch.inference_mode()
    def see(self, looked: Tensor, state: NetworkState) -> tuple[Array, NetworkState]:
        """See :class:`mohart.tracking.learned.engine.Engine`."""
        videos, rows = state.boxes.shape[:2]
        lead = padded(videos), padded(rows)
        with self._on_device():
            if not videos * rows or lead[0] * lead[1] > MOST:
                return super().see(looked, state)
            if lead not in self._steps:
                self._steps[lead] = self._fixed(lead, looked, state)
            return self._steps[lead].run(looked, state)

    @torch.inference_mode()
    def read(self, picture: Picture, windows: Array) -> Tensor:
        """See :class:`mohart.tracking.learned.engine.Engine`; on the device."""
        with self._on_device():
            frame = self._frames(picture, 1)[0]
            looked = self._device_reader.read(frame, windows.reshape(-1, 4))
            return looked.view(*windows.shape[:2], *looked.shape[1:])

    def _fixed(self, lead: tuple[int, int], looked: Tensor, state: NetworkState) -> FixedStep:
        fixed = FixedStep(self.model.cell, RowLayout.of(state), lead, self.device)
        if self.device.type != "cuda":
            return fixed
        if self._recorder is None:
            self._recorder = torch.cuda.Stream(), torch.cuda.graph_pool_handle()
        try:
            fixed.record(looked, state, *self._recorder)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"--engine cuda: the step can not be recorded as a CUDA graph ({reason}); track "
                "with --engine torch"
            ) from error
        return fixed

    @contextmanager
    def _on_device(self) -> Iterator[None]:
        """What is current in a process is this engine's GPU and precision, for now."""
        if self.device.type != "cuda":
            yield
            return
        cudnn = torch.backends.cudnn
        before = cudnn.allow_tf32
        with torch.cuda.device(self.device):
            cudnn.allow_tf32 = before and not self._exactly
            try:
                yield
            finally:
                cudnn.allow_tf32 = before

    def _send(self, array: Array) -> Tensor:
        return send(array, self.device)


RECORDED = ("_steps", "_recorder")
