"""Lures: reported in streaks, with low scores, where nobody stands before them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.structures import Tracks
from mohart.synth.detections.lures import LURE_PRESETS, LureNoise, Lures
from mohart.synth.detections.noise import PRESETS, noisy_frames

JITTER = (0.02, 0.02, 0.02, 0.02)
BOX = [40.0, 40, 60, 90]
NOBODY = np.zeros((0, 4))


def shown(noise: LureNoise, frames: int = 4000, seed: int = 0) -> np.ndarray:
    """[T] whether one lure is reported."""
    rng = np.random.default_rng(seed)
    lures = Lures(rng, np.tile(BOX, (frames, 1, 1)), noise)
    return np.array([len(lures.advance(rng, t, NOBODY, JITTER)[0]) for t in range(frames)])


@pytest.mark.slow
def test_the_share_of_frames_is_that_of_the_noise() -> None:
    for share in (0.1, 0.4):
        assert shown(LureNoise(shown=(share, share))).mean() == pytest.approx(share, abs=0.08)


@pytest.mark.slow
def test_reports_come_in_streaks() -> None:
    seen = shown(LureNoise(shown=(0.3, 0.3), flicker=0.0)).astype(bool)
    assert seen[1:][seen[:-1]].mean() > 0.8  # alone by chance: 0.3
    flickers = shown(LureNoise(shown=(0.3, 0.3), flicker=1.0)).astype(bool)
    assert flickers[1:][flickers[:-1]].mean() == pytest.approx(0.3, abs=0.05)


def test_who_stands_before_a_lure_hides_it() -> None:
    rng = np.random.default_rng(0)
    lures = Lures(rng, np.tile(BOX, (50, 1, 1)), LureNoise(shown=(0.9, 0.9)))
    before = np.array([[45.0, 30, 70, 100]])
    assert sum(len(lures.advance(rng, t, before, JITTER)[0]) for t in range(25)) == 0
    assert sum(len(lures.advance(rng, t, NOBODY, JITTER)[0]) for t in range(25, 50)) > 5


def test_detections_have_them_with_low_scores_and_no_owner() -> None:
    frames = 300
    person = Tracks.from_columns(
        np.arange(frames), np.ones(frames, int), np.tile([100.0, 40, 130, 110], (frames, 1))
    )
    rng = np.random.default_rng(1)
    lures = Lures(rng, np.tile(BOX, (frames, 1, 1)), LURE_PRESETS["fair"])
    noise = replace(PRESETS["fair"], clutter=0.0, double=0.0)
    found = noisy_frames(person, 200, 150, rng, noise, lures=lures)
    scores = {
        own: np.concatenate([f.detections.confidence[(f.owner >= 0) == own] for f in found])
        for own in (True, False)
    }
    assert len(scores[False]) > 5
    assert np.median(scores[False]) < np.median(scores[True]) - 0.2


@pytest.mark.slow
def test_flicker_makes_single_misses_and_changes_nothing_at_0() -> None:
    frames = 2000
    person = Tracks.from_columns(
        np.arange(frames), np.ones(frames, int), np.tile([100.0, 40, 130, 110], (frames, 1))
    )
    noise = replace(PRESETS["weak"], clutter=0.0, double=0.0)

    def found(flicker: float) -> np.ndarray:
        changed = replace(noise, flicker=flicker)
        said = noisy_frames(person, 200, 150, np.random.default_rng(2), changed)
        return np.array([(frame.owner >= 0).any() for frame in said])

    steady, flickers = found(0.0), found(0.5)
    assert (
        np.abs(np.diff(flickers.astype(int))).sum() > 2 * np.abs(np.diff(steady.astype(int))).sum()
    )


@pytest.mark.parametrize("wrong", [{"shown": (0.0, 0.5)}, {"memory": 1.0}, {"flicker": 2.0}])
def test_shares_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="lures: expected"):
        LureNoise(**wrong)  # type: ignore[arg-type]
