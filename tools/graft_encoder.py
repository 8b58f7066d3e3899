"""Give trained weights another encoder, so that training can go on with it.

All other parts keep their weights. The new encoder learns to give them the features that the old
one gave, on glimpses of generated video; a stem with ImageNet weights stays as it is meanwhile.

Usage: python tools/graft_encoder.py OUT.safetensors --config FILE [--weights FILE] [--steps N]

The configuration has the new encoder and otherwise the model of the weights (the shipped ones where
none are given). Then train with `train.start_from: OUT.safetensors`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from mohart.assembly.data import build_batches
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model, load_pretrained
from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.config.loader import load_config, to_dict
from mohart.config.schema import Config
from mohart.model.cell import MohartCell
from mohart.model.tracker import MohartModel
from mohart.training.checkpoint import load_weights, save_checkpoint
from mohart.training.optim import CosineSchedule, make_optimizer

ENCODER = "cell.encoder."
STEM = ENCODER + "stem."
FRAMES = 4  # of a clip: the encoder sees every frame for itself
SPREAD = 0.3  # of windows about the objects: in object sizes, and of the logarithm of the size


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the weights to start from."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="default: the shipped ones")
    parser.add_argument("--steps", type=int, default=700, help="batches (default 700)")
    parser.add_argument("--rate", type=float, default=5.0e-3)
    args = parser.parse_args(arguments)
    if not args.out.parent.is_dir():
        parser.error(f"{args.out}: its folder does not exist")
    config = load_config(args.config, [])
    torch.set_num_threads(config.train.threads or 1)
    torch.manual_seed(config.train.seed)
    old = load_model(args.weights)
    model = graft(config, old.model, str(old.details["weights"]))
    learn(config, model, old.model, args.steps, args.rate)
    tensors = {f"weights.{name}": value for name, value in model.state_dict().items()}
    about = {"config": to_dict(config), "grafted_on": old.details["sha256"], "steps": args.steps}
    save_checkpoint(args.out, tensors, about)


def graft(config: Config, old: MohartModel, where: str, part: str = ENCODER) -> MohartModel:
    """A model of the configuration: a part of it fresh or with ImageNet weights, the rest old.

    Raises:
        CheckpointError: another part of the model differs, too.
    """
    model = build_model(config.model)
    load_pretrained(model, config.model)
    fresh = {k: v for k, v in model.state_dict().items() if k.startswith(part)}
    kept = {k: v for k, v in old.state_dict().items() if not k.startswith(part)}
    load_weights(model, {**kept, **fresh}, where)
    return model


def learn(config: Config, model: MohartModel, old: MohartModel, steps: int, rate: float) -> None:
    """Train what follows the stem of the new encoder to agree with the old one."""
    teacher = old.cell.eval()
    trained = []
    for name, parameter in model.named_parameters():
        new = name.startswith(ENCODER) and not name.startswith(STEM)
        parameter.requires_grad_(new)
        if new:
            trained.append(parameter)
    optimizer = make_optimizer("adamw", trained, rate=rate, weight_decay=1.0e-4, momentum=0.0)
    schedule = CosineSchedule(rate, 30, steps, 0.02)
    seen = errors = 0.0
    for step, looked in zip(range(steps), glimpses(config, old), strict=False):
        with torch.no_grad():
            wanted = features(teacher, looked)
        error = (features(model.cell, looked) - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        optimizer.step()
        errors, seen = errors + float(error.detach()), seen + float(wanted.var())
        if (step + 1) % 25 == 0:
            print(f"step {step + 1} of {steps}: {errors / seen:.3f} unexplained", flush=True)
            seen = errors = 0.0


def features(cell: MohartCell, looked: Tensor) -> Tensor:
    """[K, 3, R, S] -> [K, C, R', S'], what appearance gets."""
    return cell.appearance.prepare(cell.encoder(looked))


def glimpses(config: Config, model: MohartModel) -> Iterator[Tensor]:
    """Glimpses [K, 3, R, S] of one frame of a batch at a time, about where objects are."""
    short = replace(config.train, lengths=((0.0, FRAMES),))
    for clip in build_batches(replace(config, train=short), 0):
        for t in range(FRAMES):
            box = xyxy_to_cxcywh(clip.boxes[:, t])
            place = box[..., :2] + SPREAD * torch.randn_like(box[..., :2]) * box[..., 2:]
            size = box[..., 2:] * torch.exp(SPREAD * torch.randn_like(box[..., :1]))
            boxes = cxcywh_to_xyxy(torch.cat([place, size], -1))
            with torch.no_grad():
                looked = model.cell.glimpse(clip.frames[:, t], model.aim(boxes))
            yield looked[clip.present[:, t]]


if __name__ == "__main__":
    main()
