"""Give a model a read-out with a norm, which says what its old one said.

Usage: python tools/graft_readout.py OUT --config CONFIG [--steps N] [--weights FILE]

Without a norm most units of the read-out die in training (docs/experiments/0039-dead-units.md), and
dead ones that are given a new start die again. The weights (default: those that the configuration
starts from, or the shipped ones) are led through the clips of the configuration; a fresh read-out
learns to answer the same maps with the same tokens. All other weights stay as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from graft_encoder import graft
from torch import Tensor

from mohart.assembly.data import build_batches
from mohart.assembly.weights import load_model
from mohart.config.loader import load_config, to_dict
from mohart.config.schema import Config
from mohart.errors import MohartError
from mohart.model.rollout import roll_out
from mohart.model.tracker import MohartModel
from mohart.training.checkpoint import save_checkpoint
from mohart.training.optim import CosineSchedule, make_optimizer

READOUT = "cell.readout."
SAMPLES = 256  # of a step
AGAIN = 6  # steps with what was seen in one batch


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument(
        "--weights", type=Path, help="default: where the configuration starts, or the shipped ones"
    )
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=2.0e-3)
    args = parser.parse_args()
    if not args.out.parent.is_dir():
        parser.error(f"{args.out}: its folder does not exist")
    try:
        config = load_config(args.config, args.set)
        config = replace(config, model=replace(config.model, normed_readout=True))
        start = config.train.start_from
        torch.manual_seed(config.train.seed)
        old = load_model(args.weights or start)
        model = graft(config, old.model, str(old.details["weights"]), READOUT)
    except MohartError as error:
        parser.error(str(error))
    learn(config, model, old.model, args.steps, args.rate)
    tensors = {f"weights.{k}": v for k, v in model.state_dict().items()}
    about = {"config": to_dict(config), "grafted_on": old.details["sha256"], "steps": args.steps}
    save_checkpoint(args.out, tensors, about)
    print(f"wrote {args.out}")


def learn(config: Config, model: MohartModel, old: MohartModel, steps: int, rate: float) -> None:
    """Train the new read-out to answer as the old one."""
    readout = model.cell.readout
    optimizer = make_optimizer(
        "adamw", readout.parameters(), rate=rate, weight_decay=1.0e-4, momentum=0.0
    )
    schedule = CosineSchedule(rate, 20, steps, 0.02)
    errors = seen = 0.0
    step = 0
    for maps, tokens in heard(config, old):
        for _ in range(AGAIN):
            some = torch.randperm(len(maps))[:SAMPLES]
            wanted = tokens[some]
            error = (readout(maps[some]) - wanted).square().mean()
            optimizer.zero_grad()
            error.backward()
            for group in optimizer.param_groups:
                group["lr"] = schedule(step)
            optimizer.step()
            errors, seen = errors + float(error.detach()), seen + float(wanted.var())
            step += 1
            if step % 30 == 0 or step == steps:
                print(f"step {step} of {steps}: {errors / seen:.3f} unexplained", flush=True)
                errors = seen = 0.0
            if step == steps:
                return


def heard(config: Config, old: MohartModel) -> Iterator[tuple[Tensor, Tensor]]:
    """Maps [K, C, R, S] and tokens [K, D] of the old read-out, of one batch of clips at a time.

    The old model is led as in training, where boxes are jittered, so that there is more to see.
    """
    parts: list[tuple[Tensor, Tensor]] = []
    old.cell.readout.register_forward_hook(
        lambda _, given, said: parts.append((given[0].clone(), said.clone()))
    )
    for clip in build_batches(config, 0):
        alive = clip.present[:, 0].flatten()
        with torch.no_grad():
            state = old.start(clip.frames[:, 0], clip.boxes[:, 0], clip.present[:, 0])
            length = clip.frames.shape[1]
            steps = roll_out(old, clip, state, 1, length, shown=lambda _: True, sight="pixels")
            for _ in steps:
                pass
        yield torch.cat([a[alive] for a, _ in parts]), torch.cat([b[alive] for _, b in parts])
        parts.clear()


if __name__ == "__main__":
    main()
