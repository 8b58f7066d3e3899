"""Heads that are trained on looks, in several ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from identities.looks import Looks
from mohart.model.routing import Routing, hard_triplets, nearest_mean, others_mean, start_head
from mohart.nn.identity import IdentityHead

Way = Literal["linear", "routing", "infonce", "triplet", "both"]
WAYS: tuple[Way, ...] = ("linear", "routing", "infonce", "triplet", "both")
SCENES, TRACKS, LOOKS = 8, 4, 4  # of a batch: scenes, tracks of each, looks of each
TEMPERATURE, MARGIN = 0.1, 0.2
RATE, HEAD_RATE = 2e-3, 1e-4  # the head has a good start, the rest has none
Progress = Callable[[int, float], None]


class Batches:
    """Draws batches of looks: few scenes, so that others of the same place are told apart, too.

    Args:
        looks: of training.
        seed: of the draws.
    """

    def __init__(self, looks: Looks, seed: int) -> None:
        self._looks, self._rng = looks, np.random.default_rng(seed)
        self._tracks: dict[int, list[NDArray[np.int64]]] = {}
        key = looks.scene.astype(np.int64) * 1000 + looks.track
        order = np.argsort(key, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
            if len(rows) >= LOOKS:
                self._tracks.setdefault(int(looks.scene[rows[0]]), []).append(rows)
        self._scenes = [scene for scene, tracks in self._tracks.items() if len(tracks) >= TRACKS]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Cells, colours and pictures of [P * M] looks, for ever."""
        while True:
            rows = []
            for scene in self._rng.choice(self._scenes, SCENES, replace=False):
                tracks = self._tracks[int(scene)]
                for n in self._rng.choice(len(tracks), TRACKS, replace=False):
                    rows.append(self._rng.choice(tracks[n], LOOKS, replace=False))
            yield tensors(self._looks, np.concatenate(rows))


def tensors(looks: Looks, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Cells [K, C, k, k], colours [K, D] and pictures [K, 3, S, S] in 0..1."""
    pictures = torch.from_numpy(looks.pictures[rows]).permute(0, 3, 1, 2).float() / 255
    cells, colours = (torch.from_numpy(x[rows]).float() for x in (looks.cells, looks.colours))
    return cells, colours, pictures


def fit(
    looks: Looks,
    way: Way,
    *,
    steps: int,
    seed: int,
    width: int = 64,
    progress: Progress,
    start: IdentityHead | None = None,
) -> Routing:
    """A trained module, with its head f as `head`.

    Args:
        looks: of training.
        way: what is minimised: nothing (`linear`: the start in closed form), `routing` (no
            negatives), `infonce` (nearest mean), `triplet`, or `both` (routing, and the nearest
            mean).
        steps: of the optimiser.
        seed: of weights and batches.
        width: of the embedding.
        progress: told step and loss.
        start: the head of `linear`, where it is known already.
    """
    torch.manual_seed(seed)
    channels, template = looks.cells.shape[1:3]
    module = Routing(IdentityHead(channels, template, looks.colours.shape[1], width))
    if start is None:
        track = looks.scene.astype(np.int64) * 1000 + looks.track
        start_head(module.head, *tensors(looks, np.arange(len(looks)))[:2], track)
    else:
        module.head.load_state_dict(start.state_dict())
    if way == "linear":
        return module.eval()
    rest = [p for name, p in module.named_parameters() if not name.startswith("head.")]
    groups = [{"params": list(module.head.parameters())}, {"params": rest}]
    optimiser = torch.optim.AdamW(groups, RATE, weight_decay=1e-2)
    peaks = [HEAD_RATE, RATE]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peaks, total_steps=steps)
    shape, average = (SCENES * TRACKS, LOOKS), [p.detach().clone() for p in module.parameters()]
    for step, batch in zip(range(1, steps + 1), Batches(looks, seed), strict=False):
        loss = _loss(module, way, batch, shape)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        keep = min(0.99, step / (step + 10))
        with torch.no_grad():
            for mean, now in zip(average, module.parameters(), strict=True):
                mean.lerp_(now, 1 - keep)
        progress(step, loss.item())
    with torch.no_grad():
        for mean, now in zip(average, module.parameters(), strict=True):
            now.copy_(mean)
    return module.eval()


def _loss(
    module: Routing, way: Way, batch: tuple[Tensor, Tensor, Tensor], shape: tuple[int, int]
) -> Tensor:
    cells, colours, pictures = batch
    embedded = module.head(cells, colours).unflatten(0, shape)
    if way == "infonce":
        return nearest_mean(embedded, TEMPERATURE)
    if way == "triplet":
        return hard_triplets(embedded, MARGIN)
    identity = others_mean(embedded).flatten(0, 1)
    noise = torch.randn(len(cells), module.latent)
    wrong, nats = module.explain(cells, colours, pictures, identity, noise)
    loss = wrong + module.price * nats
    return loss + nearest_mean(embedded, TEMPERATURE) if way == "both" else loss


def embed(head: IdentityHead, looks: Looks) -> NDArray[np.float32]:
    """[L, E]."""
    with torch.inference_mode():
        parts = [
            head(*tensors(looks, rows)[:2]).numpy()
            for rows in np.array_split(np.arange(len(looks)), max(1, len(looks) // 512))
        ]
    return np.concatenate(parts)
