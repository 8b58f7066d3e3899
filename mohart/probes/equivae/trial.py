"""One training of EquiVAE, or of the network it is compared with, and its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.ablation.statistics import t_quantile
from mohart.errors import ConfigError
from mohart.metrics.text_table import format_columns
from mohart.probes.equivae.digits import CLASSES, Digits, label_some
from mohart.probes.equivae.network import PIXELS, EquiVae, class_means, layers, routed
from mohart.probes.trials import trials_from_csv, trials_to_csv

Method = Literal["equivae", "benchmark"]
METHODS: tuple[Method, ...] = get_args(Method)
BATCH, RATE = 100, 2e-3
ROUTED = 1  # m: so what one digit is mapped to is an r by itself, as the nearest r asks
ALL = 0  # labels: every digit has one


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        method: `equivae`: nearest r; `benchmark`: a classifier as large as f, labels alone.
        labels: labelled digits; 0: all.
        seed: of weights, labels and batches.
        steps: of the training.
        error: share of wrong test digits, in percent.
    """

    method: str
    labels: int
    seed: int
    steps: int
    error: float


def train_equivae(training: Digits, *, labels: int, seed: int, steps: int) -> EquiVae:
    """Train on labelled digits, and on the others without their labels.

    Args:
        training: all digits.
        labels: how many labels are told; 0: all.
        seed: of everything.
        steps: batches.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = EquiVae()
    told, others = label_some(training, labels or None, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        loss = _labelled(network, told, generator)
        if len(others.classes):
            loss = loss + _unlabelled(network, told, others, generator)
        _step(optimizer, schedule, loss)
    return network.requires_grad_(False)


def run_trial(
    training: Digits, test: Digits, method: Method, *, labels: int, seed: int, steps: int
) -> Trial:
    """Train and test; depends on the arguments alone.

    Args:
        training: to learn from.
        test: to be told apart.
        method: one of `METHODS`.
        labels: how many are told; 0: all.
        seed: of everything.
        steps: batches.

    Raises:
        ConfigError: an argument is out of range.
    """
    if method not in METHODS or steps < 1 or labels < 0 or seed < 0:
        raise ConfigError(
            f"equivae: expected one of {', '.join(METHODS)} and numbers of at least 0, got "
            f"{method}, {labels} labels, seed {seed}, {steps} steps"
        )
    if method == "equivae":
        network = train_equivae(training, labels=labels, seed=seed, steps=steps)
        told, _ = label_some(training, labels or None, seed)
        r = class_means(network.embed(told.pixels), told.classes, CLASSES)
        said = network.log_classes(test.pixels, r)
    else:
        said = _benchmark(training, labels=labels, seed=seed, steps=steps)(test.pixels)
    wrong = (said.argmax(-1) != test.classes).float().mean()
    return Trial(method, labels, seed, steps, round(100 * float(wrong), 3))


def _labelled(network: EquiVae, told: Digits, generator: torch.Generator) -> Tensor:
    """Minus the bound where the class is known; r from others of the class."""
    rows = torch.randint(len(told.classes), (BATCH,), generator=generator)
    x, y = told.pixels[rows], told.classes[rows]
    chosen = torch.rand(BATCH, BATCH, generator=generator)
    # the same digit may be drawn twice: it must not reach its own r
    chosen = torch.where(rows[:, None] == rows[None, :], -0.5, chosen)
    r = routed(network.embed(x), y, chosen, ROUTED)
    noise = torch.randn(BATCH, network.equivariant, generator=generator)
    return -network.bound(x, r, noise).mean()


def _unlabelled(
    network: EquiVae, told: Digits, others: Digits, generator: torch.Generator
) -> Tensor:
    """Minus the bound where the class is not known: its mean over q(y | x), and KL to p(y)."""
    rows = torch.randint(len(others.classes), (BATCH // 2,), generator=generator)
    x = others.pixels[rows]
    r = class_means(network.embed(told.pixels), told.classes, CLASSES)
    log_q = network.log_classes(x, r)
    each = x.repeat_interleave(CLASSES, 0)
    noise = torch.randn(len(each), network.equivariant, generator=generator)
    likely = network.bound(each, r.repeat(len(x), 1), noise).reshape(len(x), CLASSES)
    divergence = log_q + float(np.log(CLASSES))
    return -(log_q.exp() * (likely - divergence)).sum(-1).mean()


def _benchmark(training: Digits, *, labels: int, seed: int, steps: int) -> nn.Module:
    """The network f with a class in the place of every number of r, trained on labels alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = layers(PIXELS, 128, CLASSES)
    told, _ = label_some(training, labels or None, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.randint(len(told.classes), (BATCH,), generator=generator)
        loss = functional.cross_entropy(network(told.pixels[rows]), told.classes[rows])
        _step(optimizer, schedule, loss)
    return network.requires_grad_(False)


def _step(
    optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler, loss: Tensor
) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    schedule.step()


def to_table(trials: Sequence[Trial]) -> str:
    """Text: error in percent by method and number of labels, with 95 % intervals over seeds.

    A last line has EquiVAE minus benchmark, paired by seed, where both were trained.
    """
    labels = sorted({t.labels for t in trials}, key=lambda n: n or 1 << 30)
    rows = [["method", *(f"{n} labels" if n else "all labels" for n in labels)]]
    for method in (name for name in METHODS if any(t.method == name for t in trials)):
        cells = []
        for n in labels:
            errors = [t.error for t in trials if (t.method, t.labels) == (method, n)]
            cells.append(_cell(errors))
        rows.append([method, *cells])
    apart = [_differences(trials, n) for n in labels]
    if any(apart):
        rows.append(["equivae - benchmark", *(_cell(found, "+") for found in apart)])
    return format_columns(rows)


def _differences(trials: Sequence[Trial], labels: int) -> list[float]:
    """EquiVAE minus benchmark for every seed that both have."""
    one, other = (
        {t.seed: t.error for t in trials if (t.method, t.labels) == (method, labels)}
        for method in METHODS
    )
    return [one[seed] - other[seed] for seed in sorted(one.keys() & other.keys())]


def _cell(errors: Sequence[float], sign: str = "") -> str:
    if not errors:
        return "-"
    mean = float(np.mean(errors))
    if len(errors) < 2:
        return f"{mean:{sign}.2f}"
    reach = t_quantile(len(errors) - 1) * float(np.std(errors, ddof=1)) / len(errors) ** 0.5
    return f"{mean:{sign}.2f} ± {reach:.2f}"


def to_csv(trials: Sequence[Trial]) -> str:
    """See `mohart.probes.trials.trials_to_csv`."""
    return trials_to_csv(Trial, trials)


def from_csv(path: Path) -> list[Trial]:
    """See `mohart.probes.trials.trials_from_csv`."""
    return trials_from_csv(Trial, path, table="equivae")
