"""mohart.synth.detections.noise: rates of the errors, and that they hang together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.boxes import xyxy_to_cxcywh
from mohart.errors import ConfigError
from mohart.structures import Tracks
from mohart.synth.detections.noise import (
    PRESETS,
    DetectorNoise,
    noisy_detections,
    noisy_frames,
)

SIZE = (1000, 500)
CLEAN = replace(PRESETS["exact"], recall=0.999999)


def standing(objects: int = 8, frames: int = 300, visibility: float = 1.0, tall: float = 80.0):
    """Objects that stand side by side."""
    left = np.arange(objects) * 100.0 + 30
    box = np.stack(
        [left, np.full(objects, 100.0), left + tall / 2, np.full(objects, 100 + tall)], 1
    )
    return Tracks.from_columns(
        np.repeat(np.arange(frames), objects),
        np.tile(np.arange(objects) + 1, frames),
        np.tile(box, (frames, 1)),
        visibility=np.full(frames * objects, visibility),
    )


def found(tracks: Tracks, noise: str | DetectorNoise, seed: int = 0) -> np.ndarray:
    """[T, N] which object has a box."""
    frames = noisy_frames(tracks, *SIZE, np.random.default_rng(seed), noise)
    return np.array([np.isin(np.unique(tracks.track_id), frame.owner) for frame in frames])


def test_exact_gives_what_is_inside_the_frame() -> None:
    tracks = Tracks.from_columns(
        [0, 0, 2],
        [1, 2, 1],
        [[-10, 10, 30, 90], [100, 10, 130, 90], [10, 20, 30, 40]],
        visibility=[1, 0.3, 1],
    )
    frames = noisy_frames(tracks, *SIZE, np.random.default_rng(0), "exact", length=4)
    assert [len(frame.detections) for frame in frames] == [2, 0, 1, 0]
    np.testing.assert_array_equal(frames[0].detections.xyxy, [[0, 10, 30, 90], [100, 10, 130, 90]])
    assert frames[0].owner.tolist() == [1, 2]
    assert frames[0].detections.xyxy.dtype == np.float32
    assert frames[0].detections.class_id.tolist() == [-1, -1]


def test_the_seed_decides() -> None:
    tracks = standing(frames=20)
    first, again, other = (
        noisy_detections(tracks, *SIZE, np.random.default_rng(seed), "weak") for seed in (1, 1, 2)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.confidence, b.confidence)
    assert any(
        len(a) != len(b) or (a.xyxy != b.xyxy).any() for a, b in zip(first, other, strict=True)
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_boxes_are_inside_and_scores_are_scores(preset: str) -> None:
    for detections in noisy_detections(standing(), *SIZE, np.random.default_rng(0), preset):
        assert (detections.xyxy >= 0).all()
        assert (detections.xyxy[:, 2:] <= SIZE).all()
        assert (detections.xyxy[:, 2:] > detections.xyxy[:, :2]).all()
        assert ((detections.confidence > 0) & (detections.confidence < 1)).all()


def test_nothing_labelled_and_ignored_rows() -> None:
    rng = np.random.default_rng(0)
    assert noisy_detections(Tracks.empty(), *SIZE, rng, "fair") == []
    assert [len(d) for d in noisy_detections(Tracks.empty(), *SIZE, rng, "weak", length=3)] == [
        0
    ] * 3
    tracks = standing(2, 5)
    unwanted = replace(tracks, ignored=tracks.track_id == 1)
    frames = noisy_frames(unwanted, *SIZE, rng, "exact")
    assert all(frame.owner.tolist() == [2] for frame in frames)


@pytest.mark.slow
def test_recall_falls_with_occlusion_and_size() -> None:
    by_visibility = [found(standing(visibility=v), "fair").mean() for v in (1.0, 0.6, 0.3)]
    assert by_visibility[0] > 0.85
    assert by_visibility[0] > by_visibility[1] + 0.1 > by_visibility[2] + 0.3
    by_height = [found(standing(tall=tall), "fair").mean() for tall in (120.0, 20.0, 8.0)]
    assert by_height[0] > by_height[1] + 0.1 > by_height[2] + 0.3


@pytest.mark.slow
def test_half_visible_and_half_height_are_where_recall_halves() -> None:
    noise = replace(CLEAN, half_visible=0.5, visible_slope=0.1, memory=0.0)
    assert abs(found(standing(frames=500, visibility=0.5), noise).mean() - 0.5) < 0.03
    noise = replace(CLEAN, half_height=80 / SIZE[1], height_slope=0.3, memory=0.0)
    assert abs(found(standing(frames=500), noise).mean() - 0.5) < 0.03


@pytest.mark.slow
def test_misses_come_in_runs() -> None:
    def again(memory: float) -> float:
        hit = found(standing(frames=1000), replace(CLEAN, recall=0.8, memory=memory))
        return float((~hit[1:] & ~hit[:-1]).sum() / (~hit[:-1]).sum())

    assert abs(again(0.0) - 0.2) < 0.05
    assert again(0.95) > 0.7


@pytest.mark.slow
def test_jitter_has_the_spread_asked_for_and_drifts() -> None:
    spread = (0.05, 0.02, 0.08, 0.04)
    noise = replace(CLEAN, jitter=spread, drift=0.5, drift_memory=0.9)
    tracks = standing(8, 1000)
    frames = noisy_frames(tracks, *SIZE, np.random.default_rng(0), noise)
    true = xyxy_to_cxcywh(tracks.at(0).boxes)
    error = np.zeros((1000, 8, 4))
    for t, frame in enumerate(frames):
        box = xyxy_to_cxcywh(frame.detections.xyxy.astype(float))
        error[t, :, :2] = (box[:, :2] - true[:, :2]) / true[:, 2:]
        error[t, :, 2:] = np.log(box[:, 2:] / true[:, 2:])
    np.testing.assert_allclose(error.std((0, 1)), spread, rtol=0.15)
    flat = error - error.mean((0, 1))
    lag = (flat[1:] * flat[:-1]).mean((0, 1)) / (flat**2).mean((0, 1))
    np.testing.assert_allclose(lag, 0.5 * 0.9, atol=0.1)


@pytest.mark.slow
def test_hidden_objects_jitter_more_and_are_cut() -> None:
    def widths(**changes: float) -> np.ndarray:
        noise = replace(CLEAN, **changes)
        frames = noisy_detections(standing(visibility=0.5), *SIZE, np.random.default_rng(0), noise)
        return np.concatenate([d.xyxy[:, 2] - d.xyxy[:, 0] for d in frames])

    still = widths(jitter=(0, 0, 0.05, 0), hidden_jitter=0.0).std()
    assert 1.7 < widths(jitter=(0, 0, 0.05, 0), hidden_jitter=2.0).std() / still < 2.3
    cut = widths(cut=0.5)
    assert 0.05 < np.mean(cut < 30) < 0.5  # some sides are cut, some bottoms
    assert set(np.round(cut)) == {20, 40}


@pytest.mark.slow
def test_objects_that_overlap_are_merged_for_a_share_of_the_time() -> None:
    # IoU of [0, 40] and [10, 50]: 30 / 50
    tracks = Tracks.from_columns(
        np.repeat(np.arange(2000), 2),
        np.tile([1, 2], 2000),
        np.tile([[100, 100, 140, 200], [110, 100, 150, 200]], (2000, 1)),
    )
    frames = noisy_detections(
        tracks, *SIZE, np.random.default_rng(0), replace(CLEAN, merge=0.2, merge_overlap=0.5)
    )
    one = [d.xyxy.tolist() for d in frames if len(d) == 1]
    assert 0.2 < len(one) / 2000 < 0.5  # one of the two is willing: 1 - 0.8^2 = 0.36
    assert one[0] == [[100, 100, 150, 200]]


@pytest.mark.slow
def test_second_boxes_and_clutter_belong_to_nobody() -> None:
    doubled = noisy_frames(standing(), *SIZE, np.random.default_rng(0), replace(CLEAN, double=0.25))
    false = np.mean([(frame.owner < 0).sum() for frame in doubled])
    assert 1.2 < false < 2.8  # 8 objects, a quarter of the time
    cluttered = noisy_frames(
        standing(frames=1000), *SIZE, np.random.default_rng(0), replace(CLEAN, clutter=0.2)
    )
    false = np.mean([(frame.owner < 0).sum() for frame in cluttered])
    assert 1.3 < false < 1.9  # 8 objects, 0.2 of each


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["strong", "fair", "weak"])
def test_scores_tell_true_from_false_and_seen_from_hidden(preset: str) -> None:
    def scores(visibility: float) -> tuple[np.ndarray, np.ndarray]:
        frames = noisy_frames(
            standing(visibility=visibility), *SIZE, np.random.default_rng(0), preset
        )
        score = np.concatenate([frame.detections.confidence for frame in frames])
        true = np.concatenate([frame.owner for frame in frames]) > 0
        return score[true], score[~true]

    true, false = scores(1.0)
    hidden, _ = scores(0.6)
    assert np.median(true) > 0.6
    assert np.median(true) > np.median(hidden) + 0.05
    assert np.median(true) > np.median(false) + 0.1


@pytest.mark.slow
def test_presets_go_from_strong_to_weak() -> None:
    recall, false = [], []
    for preset in ("exact", "strong", "fair", "weak"):
        frames = noisy_frames(standing(), *SIZE, np.random.default_rng(0), preset)
        recall.append(np.mean([(frame.owner > 0).sum() for frame in frames]))
        false.append(np.mean([(frame.owner < 0).sum() for frame in frames]))
    assert recall == sorted(recall, reverse=True)
    assert false == sorted(false)


def test_errors() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="unknown detector noise 'fare'; did you mean 'fair'"):
        noisy_detections(standing(1, 1), *SIZE, rng, "fare")
    with pytest.raises(ConfigError, match=r"merge: expected 0\.\.1, got 1\.5"):
        DetectorNoise(merge=1.5)
    with pytest.raises(ConfigError, match="slopes must be positive"):
        DetectorNoise(height_slope=0)
