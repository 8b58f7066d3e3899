"""Activations of a model's layers while it follows objects, with what is true about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mohart.errors import ConfigError
from mohart.model.layers import LAYERS, Layer, Listener
from mohart.model.rollout import Sight, roll_out, until
from mohart.model.stethoscopes import looked_at
from mohart.model.tracker import MohartModel
from mohart.structures import Clip


@dataclass(frozen=True)
class Heard:
    """One row per object and frame in which it was looked at.

    Attributes:
        layers: layer -> [K, features] float32.
        facts: [K, `mohart.facts.WIDTH`], NaN where unknown.
        track: [K] int64, one number per object of a clip.
        clip: [K] int64.
    """

    layers: dict[Layer, Tensor]
    facts: Tensor
    track: Tensor
    clip: Tensor


@torch.no_grad()
def listen(
    model: MohartModel,
    clips: Iterable[Clip],
    *,
    layers: Sequence[Layer] = LAYERS,
    sight: Sight = "pixels",
    every: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Heard:
    """Roll out freely from the boxes of frame 0, all frames shown, and keep what layers hold.

    Rows are kept of every `every`-th frame and of objects whose middle the window shows: about
    others the network cannot know.

    Args:
        model: its mode is restored afterwards.
        clips: batches with facts.
        layers: that are read.
        sight: what the model is shown.
        every: frames from one that is kept to the next; neighbouring ones are much alike.
        progress: is told how many batches are done.

    Raises:
        ConfigError: the clips have no facts, or no object was looked at.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    rows: dict[Layer, list[Tensor]] = {layer: [] for layer in layers}
    facts, tracks, numbers = [], [], []
    first = 0
    try:
        for done, clip in enumerate(clips):
            if clip.facts is None:
                raise ConfigError("probe: these clips tell no facts; make them with facts=True")
            moved = clip.to(device)
            batch, length, objects = clip.present.shape
            track = first * objects + torch.arange(batch * objects).reshape(batch, objects)
            state = model.start(moved.frames[:, 0], moved.boxes[:, 0], moved.present[:, 0])
            with Listener(model, layers) as listener:
                for step in roll_out(
                    model, moved, state, 1, length, shown=until(length), sight=sight
                ):
                    heard = listener.take(batch, objects)
                    if step.t % every:
                        continue
                    seen = looked_at(step.before.windows, moved.boxes[:, step.t])
                    kept = seen & moved.present[:, step.t] & step.before.alive
                    for layer, values in heard.items():
                        rows[layer].append(values[kept].cpu())
                    kept = kept.cpu()
                    facts.append(clip.facts[:, step.t][kept])
                    tracks.append(track[kept])
                    numbers.append((track // objects)[kept])
            first += batch
            if progress is not None:
                progress(done + 1)
    finally:
        model.train(training)
    found = {layer: torch.cat(parts) for layer, parts in rows.items() if parts}
    if not found or not sum(map(len, facts)):
        raise ConfigError("probe: no object was looked at in any of the clips; take more of them")
    return Heard(found, torch.cat(facts), torch.cat(tracks), torch.cat(numbers))
