"""The counts of HOTA by hand, and equal to TrackEval's class on random sequences."""

from __future__ import annotations

import numpy as np
import pytest
import trackeval
from hypothesis import given
from hypothesis import strategies as st

from mohart.metrics.counting import contiguous
from mohart.metrics.filtering import Filtered, unfiltered
from mohart.metrics.hota import hota_counts
from mohart.metrics.labels import Labels


def counts(kept: Filtered) -> dict[str, np.ndarray]:
    return hota_counts(
        kept.found, contiguous(kept.truth.track_id), contiguous(kept.results.track_id)
    )


def test_one_object_that_changes_its_name_half_way() -> None:
    box = [[0, 0, 10, 10]]
    truth = Labels.from_columns(range(4), [1] * 4, box * 4)
    results = Labels.from_columns(range(4), [1, 1, 2, 2], box * 4)
    found = counts(unfiltered(truth, results))
    assert found["HOTA_TP"].tolist() == [4] * 19
    assert not found["HOTA_FN"].any()
    # each half: 2 frames together, 4 in the truth, 2 in the result
    np.testing.assert_allclose(found["AssA"], 0.5)
    np.testing.assert_allclose(found["AssRe"], 0.5)
    np.testing.assert_allclose(found["AssPr"], 1)


def test_thresholds_by_hand() -> None:
    truth = Labels.from_columns([0], [1], [[0, 0, 10, 10]])
    found = counts(unfiltered(truth, Labels.from_columns([0], [1], [[0, 0, 10, 5]])))
    assert found["HOTA_TP"].tolist() == [1] * 10 + [0] * 9  # IoU 0.5 passes 0.05 to 0.5
    np.testing.assert_allclose(found["LocA"], [0.5] * 10 + [1] * 9)
    assert found["HOTA_FP"].tolist() == found["HOTA_FN"].tolist() == [0] * 10 + [1] * 9


@pytest.mark.parametrize("rows", [(0, 0), (0, 3), (3, 0)])
def test_one_side_is_empty(rows: tuple[int, int]) -> None:
    made = [Labels.from_columns(range(n), range(n), [[0, 0, 9, 9]] * n) for n in rows]
    found = counts(unfiltered(*made))
    assert found["HOTA_FN"].tolist() == [rows[0]] * 19
    assert found["HOTA_FP"].tolist() == [rows[1]] * 19
    assert found["LocA"].tolist() == [1] * 19


rows = st.lists(
    st.tuples(*(st.integers(0, high) for high in (5, 4, 6, 6, 6))),
    max_size=24,
    unique_by=lambda row: row[:2],
)


@pytest.mark.slow
@given(truth=rows, results=rows)
def test_equal_to_trackeval(truth: list[tuple[int, ...]], results: list[tuple[int, ...]]) -> None:
    made = []
    for table in (truth, results):
        values = np.array(table, float).reshape(-1, 5)
        corners = np.stack(
            [values[:, 2], values[:, 3], values[:, 2] + 4, values[:, 3] + 2 + values[:, 4]], 1
        )
        made.append(Labels.from_columns(values[:, 0], values[:, 1], corners))
    kept = unfiltered(*made)
    ids = contiguous(kept.truth.track_id), contiguous(kept.results.track_id)
    found = kept.found
    frames = range(len(found.frame))
    metric = trackeval.metrics.HOTA()
    expected = metric.eval_sequence(
        {
            "num_gt_dets": len(truth),
            "num_tracker_dets": len(results),
            "num_gt_ids": len(set(ids[0])),
            "num_tracker_ids": len(set(ids[1])),
            "gt_ids": [ids[0][found.truth_start[f] : found.truth_start[f + 1]] for f in frames],
            "tracker_ids": [
                ids[1][found.result_start[f] : found.result_start[f + 1]] for f in frames
            ],
            "similarity_scores": [found.matrix(f) for f in frames],
        }
    )
    ours = metric.combine_sequences({"": hota_counts(found, *ids)})
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, rtol=0, atol=1e-12, err_msg=name)
