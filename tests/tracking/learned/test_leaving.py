"""Objects that are lost: how long they are waited for, and what is asked of who comes back."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.catalogue import Returns
from mohart.tracking.learned.knobs import leaving
from mohart.tracking.learned.recurrent import RecurrentTracker
from tests.tracking.learned.test_online import AT, RED, THERE, Staring, picture, said


def tracker(returns: Returns = "normal", end_after: int | None = None) -> RecurrentTracker:
    left = leaving(returns, end_after)
    return RecurrentTracker(Staring(), knobs=left.knobs, rules=left.rules)


def states(tracked: RecurrentTracker, gone: int, back: int) -> list[str]:
    """What is said of one object: in view, out of view for a while, in view again."""
    red, grey = picture((AT, RED)), picture()
    tracked.init(red, [AT])
    frames = [red] * 3 + [grey] * gone + [red] * back
    found = [said(tracked.update(frame)) for frame in frames]
    return [rows[0][1] if rows else "-" for rows in found]


@pytest.mark.slow
def test_normally_a_lost_object_is_looked_for_to_the_end() -> None:
    found = states(tracker(), 200, 20)
    assert set(found[-5:]) == {"active"}
    assert "ended" not in found
    assert found[17:203] == ["lost"] * 186


@pytest.mark.parametrize("end_after", [1, 30])
def test_who_is_lost_for_so_long_ends_and_is_not_followed_any_more(end_after: int) -> None:
    found = states(tracker(end_after=end_after), 80, 20)
    first = found.index("lost") if "lost" in found else found.index("ended")
    assert found.index("ended") == first + end_after - 1
    assert set(found[found.index("ended") + 1 :]) == {"-"}


def test_never_ends_at_the_first_frame_of_being_lost() -> None:
    found = states(tracker("never"), 40, 20)
    assert "lost" not in found
    assert found[found.index("ended") - 1] == "predicted"
    assert found[-1] == "-"


def test_strict_asks_for_more() -> None:
    normal, strict = (states(tracker(how), 20, 30) for how in ("normal", "strict"))
    away = [found[23:].index("active") for found in (normal, strict)]
    assert away[0] + 6 <= away[1] <= away[0] + 12


def test_somebody_from_a_detector_who_has_left_gets_a_new_number() -> None:
    red, elsewhere, grey = picture((AT, RED)), picture((THERE, RED)), picture()
    ids = {}
    for returns in ("normal", "never"):
        tracked = tracker(returns)
        for _ in range(4):
            tracked.update(red, [[*AT, 0.9]])
        for _ in range(30):
            tracked.update(grey, [])
        for _ in range(4):
            last = tracked.update(elsewhere, [[*THERE, 0.9]])
        ids[returns] = last.tracker_id.tolist()
    assert ids == {"normal": [1], "never": [2]}


def test_a_person_may_draw_again_who_has_ended() -> None:
    tracked = tracker("never")
    assert states(tracked, 40, 3)[-1] == "-"
    found = tracked.correct(picture((AT, RED)), [AT], ids=[1])
    assert said(found) == [(1, "active")]


def test_waiting_goes_on_from_a_snapshot() -> None:
    one, two = tracker(end_after=30), tracker(end_after=30)
    states(one, 25, 0)
    two.restore(one.snapshot())
    for _ in range(30):
        a, b = said(one.update(picture())), said(two.update(picture()))
        assert a == b
    assert a == []


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="frame counts of at least 1"):
        leaving(end_after=0)
    assert np.isinf(leaving().rules.end_after or np.inf)
