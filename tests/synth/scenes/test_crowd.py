from __future__ import annotations

import numpy as np

from mohart.synth.scenes.camera import camera_path
from mohart.synth.scenes.crowd import Gait, simulate_crowd
from mohart.synth.scenes.view import Flat


def crowd(seed: int, interaction: float, frames: int = 60, count: int = 12):
    rng = np.random.default_rng(seed)
    camera = camera_path(rng, frames, 240, moving=0)
    return simulate_crowd(
        rng,
        camera,
        np.full(count, 40.0),
        (320, 240),
        frame_rate=15,
        view=Flat(),
        gait=Gait(interaction=interaction),
    )


def nearest(position: np.ndarray) -> float:
    gap = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1)
    gap += 1e9 * np.eye(gap.shape[1])
    return float(gap.min(-1)[20:].mean())


def test_a_fixed_camera_maps_the_origin_to_the_middle() -> None:
    camera = camera_path(np.random.default_rng(0), 10, 240, moving=0)
    for t in range(10):
        assert np.allclose(camera.matrix(t, 320, 240), [[1, 0, 160], [0, 1, 120]])


def test_a_moving_camera_starts_at_the_origin_and_moves() -> None:
    paths = [camera_path(np.random.default_rng(seed), 40, 240, moving=1) for seed in range(10)]
    assert all(np.allclose(path.centre[0], 0) for path in paths)
    moved = [np.ptp(path.centre) > 1 or np.ptp(path.zoom) > 0.01 for path in paths]
    assert np.mean(moved) > 0.6


def test_a_long_pan_swings_back() -> None:
    for seed in range(20):
        path = camera_path(np.random.default_rng(seed), 400, 240, moving=1)
        assert np.abs(path.centre).max() < 240


def test_steps_are_smooth_and_positions_finite() -> None:
    simulated = crowd(0, 1.0)
    steps = np.linalg.norm(np.diff(simulated.position, axis=0), axis=-1)
    assert np.isfinite(simulated.position).all()
    assert steps.max() < 40  # less than a body height per frame at 15 frames per second


def test_people_keep_more_distance_with_social_forces() -> None:
    with_forces = np.mean([nearest(crowd(seed, 1.0).position) for seed in range(5)])
    without = np.mean([nearest(crowd(seed, 0.0).position) for seed in range(5)])
    assert with_forces > without


def test_objects_stay_in_the_picture_when_none_leaves() -> None:
    position = crowd(3, 1.0, frames=200).position
    inside = (np.abs(position) < np.array([160, 120]) * 1.2).all(-1)
    assert inside.mean() > 0.95


def test_who_passes_comes_from_outside_and_does_not_return() -> None:
    rng = np.random.default_rng(3)
    frames = 200
    camera = camera_path(rng, frames, 240, moving=0)
    heights = np.full(40, 30.0)
    moved = simulate_crowd(
        rng,
        camera,
        heights,
        (320, 240),
        frame_rate=15,
        view=Flat(),
        gait=Gait(interaction=0, passing=1.0),
    )
    inside = (np.abs(moved.position) < (160, 120)).all(-1)
    entries = ((~inside[:-1] & inside[1:]).sum(0) + inside[0]).astype(int)
    assert (entries >= 1).mean() > 0.7
    assert (entries > 1).mean() < 0.1
    assert inside[0].mean() < 0.6
    assert inside[-1].mean() < 0.6


def test_nobody_passes_unless_asked_to() -> None:
    def positions(**options: float) -> np.ndarray:
        rng = np.random.default_rng(5)
        camera = camera_path(rng, 10, 240, moving=0)
        return simulate_crowd(
            rng,
            camera,
            np.full(6, 30.0),
            (320, 240),
            frame_rate=15,
            view=Flat(),
            gait=Gait(leaving=0.5, **options),
        ).position

    np.testing.assert_array_equal(positions(), positions(passing=0.0))
    assert (positions() != positions(passing=1.0)).any()
