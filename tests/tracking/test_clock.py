"""Frames from time stamps."""

from typing import Any

import pytest

from mohart.errors import ConfigError
from mohart.tracking.clock import LONGEST, Clock, FrameClock


@pytest.mark.parametrize("gap", [1 / 30, 0.5, 40.0])
def test_a_gap_counts_as_the_frames_that_are_missing_at_any_rate(gap: float) -> None:
    clock = Clock()
    times = [0, 1, 2, 3, 6, 7]
    assert [clock.advance(5.0 + gap * t) for t in times] == [1, 1, 1, 1, 3, 1]
    assert clock.now == 8


def test_without_time_stamps_every_frame_is_one() -> None:
    clock = Clock()
    assert [clock.advance(None) for _ in range(3)] == [1, 1, 1]


def test_trembling_time_stamps_are_frames_one_by_one() -> None:
    clock = Clock()
    assert [clock.advance(t) for t in (0.0, 0.034, 0.064, 0.101, 0.133)] == [1] * 5


def test_a_long_break_is_not_made_up_for_without_end() -> None:
    clock = Clock()
    for t in (0.0, 0.1, 0.2):
        clock.advance(t)
    assert clock.advance(3600.0) == LONGEST


def test_the_usual_gap_follows_a_camera_that_changes_its_rate() -> None:
    clock = Clock()
    for k in range(10):
        clock.advance(k * 0.1)
    slower = [clock.advance(0.9 + 0.2 * (k + 1)) for k in range(40)]
    assert slower[:3] == [2, 2, 2]
    assert slower[-1] == 1


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ((1.0, 1.0), "1 s does not come after 1 s"),
        ((1.0, 0.5), "does not come after"),
        ((None, 0.5), "with every frame or with none"),
        ((1.0, None), "with every frame or with none"),
        ((float("nan"),), "expected seconds"),
    ],
)
def test_time_has_to_go_on(times: tuple[float | None, ...], message: str) -> None:
    clock = Clock()
    for time in times[:-1]:
        clock.advance(time)
    with pytest.raises(ConfigError, match=message):
        clock.advance(times[-1])


def test_without_time_stamps_every_update_is_a_frame() -> None:
    clock = FrameClock(25)
    assert [clock.advance(None) for _ in range(3)] == [1, 1, 1]


def test_with_time_stamps_the_time_is_counted_in_frames() -> None:
    clock = FrameClock(25)
    assert clock.advance(100.0) == 1
    assert clock.advance(100.04) == pytest.approx(1)
    assert clock.advance(100.44) == pytest.approx(10)
    clock.clear()
    assert clock.advance(3.0) == 1


def test_errors() -> None:
    clock = FrameClock(25)
    clock.advance(2.0)
    with pytest.raises(ConfigError, match="2 s does not come after 2 s"):
        clock.advance(2.0)
    with pytest.raises(ConfigError, match="with every frame or with none"):
        clock.advance(None)
    with pytest.raises(ConfigError, match="expected seconds, got nan"):
        clock.advance(float("nan"))
    clock = FrameClock(25)
    clock.advance(None)
    with pytest.raises(ConfigError, match="with every frame or with none"):
        clock.advance(1.0)


def in_bursts(frames: int, burst: int, step: float, period: float = 0.04) -> list[float]:
    """Pictures that are evenly spaced, stamped `burst` at a time when they arrive."""
    return [n // burst * burst * period + n % burst * step for n in range(frames)]


@pytest.mark.parametrize(("burst", "step"), [(5, 0.001), (3, 0.01), (10, 0.002), (8, 0.0005)])
def test_stamps_in_bursts_are_frames_one_by_one(burst: int, step: float) -> None:
    clock = Clock()
    steps = [clock.advance(t) for t in in_bursts(100, burst, step)]
    assert set(steps) == {1}


def test_bursts_are_remembered() -> None:
    stamps = in_bursts(60, 5, 0.001)
    whole, first, second = Clock(), Clock(), Clock()
    expected = [whole.advance(t) for t in stamps]
    for t in stamps[:23]:
        first.advance(t)
    second.unpack(first.pack())
    assert [second.advance(t) for t in stamps[23:]] == expected[23:]


def test_a_fast_camera_that_misses_frames_is_believed() -> None:
    clock = Clock()
    times = [n / 1000 for n in (0, 1, 2, 3, 4, 5, 9, 10, 11, 14, 15)]
    assert [clock.advance(t) for t in times] == [1, 1, 1, 1, 1, 1, 4, 1, 1, 3, 1]


@pytest.mark.parametrize("junk", ["1.5", b"1", [1], object(), 10**400, float("inf")])
def test_what_is_no_time_is_refused(junk: Any) -> None:
    for clock in (Clock(), FrameClock(25.0)):
        with pytest.raises(ConfigError, match="timestamp: expected seconds, got"):
            clock.advance(junk)
