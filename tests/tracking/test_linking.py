from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.linking import Fragment, Link, LinkRules, link_fragments, new_identities

RULES = LinkRules()


def fragment(
    track: int, first: int, last: int, angle: float, x: float = 50, looks: int = 4, size: float = 20
) -> Fragment:
    """One that stands still at x; its embedding is an angle in the plane."""
    box = np.array([x - size / 2, 40, x + size / 2, 40 + size])
    return Fragment(
        track_id=track,
        first=first,
        last=last,
        first_box=box,
        last_box=box,
        identity=np.array([np.cos(angle), np.sin(angle)], np.float32),
        looks=looks,
    )


def joined(*fragments: Fragment, rules: LinkRules = RULES) -> dict[int, int]:
    return new_identities(link_fragments(fragments, rules))


def test_fragments_that_look_alike_are_joined_and_keep_the_earlier_identity() -> None:
    links = link_fragments([fragment(5, 30, 50, 0.1), fragment(9, 0, 20, 0.0)], RULES)
    assert links == [Link(9, 5, 10, pytest.approx(np.cos(0.1), abs=1e-6))]
    assert new_identities(links) == {5: 9}


def test_those_who_are_there_at_the_same_time_are_two() -> None:
    assert joined(fragment(1, 0, 20, 0.0), fragment(2, 20, 50, 0.0)) == {}
    chain = [fragment(1, 0, 10, 0.0), fragment(2, 30, 40, 0.0), fragment(3, 5, 35, 0.1)]
    assert joined(*chain) == {2: 1}  # 3 is there together with both


def test_a_fragment_fits_into_a_gap_of_a_chain() -> None:
    parts = [fragment(1, 0, 10, 0.0), fragment(2, 60, 70, 0.05), fragment(3, 20, 40, 0.3)]
    assert joined(*parts) == {2: 1, 3: 1}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (fragment(2, 30, 50, 1.5), "looks different"),
        (fragment(2, 400, 450, 0.0), "too late"),
        (fragment(2, 25, 50, 0.0, x=150), "too far for five frames"),
        (fragment(2, 30, 50, 0.0, size=60), "another size"),
        (fragment(2, 30, 50, 0.0, looks=0), "nobody could look at it"),
    ],
)
def test_who_can_not_be_the_same(other: Fragment, why: str) -> None:
    assert joined(fragment(1, 0, 20, 0.0), other) == {}, why


def test_who_fits_two_as_well_is_joined_with_neither() -> None:
    first, second = fragment(1, 0, 20, 0.1), fragment(2, 0, 20, -0.1, x=60)
    assert joined(first, second, fragment(3, 30, 50, 0.0)) == {}
    sure = LinkRules(lead=0.0)
    assert len(joined(first, second, fragment(3, 30, 50, 0.01), rules=sure)) == 1


def test_identities_are_followed_through_chains_of_links() -> None:
    links = [Link(3, 4, 5, 0.9), Link(1, 3, 5, 0.9), Link(1, 7, 2, 0.8)]
    assert new_identities(links) == {4: 1, 3: 1, 7: 1}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="an identity stands twice"):
        link_fragments([fragment(1, 0, 5, 0.0), fragment(1, 9, 12, 0.0)], RULES)
    with pytest.raises(ConfigError, match=r"expected same in -1\.\.1"):
        LinkRules(same=2.0)
    assert link_fragments([], RULES) == []
