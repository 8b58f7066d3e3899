from __future__ import annotations

import torch

from mohart.nn.identity import IdentityHead, describe_cells, mean_identity


def test_embeddings_have_unit_length_and_depend_on_both_inputs() -> None:
    torch.manual_seed(0)
    head = IdentityHead(channels=8, template=4, colours=6, width=5, bend=7)
    cells, colours = torch.randn(3, 8, 4, 4), torch.rand(3, 6)
    found = head(cells, colours)
    assert found.shape == (3, 5)
    assert torch.allclose(found.norm(dim=1), torch.ones(3))
    assert not torch.allclose(found, head(cells, colours.flip(0)))
    assert not torch.allclose(found, head(cells.flip(0), colours))
    assert torch.allclose(found, head(5 * cells, colours), atol=1e-6)  # contrast does not count
    assert head(cells[:0], colours[:0]).shape == (0, 5)


def test_the_curved_part_starts_without_effect() -> None:
    torch.manual_seed(0)
    head = IdentityHead(channels=2, template=2, colours=3, width=4)
    cells, colours = torch.randn(2, 2, 2, 2), torch.rand(2, 3)
    straight = head.cells(describe_cells(cells)) + head.tone(colours)
    assert torch.allclose(head(cells, colours), torch.nn.functional.normalize(straight), atol=1e-6)


def test_the_mean_of_looks_has_unit_length() -> None:
    mean = mean_identity(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    assert torch.allclose(mean, torch.tensor([0.5**0.5, 0.5**0.5]))
