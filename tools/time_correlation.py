"""Time the appearance correlation against the depth-wise one: python tools/time_correlation.py."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from mohart.nn.appearance import correlate

OBJECTS, CHANNELS, CELLS, TEMPLATE = 32, 48, 16, 8
REPEATS = 9


def depth_wise(features: Tensor, template: Tensor) -> Tensor:
    """The usual form: a convolution per object and channel (SiamRPN++)."""
    count = OBJECTS * CHANNELS
    padded = functional.pad(features, (4, 3, 4, 3)).reshape(1, count, CELLS + 7, CELLS + 7)
    weight = template.reshape(count, 1, TEMPLATE, TEMPLATE)
    return functional.conv2d(padded, weight, groups=count)


def milliseconds(run: Callable[[Tensor, Tensor], Tensor]) -> float:
    """Median time of forward and backward."""
    features = torch.rand(OBJECTS, CHANNELS, CELLS, CELLS, requires_grad=True)
    template = torch.rand(OBJECTS, CHANNELS, TEMPLATE, TEMPLATE, requires_grad=True)
    took = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        run(features, template).sum().backward()
        took.append((time.perf_counter() - start) * 1e3)
    return sorted(took[1:])[REPEATS // 2]


if __name__ == "__main__":
    torch.set_num_threads(1)
    ours, usual = milliseconds(correlate), milliseconds(depth_wise)
    print(f"by template cell {ours:.1f} ms, depth-wise {usual:.1f} ms, ratio {usual / ours:.1f}")
