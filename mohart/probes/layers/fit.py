"""How much a layer tells about a label: stethoscopes fitted to kept activations.

Each is scored on other clips, together with a control task: the same network, trained in the same
way on labels that were shuffled between objects. What it scores above that is its selectivity, the
part that lies in the layer and not in the network that reads it.

Source of control tasks: Hewitt and Liang 2019; theirs give a random label per kind of input, ours
per object, since a track is what repeats here.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.facts import Fact, find_fact
from mohart.model.layers import Layer
from mohart.nn.stethoscope import Stethoscope
from mohart.probes.layers.collect import Heard

STEPS, BATCH, RATE, DECAY = 250, 256, 4e-3, 1e-2
CHECK, PATIENCE = 25, 3  # steps between two looks at the clips left out, looks without a gain
RIDGES = (0.03, 0.3, 3.0, 30.0)  # of the linear reader, relative to the number of rows
Reader = Literal["mlp", "linear"]
READERS: tuple[Reader, ...] = get_args(Reader)
FEWEST = 20  # tracks with a known label, in the training and in the test


@dataclass(frozen=True)
class Reading:
    """What stethoscopes with several seeds scored, one value per seed and track of the test.

    Attributes:
        layer: that was read.
        label: that was learned.
        scores: [S][K] share of correct frames for classes, for numbers 1 - squared error over the
            variance: its mean is R2.
        control: [S][K] of the control task.
        track: [K] number of every track, ascending.
        clip: [K] number of the clip that a track is in.
    """

    layer: str
    label: str
    scores: list[list[float]]
    control: list[list[float]]
    track: list[int]
    clip: list[int]


def read_layer(
    training: Heard,
    test: Heard,
    layer: Layer,
    label: str,
    *,
    seeds: int,
    reader: Reader = "mlp",
    hidden: int = 32,
) -> Reading | None:
    """Fit and score stethoscopes on one layer and one label.

    A seed decides the first weights, the training clips (drawn with replacement) and the control
    task. What is fitted begins at the mean (numbers) or at equal chances (classes) and is kept as
    it was best on the clips that were not drawn: a layer with hundreds of features is soon learned
    by heart.

    Args:
        training: to fit to.
        test: to score on, of other clips.
        layer: that is read.
        label: name of a fact.
        seeds: how many stethoscopes.
        reader: `mlp`, the seed's small network; `linear`: ridge regression, in milliseconds, which
            finds what a layer holds ready for use.
        hidden: units of the small network.

    Returns:
        The scores; None where the label is known of too few objects, or is the same for all.
    """
    fact, columns = find_fact(label)
    train_rows, test_rows = (_known(heard, columns) for heard in (training, test))
    if min(len(training.track[train_rows].unique()), len(test.track[test_rows].unique())) < FEWEST:
        return None
    inputs, truth = training.layers[layer][train_rows], training.facts[train_rows][:, columns]
    asked, answer = test.layers[layer][test_rows], test.facts[test_rows][:, columns]
    if bool((truth == truth[0]).all()) or bool((answer == answer[0]).all()):
        return None
    middle, spread = inputs.mean(0), inputs.std(0).clamp(min=1e-4)
    inputs, asked = ((x - middle) / spread for x in (inputs, asked))
    track, clip = training.track[train_rows], training.clip[train_rows]
    scores, control = [], []
    names, place = test.track[test_rows].unique(return_inverse=True)
    for seed in range(seeds):
        generator = torch.Generator().manual_seed(seed)
        drawn = _draw_clips(clip, generator)
        left = _left(len(inputs), drawn)
        fit = _fit if reader == "mlp" else _fit_linear
        ordinary = fit(inputs, truth, drawn, left, fact, hidden, seed)
        scores.append(_by_track(_score(ordinary, asked, answer, fact, place), place))
        mixed = _shuffled(truth, track, generator)
        odd = fit(inputs, mixed, drawn, left, fact, hidden, seed)
        random = _shuffled(answer, test.track[test_rows], generator)
        control.append(_by_track(_score(odd, asked, random, fact, place), place))
    of_track = torch.zeros(len(names), dtype=torch.long)
    of_track[place] = test.clip[test_rows]
    return Reading(layer, label, scores, control, names.tolist(), of_track.tolist())


def _known(heard: Heard, columns: slice) -> Tensor:
    """Rows whose label is known."""
    return torch.isfinite(heard.facts[:, columns]).all(-1).nonzero()[:, 0]


def _draw_clips(clip: Tensor, generator: torch.Generator) -> Tensor:
    """Rows of clips that are drawn with replacement."""
    names, place = clip.unique(return_inverse=True)
    chosen = torch.randint(len(names), (len(names),), generator=generator)
    times = torch.bincount(chosen, minlength=len(names))
    return torch.arange(len(clip)).repeat_interleave(times[place])


def _left(count: int, drawn: Tensor) -> Tensor:
    """Rows that were not drawn; all where none is left."""
    free = torch.ones(count, dtype=torch.bool)
    free[drawn] = False
    left = free.nonzero()[:, 0]
    return left if len(left) else drawn


def _shuffled(labels: Tensor, track: Tensor, generator: torch.Generator) -> Tensor:
    """Every track gets the label of a random row of a random other track, in all its frames."""
    names, place = track.unique(return_inverse=True)
    first = torch.zeros(len(names), dtype=torch.long)
    order = torch.randperm(len(track), generator=generator)
    first[place[order]] = order  # a random row of each track
    return labels[first[torch.randperm(len(names), generator=generator)]][place]


def _fit(
    inputs: Tensor, truth: Tensor, drawn: Tensor, left: Tensor, fact: Fact, hidden: int, seed: int
) -> Stethoscope:
    """A stethoscope that has minimised its loss on the rows drawn, as it was best on those left."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        scope = Stethoscope(inputs.shape[1], fact.classes or fact.width, hidden)
    last = scope.read[2]
    nn.init.zeros_(last.weight)  # type: ignore[arg-type]
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(scope.parameters(), RATE, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    known = truth[drawn]
    wanted = truth[:, 0].long() if fact.classes else _normal(truth, known)
    judge = functional.cross_entropy if fact.classes else functional.mse_loss
    best, kept, worse = float("inf"), copy.deepcopy(scope.state_dict()), 0
    for step in range(STEPS + 1):
        if step % CHECK == 0 or step == STEPS:
            with torch.no_grad():
                loss = float(judge(scope(inputs[left]), wanted[left]))
            if loss < best:
                best, kept, worse = loss, copy.deepcopy(scope.state_dict()), 0
            else:
                worse += 1
            if worse == PATIENCE or step == STEPS:
                break
        rows = drawn[torch.randint(len(drawn), (BATCH,), generator=generator)]
        optimizer.zero_grad(set_to_none=True)
        judge(scope(inputs[rows]), wanted[rows]).backward()
        optimizer.step()
        schedule.step()
    scope.load_state_dict(kept)
    if not fact.classes:  # back to the label's own numbers
        middle, spread = known.mean(0), known.std(0).clamp(min=1e-6)
        with torch.no_grad():
            last.weight.mul_(spread[:, None])  # type: ignore[operator]
            last.bias.mul_(spread).add_(middle)  # type: ignore[operator]
    return scope.requires_grad_(False)


def _fit_linear(
    inputs: Tensor, truth: Tensor, drawn: Tensor, left: Tensor, fact: Fact, _: int, __: int
) -> nn.Linear:
    """Ridge regression to numbers, or to one column per class, as strong as the rows left ask."""
    wanted = (
        functional.one_hot(truth[:, 0].long(), fact.classes) if fact.classes else truth
    ).double()
    middle, centre = wanted[drawn].mean(0), inputs[drawn].double().mean(0)
    rows, outputs = inputs[drawn].double() - centre, wanted[drawn] - middle
    square, both = rows.T @ rows, rows.T @ outputs
    asked, answer = inputs[left].double() - centre, wanted[left] - middle
    ridge = torch.eye(len(square), dtype=torch.float64) * len(rows)
    tries = [torch.linalg.solve(square + share * ridge, both) for share in RIDGES]
    tries.append(torch.zeros_like(both))
    weight = min(tries, key=lambda w: float(((asked @ w - answer) ** 2).mean()))
    reader: nn.Linear = nn.utils.skip_init(nn.Linear, inputs.shape[1], outputs.shape[1])
    with torch.no_grad():
        reader.weight.copy_(weight.T)
        reader.bias.copy_(middle - centre @ weight)
    return reader.requires_grad_(False)


def _normal(values: Tensor, of: Tensor) -> Tensor:
    normal: Tensor = (values - of.mean(0)) / of.std(0).clamp(min=1e-6)
    return normal


def _score(scope: nn.Module, asked: Tensor, truth: Tensor, fact: Fact, place: Tensor) -> Tensor:
    """[K] per row; every track weighs the same in the variance, as it will in the mean."""
    said: Tensor = scope(asked)
    if fact.classes:
        return (said.argmax(-1) == truth[:, 0].long()).float()
    weight = 1 / torch.bincount(place).float()[place]
    weight = weight / weight.sum()
    middle = (weight[:, None] * truth).sum(0)
    variance = (weight[:, None] * (truth - middle) ** 2).sum(0).clamp(min=1e-9)
    return 1 - ((said - truth) ** 2 / variance).mean(-1)


def _by_track(values: Tensor, place: Tensor) -> list[float]:
    """Mean of [K] values per track."""
    sums = torch.bincount(place, values.double())
    return [round(float(x), 6) for x in sums / torch.bincount(place)]
