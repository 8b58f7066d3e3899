"""How wide the latent of a set function must be: sum, mean and max pooling on the median.

A network rho(pool(phi(x))) with phi: R -> R^width learns the median of sets of M numbers in [0, 1].
With continuous phi and rho, a sum can represent every function of sets of M numbers only where the
width is at least M. In practice the error falls with the width and stops falling somewhere; where,
is told by a rule that does not know M, see `turning_width`. A short training hides it: with 2,500
steps its own error is so large that every M seems to need three numbers; with 10,000 the width
grows with M.

The numbers of a set are u^k, u uniform and k log-normal, another k for every set: so sets have
different shapes, and neither mean nor range gives the median away.

Source: Wagstaff, Fuchs, Engelcke, Posner, Osborne 2019, "On the Limitations of Representing
Functions on Sets": theorem, task and the idea of the rule; data, sizes and schedule are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from mohart.errors import ConfigError
from mohart.metrics.text_table import format_columns
from mohart.plots import check_plot, save_figure
from mohart.probes.trials import trials_from_csv, trials_to_csv

Pool = Literal["sum", "mean", "max"]
POOLS: tuple[Pool, ...] = get_args(Pool)
TEST_SETS = 4096
TEST_SEED = 1_000_003  # far from every training seed
STILL_FALLING = 0.15  # a wider latent must lower the error by this share to count


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes:
        pool: over the set.
        size: M, numbers in a set.
        width: of the latent.
        seed: of weights and training sets.
        steps: of the training; each takes `batch` new sets.
        rmse: root mean square error on the test sets, in [0, 1]; the numbers are, too.
    """

    pool: str
    size: int
    width: int
    seed: int
    steps: int
    rmse: float


class SetNetwork(nn.Module):
    """rho(pool(phi(x))).

    Args:
        width: of the latent.
        pool: `sum`, `mean` or `max` over the set.
        hidden: of the two hidden layers in phi and in rho.
    """

    def __init__(self, width: int, pool: Pool, hidden: int = 64) -> None:
        super().__init__()
        self.pool = pool
        self.phi = _layers(1, hidden, width)
        self.rho = _layers(width, hidden, 1)

    def forward(self, sets: Tensor) -> Tensor:
        """[B, M] -> [B]."""
        latent = self.phi(sets[..., None])  # [B, M, width]
        match self.pool:
            case "sum":
                pooled = latent.sum(1)
            case "mean":
                pooled = latent.mean(1)
            case "max":
                pooled = latent.amax(1)
        value: Tensor = self.rho(pooled)[:, 0]
        return value


def run_trial(
    pool: Pool,
    size: int,
    width: int,
    *,
    seed: int = 0,
    steps: int = 10_000,
    batch: int = 128,
    rate: float = 8e-3,
) -> Trial:
    """Train and test one network; depends on the arguments alone.

    Args:
        pool: one of `POOLS`.
        size: M, at least 1.
        width: of the latent, at least 1.
        seed: of weights and training sets.
        steps: Adam steps with a learning rate that falls to 0 along a cosine.
        batch: sets per step, all of them new.
        rate: the first learning rate.

    Raises:
        ConfigError: an argument is out of range.
    """
    if pool not in POOLS or min(size, width, steps, batch) < 1:
        raise ConfigError(
            f"set limits: expected one of {', '.join(POOLS)} and numbers of at least 1, got "
            f"{pool}, size {size}, width {width}, {steps} steps of {batch}"
        )
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SetNetwork(width, pool)
    optimizer = torch.optim.Adam(network.parameters(), rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        sets = draw_sets(batch, size, generator)
        loss = (network(sets) - median(sets)).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    test = draw_sets(TEST_SETS, size, torch.Generator().manual_seed(TEST_SEED))
    with torch.no_grad():
        error = (network(test) - median(test)).square().mean().sqrt()
    return Trial(pool, size, width, seed, steps, round(float(error), 6))


def draw_sets(count: int, size: int, generator: torch.Generator) -> Tensor:
    """[count, size] in [0, 1], see the top of this file."""
    power = torch.randn(count, 1, generator=generator).exp()
    return torch.rand(count, size, generator=generator) ** power


def median(sets: Tensor) -> Tensor:
    """[B, M] -> [B]; the mean of the middle two where M is even."""
    ordered, size = sets.sort(-1).values, sets.shape[-1]
    return (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2


def mean_error(trials: Sequence[Trial], pool: str, size: int) -> dict[int, float]:
    """Width -> mean error over seeds, by rising width."""
    found: dict[int, list[float]] = {}
    for trial in trials:
        if (trial.pool, trial.size) == (pool, size):
            found.setdefault(trial.width, []).append(trial.rmse)
    return {width: sum(found[width]) / len(found[width]) for width in sorted(found)}


def turning_width(errors: Mapping[int, float]) -> int:
    """The width at which the error stops falling.

    It is the smallest width that no larger one beats by more than 15 %.

    Args:
        errors: width -> error.

    Raises:
        ConfigError: there is no width.

    >>> turning_width({1: 0.3, 2: 0.1, 4: 0.02, 8: 0.019, 16: 0.02})
    4
    """
    if not errors:
        raise ConfigError("turning_width: expected at least one width")
    for width in sorted(errors):
        best = min(error for other, error in errors.items() if other >= width)
        if errors[width] * (1 - STILL_FALLING) <= best:
            return width
    raise AssertionError("the largest width always qualifies")


def turning_table(trials: Sequence[Trial]) -> str:
    """Text: where the error stops falling for every pool and size, and the error there.

    `>=` stands where it still falls at the largest width that was tried.
    """
    sizes = sorted({trial.size for trial in trials})
    rows = [["pool", *(f"M = {size}" for size in sizes)]]
    for pool in (name for name in POOLS if any(t.pool == name for t in trials)):
        cells = []
        for size in sizes:
            errors = mean_error(trials, pool, size)
            if not errors:
                cells.append("-")
                continue
            width = turning_width(errors)
            sign = ">= " if width == max(errors) else ""
            cells.append(f"{sign}{width} ({errors[width]:.4f})")
        rows.append([pool, *cells])
    return format_columns(rows)


def draw_errors(path: Path, trials: Sequence[Trial]) -> None:
    """A panel per pool: error over width, a line per set size, a ring where it stops falling.

    Args:
        path: a png, svg or pdf file; replaced if it exists, and never left half written.
        trials: at least one.

    Raises:
        MissingDataError: matplotlib is not installed.
        ConfigError: another suffix.
        OutputError: the file cannot be written.
    """
    check_plot(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pools = [pool for pool in POOLS if any(trial.pool == pool for trial in trials)]
    figure = Figure(figsize=(4 * len(pools), 3.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(pools), squeeze=False, sharey=True)[0]
    for axes, pool in zip(panels, pools, strict=True):
        for n, size in enumerate(sorted({t.size for t in trials if t.pool == pool})):
            errors, colour = mean_error(trials, pool, size), f"C{n}"
            seeds = [(t.width, t.rmse) for t in trials if (t.pool, t.size) == (pool, size)]
            axes.plot(*zip(*seeds, strict=True), ".", color=colour, alpha=0.4)
            axes.plot(list(errors), list(errors.values()), color=colour, label=f"M = {size}")
            width = turning_width(errors)
            axes.plot(width, errors[width], "o", ms=11, mfc="none", color=colour)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_title(f"{pool} (rings: the error stops falling)", fontsize=9)
        axes.set_xlabel("width of the latent")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=8, frameon=False)
    panels[0].set_ylabel("root mean square error of the median")
    save_figure(figure, path)


def to_csv(trials: Sequence[Trial]) -> str:
    """See `mohart.probes.trials.trials_to_csv`."""
    return trials_to_csv(Trial, trials)


def from_csv(path: Path) -> list[Trial]:
    """See `mohart.probes.trials.trials_from_csv`."""
    return trials_from_csv(Trial, path, table="set_limits")


def _layers(first: int, hidden: int, last: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(first, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, last),
    )
