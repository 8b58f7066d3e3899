"""Stethoscopes in training: each reads a layer and learns a label; its gradient is let back or not.

The main network gets the gradient of its own loss plus lambda times that of every stethoscope;
a stethoscope always minimises its own. With lambda = 0 the main network's training is the same,
bit by bit, as without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.errors import ConfigError
from mohart.facts import find_fact
from mohart.model.layers import Layer
from mohart.model.losses import weighted_mean
from mohart.nn.stethoscope import Stethoscope, let_back
from mohart.structures import Clip


@dataclass(frozen=True)
class Placed:
    """Where a stethoscope is put and what it does.

    Attributes:
        layer: that it reads.
        label: name of a fact, see `mohart.facts`.
        weight: lambda: > 0 auxiliary, < 0 adversarial, 0 analytic.
        begin: share of the training from which lambda grows from 0.
        full: share of the training at which it has its value.
        hidden: units of the stethoscope.
    """

    layer: Layer
    label: str
    weight: float
    begin: float = 0.0
    full: float = 0.0
    hidden: int = 64

    @property
    def name(self) -> str:
        """In the log."""
        return f"{self.layer}.{self.label}"

    def share(self, progress: float) -> float:
        """Lambda at a moment of the training.

        Args:
            progress: 0 at its start, 1 at its end.

        >>> Placed("memory", "size", -0.5, begin=0.2, full=0.6).share(0.4)
        -0.25
        """
        if progress < self.begin:
            return 0.0
        if progress >= self.full:
            return self.weight
        return self.weight * (progress - self.begin) / (self.full - self.begin)


class Stethoscopes(nn.Module):
    """All stethoscopes of a training.

    Args:
        placed: what they read.
        widths: features of the layers, in the order of `placed`.
        seed: of their first weights; no other random number is used up.

    Raises:
        ConfigError: a label is unknown, or a gradient would go where nothing learns.
    """

    def __init__(self, placed: Sequence[Placed], widths: Sequence[int], seed: int) -> None:
        super().__init__()
        self.placed, self.progress = tuple(placed), 0.0
        facts = [find_fact(one.label) for one in placed]
        self.facts = facts
        for one in placed:
            if one.layer == "glimpse" and one.weight:
                raise ConfigError(
                    f"loss.stethoscopes: {one.name}: nothing learns before the glimpse; set "
                    "weight: 0"
                )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.scopes = nn.ModuleList(
                Stethoscope(width, fact.classes or fact.width, one.hidden)
                for one, width, (fact, _) in zip(placed, widths, facts, strict=True)
            )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """That are read."""
        return tuple(one.layer for one in self.placed)

    def check_known(self, clips: Sequence[Clip]) -> None:
        """Make sure that the data know what is asked.

        Raises:
            ConfigError: a label is known of nobody in the clips.
        """
        for one, (_, columns) in zip(self.placed, self.facts, strict=True):
            told = (clip.facts[..., columns] for clip in clips if clip.facts is not None)
            if not any(bool(torch.isfinite(values).any()) for values in told):
                raise ConfigError(
                    f"loss.stethoscopes: {one.name}: the clips of this configuration do not tell "
                    f"'{one.label}'; generated video tells all labels, toy worlds most"
                )

    def forward(
        self, heard: Mapping[Layer, Tensor], clip: Clip, t: int, counts: Tensor
    ) -> dict[str, Tensor]:
        """The loss of every stethoscope that has something to read in a step.

        Args:
            heard: layer -> [B, N, features].
            clip: a batch with facts.
            t: the frame.
            counts: [B, N] bool, objects that are asked about.
        """
        losses: dict[str, Tensor] = {}
        if clip.facts is None:
            return losses
        for one, scope, (fact, columns) in zip(self.placed, self.scopes, self.facts, strict=True):
            if one.layer not in heard:
                continue
            truth = clip.facts[:, t, :, columns]
            known = counts & torch.isfinite(truth).all(-1)
            if not bool(known.any()):
                continue
            normal = functional.layer_norm(heard[one.layer], heard[one.layer].shape[-1:])
            normal = torch.where(counts[..., None], normal, torch.zeros_like(normal))
            said = scope(let_back(normal, one.share(self.progress)))
            losses[one.name] = label_loss(said, truth, known.float(), classes=fact.classes)
        return losses


def looked_at(windows: Tensor, boxes: Tensor) -> Tensor:
    """[B, N] whether a window [B, N, 4] shows the middle of a box [B, N, 4]."""
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    return ((middle > windows[..., :2]) & (middle < windows[..., 2:])).all(-1)


def label_loss(said: Tensor, truth: Tensor, known: Tensor, *, classes: int) -> Tensor:
    """Cross-entropy for classes, a smooth absolute error for numbers: [] mean over what is known.

    Args:
        said: [B, N, outputs].
        truth: [B, N, columns]; may be NaN where unknown.
        known: [B, N] weights.
        classes: 0 for numbers.
    """
    truth = torch.where(known[..., None] > 0, truth, torch.zeros_like(truth))
    if classes:
        wrong = functional.cross_entropy(
            said.flatten(0, 1), truth[..., 0].flatten().long(), reduction="none"
        ).reshape(known.shape)
    else:
        wrong = functional.smooth_l1_loss(said, truth, reduction="none").mean(-1)
    return weighted_mean(wrong, known)
