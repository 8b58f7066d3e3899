from __future__ import annotations

import numpy as np
import pytest
import torch

from mohart.model.routing import (
    Routing,
    hard_triplets,
    nearest_mean,
    others_mean,
    start_head,
)
from mohart.nn.identity import IdentityHead

C, K, D = 8, 4, 6


def head() -> IdentityHead:
    torch.manual_seed(0)
    return IdentityHead(C, K, D, width=4, bend=8)


def looks(tracks: int, each: int, noise: float) -> tuple[torch.Tensor, torch.Tensor, np.ndarray]:
    """Tracks whose cells and colours have something of their own, and something that changes."""
    numbers = torch.Generator().manual_seed(1)
    track = np.repeat(np.arange(tracks), each)
    own = torch.randn(tracks, C, K, K, generator=numbers)[track]
    tone = torch.randn(tracks, D, generator=numbers)[track]
    change = torch.randn(1, C, K, K, generator=numbers)  # one direction in which all change
    size = noise * torch.randn(len(track), 1, 1, 1, generator=numbers)
    return own + size * change, tone + 0.1 * torch.randn(tone.shape, generator=numbers), track


def test_the_mean_of_the_others_leaves_a_look_out() -> None:
    embedded = torch.nn.functional.normalize(torch.randn(2, 3, 5), dim=2)
    means = others_mean(embedded)
    expected = torch.nn.functional.normalize(embedded[1, 0] + embedded[1, 2], dim=0)
    assert torch.allclose(means[1, 1], expected, atol=1e-6)
    changed = embedded.clone()
    changed[1, 1] = -changed[1, 1]
    assert torch.allclose(others_mean(changed)[1, 1], means[1, 1])


def test_losses_are_small_for_those_who_are_apart_and_large_for_those_who_are_not() -> None:
    apart = torch.eye(4)[:, None].expand(4, 3, 4)
    same = torch.ones(4, 3, 4) / 2
    assert nearest_mean(apart, 0.1) < 0.01
    assert nearest_mean(same, 0.1) == pytest.approx(np.log(4), rel=1e-4)
    assert hard_triplets(apart, 0.2) == 0
    assert hard_triplets(same, 0.2) == pytest.approx(0.2)


def test_the_start_in_closed_form_weighs_down_what_changes() -> None:
    cells, colours, track = looks(20, 6, noise=3.0)
    one = head()
    before = nearest_mean(one(cells, colours).unflatten(0, (20, 6)), 0.1)
    start_head(one, cells, colours, track, keep=60)
    found = one(cells, colours).unflatten(0, (20, 6))
    assert nearest_mean(found, 0.1) < 0.5 * before
    means = torch.nn.functional.normalize(found.mean(1), dim=1)
    right = (found.flatten(0, 1) @ means.T).argmax(1).numpy() == track
    assert right.mean() > 0.95


@pytest.mark.slow
def test_training_rebuilds_looks_and_the_price_keeps_the_instance_latent_small() -> None:
    cells, colours, track = looks(8, 4, noise=0.5)
    picture = torch.rand(8, 3, 1, 1)[track].expand(-1, -1, 32, 32).contiguous()
    routing = Routing(head(), latent=3, price=0.002)
    optimiser = torch.optim.Adam(routing.parameters(), 3e-3)
    first = None
    for _ in range(40):
        embedded = routing.head(cells, colours).unflatten(0, (8, 4))
        identity = others_mean(embedded).flatten(0, 1)
        wrong, nats = routing.explain(cells, colours, picture, identity, torch.randn(32, 3))
        first = wrong.item() if first is None else first
        optimiser.zero_grad()
        (wrong + routing.price * nats).backward()
        optimiser.step()
    assert wrong.item() < 0.8 * first
    assert nats.item() > 0
    made = routing.rebuild(identity, torch.zeros(32, 3))
    assert made.cells.shape == cells.shape
    assert made.colours.shape == colours.shape
    assert made.picture.shape == picture.shape
