"""Optimisers, schedules of rate and clip length, gradient clipping, the average of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn


def make_optimizer(
    kind: Literal["adamw", "rmsprop"],
    parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
    *,
    rate: float,
    weight_decay: float,
    momentum: float,
) -> torch.optim.Optimizer:
    """AdamW, or HART's RMSProp with momentum, over parameters or groups `{"params": ...}`."""
    if kind == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=weight_decay)
    return torch.optim.RMSprop(parameters, lr=rate, momentum=momentum, weight_decay=weight_decay)


@dataclass(frozen=True)
class CosineSchedule:
    """Linear warm-up, then half a cosine down to `final` times the rate.

    Attributes:
        rate: highest learning rate.
        warmup: steps of the rise.
        steps: of the whole training.
        final: last rate relative to `rate`; 1 keeps it constant.
    """

    rate: float
    warmup: int
    steps: int
    final: float

    def __call__(self, step: int) -> float:
        """Learning rate of a step (from 0)."""
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, self.steps))))
        return self.rate * rise * (self.final + (1 - self.final) * fall)


@dataclass(frozen=True)
class Curriculum:
    """Clip lengths that grow with training (curriculum learning): length by batch number.

    Attributes:
        stages: pairs (fraction of `steps` from which it holds, frames), sorted, the first at 0.
        steps: batches of the whole training.

    >>> Curriculum(((0.0, 4), (0.5, 8)), 100)(49), Curriculum(((0.0, 4), (0.5, 8)), 100)(50)
    (4, 8)
    """

    stages: Sequence[tuple[float, int]]
    steps: int

    def __call__(self, k: int) -> int:
        """Frames of the clips of batch k."""
        progress = k / max(1, self.steps)
        return [frames for start, frames in self.stages if start <= progress][-1]


def clip_gradient(
    parameters: Iterable[nn.Parameter], limit: float, kind: Literal["norm", "rms"]
) -> float:
    """Rescale the whole gradient if it is too large.

    Args:
        parameters: with gradients.
        limit: of the norm, or of the root mean square per element; <= 0 only measures.
        kind: `norm`, or `rms` (HART: 0.3, which is practically never reached).

    Returns:
        The norm (or root mean square) before clipping.
    """
    with_gradient = [p for p in parameters if p.grad is not None]
    if not with_gradient:
        return 0.0
    norms = torch.stack([torch.linalg.vector_norm(p.grad.float()) for p in with_gradient])  # type: ignore[union-attr]
    size = torch.linalg.vector_norm(norms)
    if kind == "rms":
        size = size / math.sqrt(sum(p.numel() for p in with_gradient))
    value = float(size)
    if limit > 0 and math.isfinite(value) and value > limit:
        for p in with_gradient:
            p.grad.mul_(limit / value)  # type: ignore[union-attr]
    return value


class WeightAverage:
    """Exponential moving average of a model's parameters; faster at the start.

    Args:
        model: its parameters are followed.
        decay: share that is kept per step; 0 follows the model exactly.

    Source: Polyak averaging as in Tarvainen and Valpola 2017, sec. 2.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the model after step number `step` (from 0)."""
        keep = min(self.decay, (1 + step) / (10 + step)) if self.decay > 0 else 0.0
        for name, value in model.named_parameters():
            self.values[name].lerp_(value, 1 - keep)

    def load(self, values: dict[str, Tensor]) -> None:
        """Continue from saved values.

        Raises:
            KeyError: a parameter is missing.
            ValueError: one has another shape.
        """
        for name, value in self.values.items():
            if value.shape != values[name].shape:
                raise ValueError(f"average.{name} is {list(values[name].shape)}")
            value.copy_(values[name])

    @torch.no_grad()
    def exchange(self, model: nn.Module) -> None:
        """Swap the average and the model's own values; call again to swap back."""
        for name, value in model.named_parameters():
            own = value.clone()
            value.copy_(self.values[name])
            self.values[name].copy_(own)
