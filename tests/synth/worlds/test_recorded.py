from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.synth.worlds.predictors import bounds
from mohart.synth.worlds.recorded import RecordedCrowd, read_walks, smooth_path


def text_of(rows: list[tuple[float, ...]]) -> str:
    return "".join("\t".join(str(float(value)) for value in row) + "\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three walkers for 100 moments of 10 frames; walker 3 pauses at moment 50."""
    rows = []
    for k in range(100):
        rows.append((10 * k, 1, 0.05 * k, 1.0))
        rows.append((10 * k, 2, 5 - 0.05 * k, 2.0))
        if k != 50:
            rows.append((10 * k, 3, 2.5, 3.0))
    (tmp_path / "a.txt").write_text(text_of(rows))
    return tmp_path


def test_files_are_read_and_a_pause_divides_a_walk(folder: Path) -> None:
    walks = read_walks(folder / "a.txt")
    assert walks.length == 100
    assert [(first, len(path)) for first, path in walks.tracks] == [
        (0, 100),
        (0, 100),
        (0, 50),
        (51, 49),
    ]
    np.testing.assert_allclose(walks.tracks[0][1][7], [0.35, 1.0])


def test_walkers_move_in_pixels_as_they_did_in_metres(folder: Path) -> None:
    world = RecordedCrowd(folder=folder, view=8.0, between=2)
    for seed in range(5):
        drawn = world.simulate(np.random.default_rng(seed), 12)
        assert 2 <= drawn.positions.shape[1] <= 3
        steps = np.abs(np.diff(drawn.positions, axis=0))
        # 0.05 m per moment are 0.6 px, half of that per frame; nobody moves sideways
        assert steps[..., 0].max() == pytest.approx(0.3, abs=1e-6)
        np.testing.assert_allclose(steps[..., 1], 0, atol=1e-9)
        apart = drawn.positions[0, :, None, 1] - drawn.positions[0, None, :, 1]
        np.testing.assert_allclose(apart / 12, np.round(apart / 12), atol=1e-9)  # 1 m = 12 px


def test_training_validation_and_test_are_different_times(folder: Path) -> None:
    for part, low, high in (("training", 0, 70), ("validation", 70, 85), ("test", 85, 100)):
        world = RecordedCrowd(folder=folder, part=part, objects=(3, 3), between=1)  # type: ignore[arg-type]
        for seed in range(10):
            drawn = world.simulate(np.random.default_rng(seed), 6)
            gap = np.abs(drawn.positions[:, :, None, 0] - drawn.positions[:, None, :, 0]).max(
                (1, 2)
            )
            if drawn.positions.shape[1] < 3:
                continue
            # the walkers 1 and 2 are |5 - 0.1 k| m apart at moment k; 12 px per metre
            moments = np.arange(100)
            between = np.abs(5 - 0.1 * moments) * 12
            fits = [
                k
                for k in range(95)
                if np.allclose(np.maximum(between[k : k + 6], between[k : k + 6] / 2), gap)
            ]
            assert any(low <= k and k + 5 < high for k in fits)


def test_an_object_is_absent_after_the_end_of_its_record(tmp_path: Path) -> None:
    rows = [(k, w, 0.1 * w, 0.0) for w in (1, 2) for k in range(40) if w == 1 or k < 12]
    (tmp_path / "a.txt").write_text(text_of(rows))
    world = RecordedCrowd(folder=tmp_path, objects=(2, 2), between=1)
    ended = False
    for seed in range(20):
        present = world.simulate(np.random.default_rng(seed), 10).present
        assert present[0].all()
        assert (np.diff(present.astype(int), axis=0) <= 0).all()  # who is gone stays gone
        ended |= not present.all()
    assert ended


def test_a_smooth_path_goes_through_all_places() -> None:
    places = np.array([[0.0, 0], [1, 2], [4, 2], [5, 5]])
    np.testing.assert_allclose(smooth_path(places, np.arange(4.0)), places)
    half = smooth_path(np.array([[0.0, 0], [1, 1], [2, 2]]), np.array([0.5, 1.5, 9.0]))
    np.testing.assert_allclose(half, [[0.5, 0.5], [1.5, 1.5], [2, 2]])


def test_what_can_not_be_used_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(MissingDataError, match=r"none: expected files \*\.txt"):
        RecordedCrowd(folder=tmp_path / "none")
    long = RecordedCrowd(folder=folder, part="test")
    with pytest.raises(ConfigError, match="no file is 200 moments long"):
        long.simulate(np.random.default_rng(0), 399)
    with pytest.raises(ConfigError, match="hardly ever 5 walkers"):
        RecordedCrowd(folder=folder, objects=(5, 6)).simulate(np.random.default_rng(0), 6)
    for text in ("1 2 three 4\n", "1 2 3\n", "# nothing\n"):
        (folder / "a.txt").write_text(text)
        with pytest.raises(FormatError, match=r"a\.txt: expected rows `frame id x y`"):
            RecordedCrowd(folder=folder)


@pytest.mark.slow
def test_the_real_walks_can_be_drawn(shared_data: Path) -> None:
    real = shared_data / "trajectories" / "eth_ucy"
    if not real.is_dir():  # recordings of others; the tests above write walks of their own
        pytest.skip("the real walks (../shared/data/trajectories) are not on this machine")
    world = RecordedCrowd(folder=real)
    static, alone = bounds(world, seed=0, sequences=20, frames=14, horizon=6)
    assert alone.ade < 0.3 * static.ade


def test_boxes_of_mot_text_are_walks_of_feet_in_metres(tmp_path: Path) -> None:
    """Two people of 170 pixels: one stands, one goes 100 pixels = 1 m to the right a frame."""
    rows = []
    for t in range(12):
        rows += [f"{t + 1}, 1, {100 + 100 * t}, 30, 40, 170, 1, 1, 1"]
        rows += [f"{t + 1}, 2, 300, 130, 40, 170, 1, 1, 1", f"{t + 1}, 3, 0, 0, 9, 9, 0, 8, 1"]
    place = tmp_path / "one" / "gt"
    place.mkdir(parents=True)
    (place / "gt.txt").write_text("\n".join(rows))
    walks = read_walks(place / "gt.txt")
    assert len(walks.tracks) == 2
    (_, moving), (_, still) = walks.tracks
    np.testing.assert_allclose(np.diff(moving, axis=0), [[1, 0]] * 11)
    np.testing.assert_allclose(still[0] - moving[0], [2.0, 1.0])
    fewer = read_walks(place / "gt.txt", every=3)
    assert fewer.length == 4
    np.testing.assert_allclose(np.diff(fewer.tracks[0][1], axis=0), [[3, 0]] * 3)
    world = RecordedCrowd(folder=tmp_path, objects=(1, 2), between=1, every=2)
    drawn = world.simulate(np.random.default_rng(0), 3)
    assert drawn.positions.shape[0] == 3
