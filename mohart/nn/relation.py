"""Relational modules: the only place where objects exchange information.

All have one signature, so that swapping them is the experiment. They stand between the encoder
and the LSTM (MOHART, figure 1) and return what the LSTM takes. Axis letters: B batch, N objects,
D features.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional


class Related(NamedTuple):
    """What a relational module returns.

    Attributes:
        features: [B, N, out_features]; rows of absent objects are zero.
        weights: [B, heads, N, N] attention, row i says whom object i looks at; None where there
            is no attention.
    """

    features: Tensor
    weights: Tensor | None = None


class Relation(Protocol):
    """Contract of the slot `relation`."""

    out_features: int

    def __call__(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """Let the objects of each frame exchange information.

        Args:
            features: [B, N, D] features of the glimpse plus encoded position.
            hidden: [B, N, E] recurrent output of the step before.
            alive: [B, N] bool; absent objects are neither read nor written.
        """
        ...


def _only(alive: Tensor, x: Tensor) -> Tensor:
    """Zero where absent, also when the row holds NaN; nobody is, while a step is traced."""
    if torch.onnx.is_in_onnx_export():
        return x
    return torch.where(alive[..., None], x, torch.zeros((), dtype=x.dtype, device=x.device))


class NoRelation(nn.Module):
    """Independent trackers (HART): features and recurrent output, side by side.

    Args:
        features: D.
        hidden: E.
        width: of a layer over each object's own features, its result appended, so that there are
            as many parameters as with a module that exchanges something; 0 leaves it out.
    """

    def __init__(self, features: int, hidden: int, width: int = 0) -> None:
        super().__init__()
        self.think = nn.Sequential(nn.Linear(features + hidden, width), nn.ELU()) if width else None
        self.out_features = features + hidden + width

    def forward(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """See :class:`Relation`."""
        own = _only(alive, torch.cat([features, hidden], -1))
        if self.think is not None:
            own = _only(alive, torch.cat([own, self.think(own)], -1))
        return Related(own)


class MlpRelation(nn.Module):
    """All objects concatenated in fixed slots; not permutation-invariant, on purpose.

    Args:
        features: D.
        hidden: E.
        width: of the exchanged vector.
        slots: largest number of objects.
        shuffle: permute the slots at random in training, so that slots carry no meaning.

    Source: the non-invariant comparison of MOHART (abstract, v5); layout after PAPERS notes: one
    hidden ELU layer over the concatenation, its result appended to each object's features.
    """

    def __init__(
        self, features: int, hidden: int, width: int = 128, slots: int = 16, shuffle: bool = True
    ) -> None:
        super().__init__()
        self.slots, self.shuffle = slots, shuffle
        self.exchange = nn.Sequential(
            nn.Linear(slots * (features + hidden), width), nn.ELU(), nn.Linear(width, width * slots)
        )
        self.width = width
        self.out_features = features + hidden + width

    def forward(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """See :class:`Relation`; more than `slots` objects are handled in blocks of `slots`."""
        own = _only(alive, torch.cat([features, hidden], -1))  # [B, N, D+E]
        batch, count, size = own.shape
        blocks = max(1, -(-count // self.slots))
        order = torch.arange(count, device=own.device)
        if self.training and self.shuffle:
            order = torch.randperm(count, device=own.device)
        padded = own.new_zeros(batch, blocks * self.slots, size)
        padded[:, order] = own
        flat = padded.reshape(batch * blocks, self.slots * size)
        heard = self.exchange(flat).reshape(batch, blocks * self.slots, self.width)[:, order]
        return Related(_only(alive, torch.cat([own, heard], -1)))


class DeepSets(nn.Module):
    """One pooled summary of all objects, appended to each.

    Args:
        features: D.
        hidden: E.
        width: of the latent; sum pooling is universal only where it is >= the number of objects.
        pool: `mean`, `sum` or `max` over the objects present.

    Source: Zaheer et al. 2017, theorem 2; the bound on the width: Wagstaff et al. 2019.
    """

    def __init__(
        self,
        features: int,
        hidden: int,
        width: int = 128,
        pool: Literal["mean", "sum", "max"] = "mean",
    ) -> None:
        super().__init__()
        size = features + hidden
        self.pool = pool
        self.embed = nn.Sequential(nn.Linear(size, width), nn.ELU(), nn.Linear(width, width))
        self.explain = nn.Sequential(nn.Linear(width, width), nn.ELU(), nn.Linear(width, width))
        self.out_features = size + width

    def forward(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """See :class:`Relation`."""
        own = _only(alive, torch.cat([features, hidden], -1))
        latent = _only(alive, self.embed(own))  # [B, N, width]
        if own.shape[1] == 0:
            return Related(own.new_zeros(*own.shape[:2], self.out_features))
        if self.pool == "max":
            absent = ~alive[..., None]
            pooled = latent.masked_fill(absent, -torch.inf).amax(1)
            pooled = torch.where(alive.any(1)[:, None], pooled, torch.zeros_like(pooled))
        else:
            pooled = latent.sum(1)
            if self.pool == "mean":
                pooled = pooled / alive.sum(1, keepdim=True).clamp(min=1)
        told = self.explain(pooled)[:, None].expand(-1, own.shape[1], -1)
        return Related(_only(alive, torch.cat([own, told], -1)))


class AttentionRelation(nn.Module):
    """Multi-head self-attention as MOHART's figure 2 draws it.

    f_i = [features + position, recurrent output]; queries, keys and values are linear in f; the
    object itself is among the keys; the LSTM receives [f_i, o_i]: the skip is a concatenation.

    Args:
        features: D.
        hidden: E.
        width: of the output of all heads together.
        heads: number of heads; divides `width`.
        only_self: every object sees itself alone: the same parameters, no exchange (control).

    Source: MOHART, Fuchs et al. 2019, figure 2.
    """

    def __init__(
        self, features: int, hidden: int, width: int = 128, heads: int = 4, only_self: bool = False
    ) -> None:
        super().__init__()
        size = features + hidden
        self.heads, self.only_self = heads, only_self
        self.query, self.key, self.value = (nn.Linear(size, width) for _ in range(3))
        self.out_features = size + width

    def forward(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """See :class:`Relation`."""
        own = _only(alive, torch.cat([features, hidden], -1))
        if torch.onnx.is_in_onnx_export() and not self.only_self:
            output, weights = self._traced(own)
        else:
            q, k, v = self.query(own), self.key(own), self.value(own)
            output, weights = _attend(q, k, v, _visible(alive, self.only_self), self.heads)
        return Related(_only(alive, torch.cat([own, output], -1)), weights)

    def _traced(self, own: Tensor) -> tuple[Tensor, Tensor]:
        """`_attend` in fewer operations, where nobody is absent."""
        parts, batch, heads = (self.query, self.key, self.value), int(own.shape[0]), self.heads
        weight, bias = torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts])
        width = int(weight.shape[0]) // 3
        each = width // heads
        told = functional.linear(own, weight, bias).reshape(batch, -1, 3, heads, each)
        q, k, v = told.permute(2, 0, 3, 1, 4).unbind()
        weights = functional.softmax(q @ k.transpose(-1, -2) / each**0.5, -1)
        return (weights @ v).transpose(1, 2).reshape(batch, -1, width), weights


class SetAttentionBlock(nn.Module):
    """Set Transformer block: attention and a row-wise layer, each with residual and layer norm.

    Args:
        features: D.
        hidden: E.
        width: of the block.
        heads: number of heads; divides `width`.

    Source: Lee et al. 2019, eq. 6 to 8 (MAB, SAB); a reviewer of MOHART calls its module this.
    """

    def __init__(self, features: int, hidden: int, width: int = 128, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.enter = nn.Linear(features + hidden, width)
        self.query, self.key, self.value, self.leave = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.row = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )
        self.out_features = width

    def forward(self, features: Tensor, hidden: Tensor, alive: Tensor) -> Related:
        """See :class:`Relation`."""
        x = self.enter(_only(alive, torch.cat([features, hidden], -1)))
        seen = _visible(alive, only_self=False)
        output, weights = _attend(self.query(x), self.key(x), self.value(x), seen, self.heads)
        x = self.norm1(x + self.leave(output))
        x = self.norm2(x + self.row(x))
        return Related(_only(alive, x), weights)


def _visible(alive: Tensor, only_self: bool) -> Tensor:
    """[B, N] -> [B, 1, N, N] bool: may object i look at object j?"""
    seen = alive[:, None, None, :].expand(-1, 1, alive.shape[1], -1)
    if only_self:
        number = torch.arange(alive.shape[1], device=alive.device)
        seen = seen & (number[:, None] == number)
    return seen


def _attend(
    query: Tensor, key: Tensor, value: Tensor, seen: Tensor, heads: int
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention over objects; a row that sees nobody gives 0, not NaN.

    Returns:
        [B, N, width] and the weights [B, heads, N, N].
    """
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    score = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5  # [B, heads, N, N]
    score = score.masked_fill(~seen, torch.finfo(score.dtype).min)
    weights = functional.softmax(score, -1) * seen
    return (weights @ v).transpose(1, 2).flatten(-2), weights
