"""EquiVAE: what a class has in common comes from other examples, the rest from the example itself.

r_y is the mean of f(x') over other examples x' of the class; v is drawn from q(v | r_y, x) and held
near N(0, I). Both together have to say x. Since x itself never reaches r, r can hold only what all
of the class share; since v costs bits, it holds only what is left.

Source: Feige 2019, EquiVAE (1902.03251), as told in its abstract and by the project's notes; layer
sizes are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PIXELS, SHADES = 64, 16.0  # of a digit: 8x8, values 0..16


class EquiVae(nn.Module):
    """The three networks.

    Args:
        invariant: width of r.
        equivariant: width of v.
        hidden: units of hidden layers.
    """

    def __init__(self, invariant: int = 16, equivariant: int = 4, hidden: int = 128) -> None:
        super().__init__()
        self.invariant, self.equivariant = invariant, equivariant
        self.embed = layers(PIXELS, hidden, invariant)
        self.place = layers(PIXELS + invariant, hidden, 2 * equivariant)
        self.draw = layers(invariant + equivariant, hidden, PIXELS)

    def bound(self, x: Tensor, r: Tensor, noise: Tensor) -> Tensor:
        """Lower bound of log p(x | class): [K, 64], [K, R], [K, V] -> [K].

        Args:
            x: pixels in 0..1.
            r: invariant part of the class.
            noise: N(0, I), that v is drawn with.
        """
        middle, spread = self.posterior(x, r)
        v = middle + spread * noise
        wrong = functional.binary_cross_entropy_with_logits(
            self.draw(torch.cat([r, v], -1)), x, reduction="none"
        ).sum(-1)
        divergence = 0.5 * (middle**2 + spread**2 - 1) - spread.log()
        likely: Tensor = -wrong - divergence.sum(-1)
        return likely

    def posterior(self, x: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [K, V] of q(v | r, x)."""
        middle, log_spread = self.place(torch.cat([x, r], -1)).chunk(2, -1)
        return middle, log_spread.clamp(-6, 3).exp()

    def picture(self, r: Tensor, v: Tensor) -> Tensor:
        """[K, R], [K, V] -> [K, 64] in 0..1."""
        drawn: Tensor = self.draw(torch.cat([r, v], -1)).sigmoid()
        return drawn

    def log_classes(self, x: Tensor, r: Tensor) -> Tensor:
        """Log q(y | x) by the distance to every class's r: [K, 64], [Y, R] -> [K, Y].

        It has no parameters of its own; the most probable class is the nearest r.
        """
        apart = ((self.embed(x)[:, None] - r) ** 2).sum(-1)
        return functional.log_softmax(-apart, -1)


def layers(first: int, hidden: int, last: int) -> nn.Sequential:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Linear(first, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, last),
    )


def routed(embedded: Tensor, classes: Tensor, chosen: Tensor, count: int) -> Tensor:
    """R for examples, from others of their class only.

    Args:
        embedded: [K, R] f(x) of a batch.
        classes: [K] of them.
        chosen: [K, K] random numbers; for every example the `count` largest of its class, itself
            left out, are routed to its r.
        count: m; fewer where the batch has fewer. An example that is alone gets its own.

    Returns:
        [K, R].
    """
    same = classes[:, None] == classes[None, :]
    others = same & ~torch.eye(len(classes), dtype=torch.bool)
    others |= torch.diag(others.sum(1) == 0)
    score = torch.where(others, chosen, -torch.ones_like(chosen))
    least = score.topk(min(count, len(classes)), -1).values[:, -1:]
    share = (others & (score >= least)).float()
    return share @ embedded / share.sum(1, keepdim=True)


def class_means(embedded: Tensor, classes: Tensor, number: int) -> Tensor:
    """[K, R], [K] -> [Y, R] r of every class, from all of its examples."""
    of = functional.one_hot(classes, number).to(embedded.dtype)
    return of.T @ embedded / of.sum(0)[:, None].clamp(min=1)
