"""What is believed of rates and time stamps."""

from __future__ import annotations

import math

import pytest

from mohart.video.shots import FrameNumbers
from mohart.video.stamps import Clock, judge_timing, sane_rate


def test_sane_rate() -> None:
    rates = (25.0, 1000.0, 0.0, math.nan, 90_000.0, None)
    assert [sane_rate(rate) for rate in rates] == [25.0, 1000.0, None, None, None, None]


@pytest.mark.parametrize(
    ("claimed", "stamps", "rate", "even"),
    [
        (25, [0.04 * n for n in range(50)], 25, False),
        (1000, [n / 30 for n in range(50)], 30, False),
        (1000, [n / 1000 for n in range(50)], 1000, False),
        (90_000, [n / 30 for n in range(50)], 30, False),
        (None, [n / 12 for n in range(50)], 12, False),
        (50, [0.04 * n for n in range(50)], 25, False),
        (25, [n // 5 * 0.2 + n % 5 * 0.001 for n in range(50)], 25, True),
        (25, [0.04 * n + 5 * (n > 20) for n in range(50)], 25, False),
        (25, [0.04 * n + 0.4 * (n // 10) for n in range(50)], 25, False),
        (30, [], 30, False),
        (None, [0, 1, 2], None, False),
    ],
)
def test_timing(claimed: float | None, stamps: list[float], rate: float | None, even: bool) -> None:
    found = judge_timing(claimed, stamps)
    assert found.rate == (None if rate is None else pytest.approx(rate, rel=1e-3))
    assert (found.even, bool(found.note)) == (even, even)


def ticks(stamps: list[float], rate: float = 25, *, even: bool = False) -> list[float]:
    clock = Clock(rate, even=even)
    return [clock.tick(said) for said in stamps]


def test_a_clock_goes_on() -> None:
    line = [0.04 * n for n in range(12)]
    assert ticks([7 + t for t in line]) == pytest.approx(line)
    assert ticks([*line[:5], 4e4, *line[6:]]) == pytest.approx(line)  # one is off
    assert ticks([*line[:5], -9.0, *line[6:]]) == pytest.approx(line)
    assert ticks([*line[:5], *(t + 4e4 for t in line[5:])]) == pytest.approx(line)  # set for good
    assert ticks([*line[:5], *(t - 0.2 for t in line[5:])]) == pytest.approx(line)
    assert ticks([math.nan, math.nan, *line[2:]]) == pytest.approx(line)
    assert ticks([0.0] * 12) == pytest.approx(line)


def test_a_pause_is_a_pause_as_long_as_something_can_be_foreseen() -> None:
    assert ticks([0, 0.04, 1.5, 1.54]) == pytest.approx([0, 0.04, 1.5, 1.54])
    assert ticks([0, 0.04, 9.5, 9.54, 9.58]) == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert ticks([0, 5, 10, 35, 40], 0.2) == pytest.approx([0, 5, 10, 35, 40])


def test_stamps_that_are_not_believed() -> None:
    assert ticks([0, 0.001, 0.2, 0.201], 20, even=True) == pytest.approx([0, 0.05, 0.1, 0.15])


def test_numbers_of_frames() -> None:
    numbers = FrameNumbers()
    numbers.add(4)
    assert str(numbers) == "frame 5"
    for n in (5, 9, 11, 12, 13):
        numbers.add(n)
    assert str(numbers) == "frames 5, 6, 10, 12 to 14"
    for n in range(20, 2000, 2):
        numbers.add(n)
    assert str(numbers).endswith(" 35, 37 and 981 more") or str(numbers).endswith("more")
    assert len(str(numbers)) < 90
