"""Fragments of one object get one identity (tracklet linking), after all frames are known.

Two chains of fragments may be one object where they share no frame, where the way between their
nearest ends is no longer than somebody can go in that time, and where the means of their embeddings
are close. The closest two are joined first, then their common mean is compared with the others
(agglomerative clustering with average linkage).

Conventions: frames zero-based, boxes xyxy pixels, E numbers of an embedding of unit length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import area
from mohart.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """An unbroken identity of a tracking result.

    Attributes:
        track_id: its identity.
        first: frame of its first box.
        last: frame of its last box.
        first_box: [4].
        last_box: [4].
        identity: [E] mean embedding; zeros where nobody could look at it.
        looks: in that mean.
    """

    track_id: int
    first: int
    last: int
    first_box: NDArray[np.float64]
    last_box: NDArray[np.float64]
    identity: NDArray[np.float32]
    looks: int


@dataclass(frozen=True, kw_only=True)
class LinkRules:
    """When two fragments are one object.

    Attributes:
        same: smallest similarity of the means, -1 to 1.
        lead: by how much that has to be more than with a third that excludes it, such as one that
            is there at the same time.
        longest: frames between two fragments, at most.
        near: sizes that somebody can always be away.
        per_frame: sizes per frame in between, more.
        far: sizes away, at most; None: the whole picture.
        other_size: ratio of sizes, at most.

    Raises:
        ConfigError: numbers that cannot be.
    """

    same: float = 0.5
    lead: float = 0.05
    longest: int = 300
    near: float = 1.5
    per_frame: float = 0.15
    far: float | None = None
    other_size: float = 2.0

    def __post_init__(self) -> None:
        if not (-1 <= self.same <= 1 and self.longest >= 1 and self.lead >= 0):
            raise ConfigError(
                f"link: expected same in -1..1, lead >= 0 and longest >= 1, got {self.same:g}, "
                f"{self.lead:g} and {self.longest}"
            )

    def fit(self, before: Fragment, after: Fragment) -> bool:
        """Whether somebody can have gone from the end of one to the start of the other."""
        gap = after.first - before.last
        if not 0 < gap <= self.longest:
            return False
        sizes = np.sqrt([max(float(area(b)), 1.0) for b in (before.last_box, after.first_box)])
        middles = [(b[:2] + b[2:]) / 2 for b in (before.last_box, after.first_box)]
        away = float(np.hypot(*(middles[1] - middles[0]))) / float(sizes.mean())
        reach = self.near + self.per_frame * gap
        reach = reach if self.far is None else min(reach, self.far)
        return away <= reach and float(sizes.max() / sizes.min()) <= self.other_size


class Link(NamedTuple):
    """Two chains that were joined.

    Attributes:
        track_id: the identity that stays, that of the earlier one.
        joined: the identity that is no more.
        frames: between them.
        similarity: of their means when they were joined.
    """

    track_id: int
    joined: int
    frames: int
    similarity: float


def link_fragments(fragments: Sequence[Fragment], rules: LinkRules) -> list[Link]:
    """Which fragments are one object, in the order in which they were joined.

    Args:
        fragments: each identity once.
        rules: when two are one.

    Raises:
        ConfigError: an identity stands twice.
    """
    if len({f.track_id for f in fragments}) < len(fragments):
        raise ConfigError("link: an identity stands twice among the fragments")
    chains = [[f] for f in sorted(fragments, key=lambda f: (f.first, f.track_id)) if f.looks]
    links: list[Link] = []
    while (pair := _best_pair(_similarities(chains, rules), rules)) is not None:
        i, j, similarity = pair
        links.append(_link(chains[i], chains[j], similarity))
        chains[i] = sorted(chains[i] + chains[j], key=lambda f: f.first)
        del chains[j]
    return links


def _best_pair(alike: NDArray[np.float64], rules: LinkRules) -> tuple[int, int, float] | None:
    """The two that are most alike, and not as much like somebody else; None: nobody is."""
    rows, columns = np.nonzero(np.triu(alike >= rules.same, 1))
    order = np.argsort(-alike[rows, columns], kind="stable")
    for i, j in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if alike[i, j] - _second(alike, i, j) >= rules.lead:
            return i, j, float(alike[i, j])
    return None


def new_identities(links: Sequence[Link]) -> dict[int, int]:
    """Identity that is no more -> the one that it has now."""
    found: dict[int, int] = {}
    for link in links:
        found = {old: link.track_id if new == link.joined else new for old, new in found.items()}
        found[link.joined] = link.track_id
    return found


def _similarities(chains: list[list[Fragment]], rules: LinkRules) -> NDArray[np.float64]:
    """[K, K] of the means of those who may be one; minus infinity for all others."""
    alike = np.full((len(chains), len(chains)), -np.inf)
    means = [_mean(chain) for chain in chains]
    for i in range(len(chains)):
        for j in range(i + 1, len(chains)):
            if _possible(chains[i], chains[j], rules):
                alike[i, j] = alike[j, i] = float(means[i] @ means[j])
    return alike


def _possible(one: list[Fragment], other: list[Fragment], rules: LinkRules) -> bool:
    """Whether two chains share no frame, and all ways between them are short enough."""
    order = sorted(one + other, key=lambda f: f.first)
    mine = {f.track_id for f in one}
    return all(
        a.last < b.first and (((a.track_id in mine) == (b.track_id in mine)) or rules.fit(a, b))
        for a, b in pairwise(order)
    )


def _mean(chain: list[Fragment]) -> NDArray[np.float64]:
    total = np.sum([f.identity.astype(float) * f.looks for f in chain], 0)
    mean: NDArray[np.float64] = total / max(float(np.linalg.norm(total)), 1e-9)
    return mean


def _second(alike: NDArray[np.float64], i: int, j: int) -> float:
    """The best similarity of either of two with a third that is certainly not the other one."""
    rivals_of_j, rivals_of_i = ~np.isfinite(alike[j]), ~np.isfinite(alike[i])
    rivals_of_j[[i, j]] = rivals_of_i[[i, j]] = False
    best = max(
        alike[i][rivals_of_j].max(initial=-np.inf), alike[j][rivals_of_i].max(initial=-np.inf)
    )
    return float(best)


def _link(one: list[Fragment], other: list[Fragment], similarity: float) -> Link:
    order = sorted(one + other, key=lambda f: f.first)
    mine = {f.track_id for f in one}
    ways = [
        b.first - a.last for a, b in pairwise(order) if (a.track_id in mine) != (b.track_id in mine)
    ]
    first, second = sorted((one, other), key=lambda chain: chain[0].first)
    return Link(first[0].track_id, second[0].track_id, min(ways), similarity)
