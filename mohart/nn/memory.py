"""What an object remembers: one LSTM, shared weights, one state per object."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ObjectLstm(nn.Module):
    """An LSTM cell over objects with optional zoneout.

    Args:
        inputs: features of the input.
        hidden: E, features of the state.
        zoneout: probability that a unit keeps its old value; at test the expectation is used.

    Source: zoneout, Krueger et al. 2017, eq. 4; HART uses 0.05 on both states.
    """

    def __init__(self, inputs: int, hidden: int, zoneout: float = 0.0) -> None:
        super().__init__()
        self.hidden, self.zoneout = hidden, zoneout
        self.cell = nn.LSTMCell(inputs, hidden)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """One step: [B, N, inputs], [B, N, E], [B, N, E] -> new hidden and cell, [B, N, E]."""
        lead = hidden.shape[:-1]
        if lead[0] == 1 and len(lead) == 2:  # one video: the simpler operations
            h, c = (new[None] for new in self.cell(x[0], (hidden[0], cell[0])))
        else:
            h, c = self.cell(x.flatten(0, -2), (hidden.flatten(0, -2), cell.flatten(0, -2)))
            h, c = h.unflatten(0, lead), c.unflatten(0, lead)
        if self.zoneout > 0:
            h, c = self._keep(h, hidden), self._keep(c, cell)
        return h, c

    def _keep(self, new: Tensor, old: Tensor) -> Tensor:
        if self.training:
            return torch.where(torch.rand_like(new) < self.zoneout, old, new)
        return self.zoneout * old + (1 - self.zoneout) * new
