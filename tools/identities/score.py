"""What an embedding is worth: rank-1, and returns among people who are new, with intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from identities.looks import Looks

Vectors = NDArray[np.floating]
DRAWS = 1000  # of the bootstrap


class Trial(NamedTuple):
    """Queries of one scene.

    Attributes:
        right: [Q] similarity with the own mean; NaN of those who are new.
        wrong: [Q] highest similarity with another's.
    """

    right: NDArray[np.float64]
    wrong: NDArray[np.float64]


def trials(
    looks: Looks, similarity: NDArray[np.float64] | Vectors, *, strangers: bool
) -> list[Trial]:
    """Each scene's later looks against the means of the earlier ones.

    Args:
        looks: L.
        similarity: [L, F] vectors whose scalar product is a similarity.
        strangers: every second track is left out of the gallery, so that its looks are new.
    """
    found = []
    half = (looks.time.max() + 1) // 2
    for scene in np.unique(looks.scene):
        rows = np.flatnonzero(looks.scene == scene)
        early, late = rows[looks.time[rows] < half], rows[looks.time[rows] >= half]
        known = np.intersect1d(looks.track[early], looks.track[late])
        if len(known) < (4 if strangers else 2):
            continue
        gallery = known[::2] if strangers else known
        means = np.stack([similarity[early[looks.track[early] == n]].mean(0) for n in gallery])
        means = means / np.linalg.norm(means, axis=1, keepdims=True)
        queries = late[np.isin(looks.track[late], known)]
        alike = similarity[queries] @ means.T
        own = looks.track[queries][:, None] == gallery[None]
        right = np.where(own.any(1), np.where(own, alike, -np.inf).max(1), np.nan)
        wrong = np.where(own, -np.inf, alike).max(1)
        found.append(Trial(right.astype(float), wrong.astype(float)))
    return found


def rank_one(found: list[Trial]) -> NDArray[np.float64]:
    """[scenes, 2] right first answers, and queries."""
    return np.array([(float((t.right > t.wrong).sum()), float(len(t.right))) for t in found])


def returns(found: list[Trial], threshold: float) -> NDArray[np.float64]:
    """[scenes, 3] returns that are right, that are wrong, and that there were."""
    rows = []
    for right, wrong in found:
        best = np.fmax(right, wrong)
        said = best >= threshold
        good = said & (right > wrong)
        rows.append(
            (float(good.sum()), float((said & ~good).sum()), float((~np.isnan(right)).sum()))
        )
    return np.array(rows)


def f_one(counts: NDArray[np.float64]) -> float:
    """Of [3] counts, or sums of [.., 3]."""
    right, wrong, there = counts.reshape(-1, 3).sum(0)
    return float(2 * right / max(right + wrong + there, 1))


def share(counts: NDArray[np.float64]) -> float:
    """Of [.., 2] counts."""
    some, of = counts.reshape(-1, 2).sum(0)
    return float(some / max(of, 1))


def best_threshold(found: list[Trial]) -> float:
    """With the highest F1; chosen on other scenes than those that are reported."""
    tried = np.quantile(np.concatenate([np.fmax(t.right, t.wrong) for t in found]), LEVELS)
    return float(max(tried, key=lambda level: f_one(returns(found, float(level)))))


LEVELS = np.linspace(0.0, 0.95, 96)


def interval(
    ours: NDArray[np.float64], theirs: NDArray[np.float64] | None, of: object, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a measure, or of a difference (the same scenes), by drawing scenes anew.

    Args:
        ours: [scenes, ...] counts.
        theirs: the same of another; None: of `ours` alone.
        of: counts -> number.
        seed: of the draws.
    """
    rng, values = np.random.default_rng(seed), []
    assert callable(of)  # noqa: S101
    for _ in range(DRAWS):
        rows = rng.integers(0, len(ours), len(ours))
        values.append(of(ours[rows]) - (0.0 if theirs is None else of(theirs[rows])))
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
