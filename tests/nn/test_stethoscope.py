"""What of a stethoscope's gradient is let back."""

from __future__ import annotations

import pytest
import torch

from mohart.nn.stethoscope import Stethoscope, let_back


@pytest.mark.parametrize("share", [0.5, -2.0])
def test_values_stay_and_the_gradient_is_scaled(share: float) -> None:
    x = torch.tensor([1.0, -3.0], requires_grad=True)
    y = let_back(x, share)
    assert torch.equal(y, x)
    (y * torch.tensor([2.0, 5.0])).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, share * torch.tensor([2.0, 5.0]))


def test_zero_cuts_it_off() -> None:
    x = torch.ones(2, requires_grad=True)
    assert not let_back(x, 0.0).requires_grad


def test_the_stethoscope_itself_always_learns() -> None:
    scope = Stethoscope(3, 2, hidden=4)
    heard = torch.ones(5, 3, requires_grad=True)
    plain = torch.autograd.grad(scope(heard).sum(), list(scope.parameters()))
    for share in (0.0, 1.0, -1.0):
        found = torch.autograd.grad(scope(let_back(heard, share)).sum(), list(scope.parameters()))
        for a, b in zip(plain, found, strict=True):
            assert torch.equal(a, b)
