"""Which setting is best on some videos, and what that choice is worth on others (cross-validation).

Conventions: a score of every setting on each of V videos, the higher the better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError
from mohart.evaluation.tuning.settings import DEFAULTS, Setting, key_of, setting_of

Scores = Mapping[str, NDArray[np.float64]]  # key of a setting -> [V]
Measure = Callable[[Sequence[Setting]], Scores]
DRAWS = 2000  # of the bootstrap


class Fold(NamedTuple):
    """A choice that was made without some videos, and what it was worth on them.

    Attributes:
        held_out: indices of the videos that it was not chosen on.
        setting: what was chosen.
        gain: mean on the videos it was chosen on, against the defaults.
        held_out_gain: the same on the others: what one may expect of new videos.
    """

    held_out: tuple[int, ...]
    setting: dict[str, float]
    gain: float
    held_out_gain: float


class Tuned(NamedTuple):
    """The outcome.

    Attributes:
        setting: chosen on all videos; empty where nothing is better than the defaults.
        gain: on them.
        folds: the same with videos held out.
        interval: 95 % of the mean gain on videos held out; of a bootstrap over videos.
        scores: of everything that was tried.
    """

    setting: dict[str, float]
    gain: float
    folds: tuple[Fold, ...]
    interval: tuple[float, float]
    scores: Scores

    @property
    def held_out_gain(self) -> float:
        """Mean over all videos, each of them held out once."""
        videos = sum(len(fold.held_out) for fold in self.folds)
        return sum(fold.held_out_gain * len(fold.held_out) for fold in self.folds) / videos


def tune(singles: Sequence[Setting], measure: Measure, videos: int, folds: int) -> Tuned:
    """Try changes of one knob, then those together that helped, for every fold and for all.

    Args:
        singles: changes of one knob.
        measure: scores of settings on all videos; asked for those that are known again.
        videos: V.
        folds: parts that are held out in turn.

    Raises:
        ConfigError: fewer folds than 2, or more than videos.
    """
    if not 2 <= folds <= videos:
        raise ConfigError(
            f"folds: expected 2 to {videos}, the number of videos, got {folds}; what is chosen has "
            "to be judged on videos that it was not chosen on"
        )
    scores = dict(measure([{}, *singles]))
    parts = [np.arange(part, videos, folds) for part in range(folds)]
    every = np.arange(videos)
    groups = [np.setdiff1d(every, part) for part in parts] + [every]
    together = [setting for group in groups for setting in combinations(scores, group)]
    scores.update(measure(list({key_of(setting): setting for setting in together}.values())))
    found, gains = [], np.zeros(videos)
    for part, group in zip(parts, groups, strict=False):
        best = choose(scores, group)
        gains[part] = scores[best][part] - scores[DEFAULTS][part]
        fold = Fold(
            tuple(part.tolist()),
            setting_of(best),
            _gain(scores, best, group),
            float(gains[part].mean()),
        )
        found.append(fold)
    best = choose(scores, every)
    return Tuned(
        setting_of(best), _gain(scores, best, every), tuple(found), _interval(gains), scores
    )


def choose(scores: Scores, videos: NDArray[np.int64]) -> str:
    """The best setting on some videos; the defaults, unless it is surely better than they are.

    "Surely": by more than the standard error of its gain over these videos. Of settings that are
    level, the one with fewer changes.
    """
    order = sorted(scores, key=lambda key: (len(setting_of(key)), key))
    sure = [key for key in order if _is_sure(scores, key, videos)]
    return max(sure, key=lambda key: _gain(scores, key, videos), default=DEFAULTS)


def combinations(scores: Scores, videos: NDArray[np.int64]) -> list[Setting]:
    """The best surely better change of each knob: the best two together, three, and so on."""
    best: dict[str, str] = {}
    for key in scores:
        names = list(setting_of(key))
        if len(names) == 1 and _is_sure(scores, key, videos):
            held = best.get(names[0])
            if held is None or _gain(scores, key, videos) > _gain(scores, held, videos):
                best[names[0]] = key
    order = sorted(best.values(), key=lambda key: -_gain(scores, key, videos))
    joined: dict[str, float] = {}
    found: list[Setting] = []
    for key in order:
        joined = {**joined, **setting_of(key)}
        found.append(dict(joined))
    return found[1:]


def _gain(scores: Scores, key: str, videos: NDArray[np.int64]) -> float:
    return float((scores[key] - scores[DEFAULTS])[videos].mean())


def _is_sure(scores: Scores, key: str, videos: NDArray[np.int64]) -> bool:
    gains = (scores[key] - scores[DEFAULTS])[videos]
    spread = float(gains.std(ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    return float(gains.mean()) > spread


def _interval(gains: NDArray[np.float64]) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = gains[rng.integers(0, len(gains), (DRAWS, len(gains)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
