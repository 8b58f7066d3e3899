from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ShapeError
from mohart.metrics.forecast import displacement, forecast_errors, taken

PRESENT = np.ones((3, 1), bool)


def still(frames: int = 3) -> np.ndarray:
    """One object of 8 x 2 pixels that does not move; its size is sqrt(16) = 4."""
    return np.tile(np.array([10.0, 20, 18, 22]), (frames, 1, 1))


def moved(*steps: tuple[float, float]) -> np.ndarray:
    offset = np.array(steps)
    return still(len(steps)) + np.concatenate([offset, offset], -1)[:, None]


def test_known_values() -> None:
    """Off by 0, 4 px and (3, 4) = 5 px. IoU of two 8 x 2 boxes 4 px apart: 8 / 24."""
    errors = forecast_errors(moved((0, 0), (4, 0), (3, 4)), still(), PRESENT)
    np.testing.assert_allclose(errors.iou, [(1 + 1 / 3 + 0) / 3])
    np.testing.assert_allclose(errors.iou_end, [0])
    np.testing.assert_allclose(errors.ade, [3])
    np.testing.assert_allclose(errors.fde, [5])
    np.testing.assert_allclose(errors.ade_sizes, [0.75])
    np.testing.assert_allclose(errors.fde_sizes, [1.25])


def test_a_perfect_prediction() -> None:
    errors = forecast_errors(still(), still(), PRESENT)
    assert [float(x[0]) for x in vars(errors).values()] == [1, 1, 0, 0, 0, 0]


def test_displacement_is_between_centres() -> None:
    assert displacement(np.array([0.0, 0, 10, 10]), np.array([2.0, 3, 14, 15])) == 5


def test_only_labelled_frames_count_and_the_last_of_them_is_the_end() -> None:
    said = moved((0, 0), (4, 0), (100, 0))
    said[2] = np.nan
    present = np.array([[True], [True], [False]])
    errors = forecast_errors(said, still(), present)
    np.testing.assert_allclose(errors.ade, [2])
    np.testing.assert_allclose(errors.fde, [4])
    np.testing.assert_allclose(errors.iou_end, [1 / 3])


def test_an_object_without_a_pair_has_no_number_and_objects_do_not_mix() -> None:
    said = np.concatenate([moved((1, 0), (1, 0), (1, 0)), still(), still()], 1)
    truth = np.concatenate([still()] * 3, 1)
    present = np.array([[True, True, False]] * 3)
    errors = forecast_errors(said, truth, present)
    np.testing.assert_allclose(errors.ade, [1, 0, np.nan])
    assert np.isnan(errors.iou[2])
    assert np.isnan(errors.fde_sizes[2])


def test_sizes_make_it_independent_of_the_resolution() -> None:
    said, truth = moved((1, 0), (2, 1), (3, 2)), still()
    small = forecast_errors(said, truth, PRESENT)
    large = forecast_errors(3 * said, 3 * truth, PRESENT)
    np.testing.assert_allclose(small.ade_sizes, large.ade_sizes)
    np.testing.assert_allclose(small.iou, large.iou)
    np.testing.assert_allclose(3 * small.fde, large.fde)


def test_shapes_must_fit() -> None:
    with pytest.raises(ShapeError, match="truth: expected"):
        forecast_errors(still(), still(2), PRESENT)


def test_a_box_on_another_object_is_taken_wherever_both_are_labelled() -> None:
    truth = np.concatenate([still(), still() + 6], 1)  # they do not overlap
    said = truth.copy()
    said[1:, 0] = truth[1:, 1]  # the first goes over to the second
    present = np.array([[True, True], [True, True], [True, False]])
    np.testing.assert_allclose(taken(said, truth, present), [1 / 3, 0])
    nowhere = np.full_like(truth, 500.0)
    nowhere[..., 2:] = 510.0
    np.testing.assert_allclose(taken(nowhere, truth, present), [0, 0])
    assert np.isnan(taken(said, truth, present & np.array([False, True]))[0])
