"""Give units of a network that never answer a new start, without changing what it says.

Usage: python tools/revive.py WEIGHTS OUT [--scenes N] [--steady] [--seed S]

A rectified unit that is below zero on every input says nothing and, having no gradient, learns
nothing. Such units are looked for on generated video. Their incoming weights (or those of their
norm) are drawn anew, their outgoing ones set to zero: the network says what it said, and they can
learn again. Prints dead units by layer; those that more than one layer reads are left alone. With
--steady the alignments, where all units are dead, get norms and fresh weights instead.

Source: Sokar et al. 2023 (dormant neurons, ReDo), sec. 4.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import to_dict
from mohart.errors import MohartError
from mohart.model.tracker import MohartModel
from mohart.synth.scenes.generator import Generator
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

WEIGHED = nn.Conv2d | nn.Linear
BLOCK, NONE = ".change.", ("", None)
ALIGNMENTS = ("cell.appearance.alignment", "cell.refine")


def layers(model: nn.Module) -> dict[str, tuple[nn.Module, nn.GroupNorm | None, nn.Module]]:
    """By name of a rectifier: what comes in, its norm, and what goes out."""
    chains: dict[str, list[tuple[str, nn.Module]]] = {}
    leaves = [(n, m) for n, m in model.named_modules() if not list(m.children())]
    for name, leaf in leaves:
        top = name.split(".")
        chains.setdefault(".".join(top[:2] if top[1] == "readout" else top[:3]), []).append(
            (name, leaf)
        )
    found: dict[str, tuple[nn.Module, nn.GroupNorm | None, nn.Module]] = {}
    for chain in chains.values():
        for k, (name, leaf) in enumerate(chain):
            if not isinstance(leaf, nn.ReLU):
                continue
            before = [m for _, m in chain[:k]][::-1]
            norm = before[0] if isinstance(before[0], nn.GroupNorm) else None
            source = before[1 if norm is not None else 0]
            reader, target = next(
                ((n, m) for n, m in chain[k + 1 :] if isinstance(m, WEIGHED)), NONE
            )
            around = BLOCK in reader and BLOCK not in name  # a residual block is passed by, too
            if isinstance(source, WEIGHED) and target is not None and not around:
                found[name] = source, norm, target
    return found


@torch.inference_mode()
def liveliness(model: MohartModel, scenes: int) -> dict[str, Tensor]:
    """By name of a rectifier: [units] largest share of places and objects where it answers."""
    seen: dict[str, Tensor] = {}

    def note(name: str, out: Tensor) -> None:
        units = out.transpose(0, 1).flatten(1) if out.dim() > 2 else out.T
        share = (units > 0).float().mean(1)
        seen[name] = torch.maximum(seen.get(name, torch.zeros_like(share)), share)

    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: note(name, out))
        for name, module in model.named_modules()
        if isinstance(module, nn.ReLU)
    ]
    generator = Generator(seed=77)
    for number in range(scenes):
        labelled = list(generator.scene(number, 12).frames())
        frames = torch.from_numpy(np.stack([one.frame for one in labelled]))[None]
        boxes = torch.from_numpy(labelled[0].boxes.astype(np.float32))[None]
        alive = torch.ones(boxes.shape[:2], dtype=torch.bool)
        state = model.cell.start(frames[:, 0], boxes, alive)
        model(frames[:, 1:], state)
    for hook in hooks:
        hook.remove()
    return seen


@torch.no_grad()
def revive(model: MohartModel, scenes: int) -> dict[str, tuple[int, int]]:
    """Give dead units a new start; by rectifier, how many were dead, of how many."""
    known, told = layers(model), {}
    for name, shares in liveliness(model, scenes).items():
        dead = torch.nonzero(shares == 0).flatten()
        told[name] = len(dead), len(shares)
        if not len(dead) or name not in known:
            continue
        source, norm, target = known[name]
        if norm is not None:  # what comes in has a part in the norm of others, so it stays
            norm.weight[dead], norm.bias[dead] = 1.0, 0.0
        else:
            kept = {key: value.clone() for key, value in source.named_parameters()}
            source.reset_parameters()  # type: ignore[operator]
            for key, value in source.named_parameters():
                kept[key][dead] = value[dead]
                value.copy_(kept[key])
        outgoing: Tensor = target.weight  # type: ignore[assignment]
        per_unit = outgoing.shape[1] // len(shares)  # behind a flattened map: all its cells
        outgoing.view(outgoing.shape[0], len(shares), per_unit, -1)[:, dead] = 0.0
    return told


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--steady", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    try:
        loaded, about = load_model(args.weights), load_checkpoint(args.weights).about
        model, config = loaded.model.eval(), loaded.config
        for name, (dead, units) in revive(model, args.scenes).items():
            print(f"{dead:4} of {units:4} dead  {name}")
        weights = model.state_dict()
        if args.steady:
            config = replace(config, model=replace(config.model, steady=True))
            fresh = build_model(config.model).state_dict()
            weights |= {n: w for n, w in fresh.items() if n.startswith(ALIGNMENTS)}
        about = {**about, "config": to_dict(config)}
        save_checkpoint(args.out, {f"weights.{n}": w for n, w in weights.items()}, about)
    except MohartError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
