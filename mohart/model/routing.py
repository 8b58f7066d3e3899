"""Same-track routing: how an identity embedding is learned from tracks, without negatives.

The class is the track. Its latent r is the mean of f over looks of *other* frames than the one to
be explained, and deterministic; what is left, pose, light, scale and place, an instance latent z
has to tell, which costs (variational). A decoder rebuilds the look from both. What stays over time
is free in r, so it goes there; what changes can not be in r. New looks belong to the nearest r,
without any further parameter.

Axis letters: P tracks, M looks of each, K = P * M, C k D E as in
mohart.nn.identity, Z numbers of z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mohart.nn.align import unit_length
from mohart.nn.identity import IdentityHead, describe_cells

PIXELS = 32  # rows and columns of a rebuilt picture
WIDE, ROWS = 48, 8  # channels, rows and columns of the map that it is rebuilt from


class Rebuilt(NamedTuple):
    """A look made from two latents.

    Attributes:
        cells: [K, C, k, k] of unit length over C.
        colours: [K, D].
        picture: [K, 3, PIXELS, PIXELS] BGR in about 0..1.
    """

    cells: Tensor
    colours: Tensor
    picture: Tensor


class Routing(nn.Module):
    """f, the instance latent and the decoder; only f is needed afterwards.

    Args:
        head: f.
        latent: Z.
        price: of a nat of z, against squared errors.
    """

    def __init__(self, head: IdentityHead, latent: int = 16, price: float = 0.002) -> None:
        super().__init__()
        self.head, self.latent, self.price = head, latent, price
        channels, side, width = head.channels, head.template, head.width
        self.instance = nn.Sequential(
            nn.Conv2d(channels + 3, 48, 3, 2, 1), nn.ReLU(inplace=True), nn.Flatten()
        )
        rows = (side + 1) // 2
        self.posterior = nn.Sequential(
            nn.Linear(48 * rows * rows + head.colours + width, 192),
            nn.ReLU(inplace=True),
            nn.Linear(192, 2 * latent),
        )
        self.expand = nn.Sequential(
            nn.Linear(width + latent, 256),
            nn.ReLU(inplace=True),
            nn.Linear(256, WIDE * ROWS * ROWS),
            nn.ReLU(inplace=True),
        )
        self.to_colours = nn.Sequential(
            nn.Linear(width + latent, 256), nn.ReLU(inplace=True), nn.Linear(256, head.colours)
        )
        self.to_cells = nn.Conv2d(WIDE, channels, 3, padding=1)
        step = PIXELS // ROWS
        self.to_picture = nn.Sequential(
            nn.Conv2d(WIDE, 3 * step * step, 3, padding=1), nn.PixelShuffle(step)
        )

    def infer(
        self, cells: Tensor, colours: Tensor, picture: Tensor, identity: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The instance latent's mean and log variance, [K, Z] each.

        Args:
            cells: [K, C, k, k].
            colours: [K, D].
            picture: [K, 3, PIXELS, PIXELS] in 0..1.
            identity: [K, E] r of the track.
        """
        small = functional.adaptive_avg_pool2d(picture, cells.shape[-1])
        seen = self.instance(torch.cat([cells, small], 1))
        mean, log_variance = self.posterior(torch.cat([seen, colours, identity], 1)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 4)

    def rebuild(self, identity: Tensor, instance: Tensor) -> Rebuilt:
        """A look from r [K, E] and z [K, Z]."""
        told = torch.cat([identity, instance], 1)
        wide = self.expand(told).unflatten(1, (WIDE, ROWS, ROWS))
        side = self.head.template
        fine = wide if side == ROWS else functional.adaptive_avg_pool2d(wide, side)
        cells = self.to_cells(fine)
        return Rebuilt(unit_length(cells, 1), self.to_colours(told), self.to_picture(wide))

    def explain(
        self, cells: Tensor, colours: Tensor, picture: Tensor, identity: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What it costs to explain looks by their tracks.

        Args:
            cells: [K, C, k, k].
            colours: [K, D].
            picture: [K, 3, PIXELS, PIXELS] in 0..1.
            identity: [K, E] r of the track, without this look.
            noise: [K, Z] standard normal.

        Returns:
            The mean squared error of all that is rebuilt, each about 1 for a guess of the mean,
            and the nats of z.
        """
        mean, log_variance = self.infer(cells, colours, picture, identity)
        made = self.rebuild(identity, mean + noise * (0.5 * log_variance).exp())
        wrong = 10 * (made.picture - picture).square().mean()
        wrong = wrong + (made.cells - unit_length(cells, 1)).square().sum(1).mean()
        wrong = wrong + 2 * (made.colours - colours).square().sum(1).mean()
        nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return wrong, nats


def others_mean(embedded: Tensor) -> Tensor:
    """[P, M, E] -> [P, M, E]: of each look, r of the other looks of its track, of unit length."""
    count = embedded.shape[1]
    return unit_length((embedded.sum(1, keepdim=True) - embedded) / (count - 1), 2)


def nearest_mean(embedded: Tensor, temperature: float) -> Tensor:
    """Cross entropy of finding the own track by the nearest r among the P of a batch (InfoNCE).

    Args:
        embedded: [P, M, E] of unit length.
        temperature: of the softmax over scalar products.

    Source: prototypes, Snell et al. 2017, eq. 2; the look itself takes no part in its own r.
    """
    tracks, looks = embedded.shape[:2]
    means = unit_length(embedded.mean(1), 1)  # [P, E]
    scores = torch.einsum("pme,qe->pmq", embedded, means)
    own = (embedded * others_mean(embedded)).sum(2)  # [P, M]
    at = torch.eye(tracks, dtype=torch.bool, device=embedded.device)[:, None].expand_as(scores)
    scores = torch.where(at, own[..., None], scores) / temperature
    target = torch.arange(tracks, device=embedded.device).repeat_interleave(looks)
    return functional.cross_entropy(scores.flatten(0, 1), target)


def hard_triplets(embedded: Tensor, margin: float) -> Tensor:
    """Triplet loss with the hardest positive and negative of a batch, [P, M, E] -> [].

    Source: Hermans et al. 2017, eq. 5 ("batch hard"), soft margin left out.
    """
    tracks, looks = embedded.shape[:2]
    flat = embedded.flatten(0, 1)
    away = 1 - flat @ flat.T
    track = torch.arange(tracks, device=flat.device).repeat_interleave(looks)
    same = track[:, None] == track[None]
    furthest = torch.where(same, away, -torch.inf).max(1).values
    nearest = torch.where(same, torch.inf, away).min(1).values
    return (furthest - nearest + margin).clamp(min=0).mean()


def start_head(
    head: IdentityHead,
    cells: Tensor,
    colours: Tensor,
    track: NDArray[np.int64],
    *,
    keep: int = 200,
    least: float = 0.1,
) -> None:
    """Put the linear part of f where routing would put it if all were linear and Gaussian.

    A look is then r plus what changes, both normal. The best guess of r from one look is linear:
    directions are weighed by how much of their variance lies between tracks, in units of that
    within tracks (probabilistic linear discriminant analysis).

    Args:
        head: f; changed in place.
        cells: [L, C, k, k] of all looks.
        colours: [L, D].
        track: [L] whose look it is.
        keep: directions of the cells, of most variance, that take part.
        least: share of the mean variance within tracks that every direction has at least.

    Source: Ioffe 2006, "Probabilistic linear discriminant analysis", sec. 3.
    """
    from scipy.linalg import eigh  # takes half a second, only training needs it

    wide, tones = describe_cells(cells).double().numpy(), colours.double().numpy()
    middle = wide.mean(0)
    wide = wide - middle
    count = wide.shape[1]
    _, axes = eigh(wide.T @ wide, subset_by_index=[max(0, count - keep), count - 1])
    looks = np.concatenate([tones, wide @ axes], 1)
    _, number, size = np.unique(track, return_inverse=True, return_counts=True)
    means = np.zeros((len(size), looks.shape[1]))
    np.add.at(means, number, looks)
    means /= size[:, None]
    within = looks - means[number]
    changes = within.T @ within / len(looks)
    changes += least * np.trace(changes) / len(changes) * np.eye(len(changes))
    spread = means - looks.mean(0)
    ratio, directions = eigh(spread.T @ spread / len(size), changes)
    ratio, directions = ratio[::-1][: head.width], directions[:, ::-1][:, : head.width]
    directions = directions * np.sqrt(ratio / (1 + ratio))
    tone, cell = directions[: head.colours], axes @ directions[head.colours :]
    with torch.no_grad():
        head.tone.weight.copy_(torch.from_numpy(tone.T))
        head.cells.weight.copy_(torch.from_numpy(cell.T))
        head.tone.bias.copy_(torch.from_numpy(-(looks.mean(0) @ directions) - middle @ cell))
