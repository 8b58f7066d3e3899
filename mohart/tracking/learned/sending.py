"""Arrays to a device without waiting for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mohart.tracking.learned.state import Array


def send(array: Array, device: torch.device) -> Tensor:
    """An array in any memory layout, copied to a device; a GPU fetches it while this goes on."""
    kind = torch.from_numpy(np.empty(0, array.dtype)).dtype
    held = torch.empty(array.shape, dtype=kind, pin_memory=device.type == "cuda")
    np.copyto(held.numpy(), array)
    return held.to(device, non_blocking=True)  # whose memory is not given away before it was read
