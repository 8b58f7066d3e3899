"""Train the alignments alone, on boxes that were moved and grown at random.

Usage: python tools/train_alignment.py CONFIG OUT [--steps N] [--seed S]

CONFIG is that of `mohart train`: its data, and the weights of `train.start_from`. In a roll-out
boxes are nearly where the network sees them, and what is left to correct is mostly noise, so
alignments learn slowly there. Here every object is looked at in a first and in a recent frame, and
a jittered box in a third one is to be brought back; the second alignment goes on from where the
first ended. Nothing else changes. Prints the mean error of shift (x, y) and of log size (width,
height) before, between and after. The result still has to learn to live with its own answers:
`mohart train` from there (docs/experiments/0039-dead-units.md).

Source: jittered boxes for regression, Held et al. 2016 (GOTURN), sec. 3.3.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from mohart.assembly.data import build_sources
from mohart.assembly.model import build_model
from mohart.boxes import cxcywh_to_xyxy, xyxy_to_cxcywh
from mohart.cli.terminal.progress import show_progress
from mohart.config.loader import load_config, to_dict
from mohart.config.schema import Config
from mohart.data.windows import ClipArrays
from mohart.errors import ConfigError, MohartError
from mohart.model.cell import Look, MohartCell
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.nn.align import refresh_looks
from mohart.nn.heads import Place
from mohart.nn.templates import Spot
from mohart.training.checkpoint import begin_from, freeze, load_checkpoint, save_checkpoint
from mohart.weights.names import weights_file

ALIGNMENTS = ("cell.appearance.alignment", "cell.refine")
LENGTH, LOOKS = 10, 3  # frames of a clip, and how many of them are looked at
FIRST, RECENT, WINDOW, BOX = 0.05, 0.1, 0.25, 0.14  # jitter in sizes, largest standard deviations
BATCH = 60  # objects in frames
KEPT = 200  # clips that are used again, with other jitter
CLEAR = 0.5  # visibility from which an object is worth a lesson
BETA = 0.05  # sizes, where the loss turns from squared to absolute
SILENT = 0.05  # weight of the square of the evidence, which is not taught here
RATE, LEAST = 1e-3, 0.03


class Clips(IterableDataset[ClipArrays]):
    """Clips without an end."""

    def __init__(self, config: Config, seed: int) -> None:
        self.config, self.seed = config, seed

    def __iter__(self) -> Iterator[ClipArrays]:
        sources = build_sources(self.config, held_out=False)
        rng = np.random.default_rng([self.seed, 17])
        shares = np.array([share for _, share in sources])
        number = 0
        while True:
            number += 1
            source = sources[int(rng.choice(len(sources), p=shares / shares.sum()))][0]
            yield source.clip(rng, number, LENGTH)


def as_it_is(clip: Any) -> Any:
    """Arrays, not tensors."""
    return clip


@dataclass
class Lesson:
    """What one clip taught.

    Attributes:
        loss: sum over objects and frames.
        count: of those.
        errors: [3, 4] sums of absolute errors before, between and behind the alignments.
    """

    loss: Tensor
    count: int
    errors: Tensor


def jittered(boxes: Tensor, most: float) -> Tensor:
    """Boxes [N, 4] xyxy -> cxcywh, moved and grown, each by a random strength."""
    centred = xyxy_to_cxcywh(boxes)
    noise = most * torch.rand(len(boxes), 1) * torch.randn(len(boxes), 4)
    centre = centred[:, :2] + noise[:, :2] * centred[:, 2:]
    return torch.cat([centre, centred[:, 2:] * noise[:, 2:].exp()], 1)


def residual(boxes: Tensor, truth: Tensor) -> Tensor:
    """[N, 4] cxcywh twice -> shift in sizes and logarithm of the growth that are missing."""
    shift = (truth[:, :2] - boxes[:, :2]) / boxes[:, 2:]
    return torch.cat([shift, (truth[:, 2:] / boxes[:, 2:]).log()], 1)


def look(cell: MohartCell, frame: Tensor, state: TrackState) -> tuple[Look, Place]:
    """One video's windows of `state` in a frame [H, W, 3], and where they are."""
    was = state.flatten()
    seen = cell._look(cell._read(frame[None], state.windows), cell._grid(was.boxes, was.windows))
    return seen, Place(was.boxes.detach(), was.windows, was.velocity, was.frame)


def teach(model: MohartModel, clip: ClipArrays, rng: np.random.Generator) -> Lesson:
    """Alignments of all objects of a clip, in a few of its frames."""
    cell = model.cell
    frames, boxes = torch.from_numpy(clip.frames), torch.from_numpy(clip.boxes)
    good = clip.present.all(0) & (clip.visibility[0] > CLEAR) & (clip.visibility[1] > CLEAR)
    chosen = np.flatnonzero(good)
    nothing = Lesson(torch.zeros(()), 0, torch.zeros(3, 4))
    if not len(chosen):
        return nothing
    boxes, seen = boxes[:, chosen], torch.from_numpy(clip.visibility[:, chosen]) > CLEAR
    alive = torch.ones(1, len(chosen), dtype=torch.bool)
    with torch.no_grad():
        given = cxcywh_to_xyxy(jittered(boxes[0], FIRST))[None]
        state = cell.start(frames[None, 0], given, alive)
        recent = model.aim(cxcywh_to_xyxy(jittered(boxes[1], RECENT))[None])
    before, there = look(cell, frames[1], state._replace(boxes=boxes[None, 1], windows=recent))
    old = Spot(boxes[1], there, cell.heads.first_window, before.grid)
    lesson = nothing
    for t in rng.choice(np.arange(2, LENGTH), LOOKS, replace=False).tolist():
        rows = seen[t]
        if not bool(rows.any()):
            continue
        with torch.no_grad():
            windows = model.aim(cxcywh_to_xyxy(jittered(boxes[t], WINDOW))[None])
        now, here = look(cell, frames[t], state._replace(boxes=boxes[None, t], windows=windows))
        box, truth, loss = jittered(boxes[t], BOX), xyxy_to_cxcywh(boxes[t]), torch.zeros(())
        errors = [residual(box, truth)]
        share = torch.rand(len(chosen))
        for part, view, past, memory in zip(
            cell.templates, now.views, before.views, state.flatten().memories, strict=True
        ):
            if memory.dim() == 5:  # looks
                memory = refresh_looks(past, memory, old.around, share)
            spot = Spot(cxcywh_to_xyxy(box), here, cell.heads.first_window, now.grid)
            said = part.align(view, memory, spot)
            if said is None:  # a filter: it has no opinion of boxes
                continue
            wrong = functional.smooth_l1_loss(said[:, :4], errors[-1], reduction="none", beta=BETA)
            loss = loss + (wrong.sum(1) + SILENT * said[:, 4] ** 2)[rows].sum()
            step = said.detach()
            centre = box[:, :2] + step[:, :2] * box[:, 2:]
            box = torch.cat([centre, box[:, 2:] * step[:, 2:4].clamp(-0.5, 0.5).exp()], 1)
            errors.append(residual(box, truth))
        told = torch.stack([one[rows].abs().sum(0) for one in errors])
        lesson = Lesson(
            lesson.loss + loss, lesson.count + int(rows.sum()), lesson.errors + told.detach()
        )
    return lesson


def train(config: Config, out: Path, steps: int, seed: int) -> None:
    """Train, print errors, and write weights that are averaged over the last steps.

    Raises:
        ConfigError: the model has not both alignments, or there are no weights to start from.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 18])
    model = build_model(config.model).eval()
    if model.cell.refine is None or getattr(model.cell.appearance, "alignment", None) is None:
        raise ConfigError("model: expected `appearance.align` and `refine: align`")
    start = config.train.start_from
    if start is None:
        raise ConfigError("train.start_from: expected a file, `default` or `fast`")
    saved = load_checkpoint(weights_file(start))
    weights = saved.part("weights") or saved.part("average")
    known = [name for name in ALIGNMENTS if any(key.startswith(name) for key in weights)]
    begin_from(model, weights, start, known)
    freeze(model, ALIGNMENTS)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=1e-4)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    clips: Any = iter(
        DataLoader(Clips(config, seed), batch_size=None, num_workers=1, collate_fn=as_it_is)
    )
    pool: list[ClipArrays] = []
    errors, count = torch.zeros(3, 4), 0
    with show_progress("train_alignment", "steps") as progress:
        for step in range(steps):
            fall = 0.5 * (1 + math.cos(math.pi * step / steps))
            for group in optimizer.param_groups:
                rise = min(1.0, (step + 1) / 30)
                group["lr"] = RATE * rise * (LEAST + (1 - LEAST) * fall)
            optimizer.zero_grad()
            done = 0
            while done < BATCH:
                pool = [*pool, next(clips)][-KEPT:]
                again = rng.integers(0, len(pool), 2).tolist()
                for clip in (pool[-1], *(pool[k] for k in again)):
                    lesson = teach(model, clip, rng)
                    if lesson.count:
                        (lesson.loss / BATCH).backward()
                    done, errors = done + lesson.count, errors + lesson.errors
                    count += lesson.count
            torch.nn.utils.clip_grad_norm_(learned, 5.0)
            optimizer.step()
            kept = min(0.99, (step + 2) / (step + 11))
            with torch.no_grad():
                for name, value in model.state_dict().items():
                    average[name].mul_(kept).add_(value, alpha=1 - kept)
            progress(step + 1, steps)
            if (step + 1) % max(1, steps // 10) == 0:
                rows = (errors / max(1, count)).tolist()
                words = ("before", "between", "after")
                said = [
                    f"{w} " + " ".join(f"{x:.4f}" for x in r)
                    for w, r in zip(words, rows, strict=True)
                ]
                print(f"step {step + 1}: {'; '.join(said)}", flush=True)
                errors, count = torch.zeros(3, 4), 0
    about = {k: v for k, v in saved.about.items() if k != "calibration"}
    about |= {"config": to_dict(config), "alignment": {"steps": steps, "seed": seed}}
    save_checkpoint(out, {f"weights.{name}": value for name, value in average.items()}, about)


def main(argv: list[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=760)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", dest="changes")
    args = parser.parse_args(argv)
    try:
        train(load_config(args.config, args.changes), args.out, args.steps, args.seed)
    except MohartError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
