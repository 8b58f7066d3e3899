from pathlib import Path

import numpy as np
import pytest

from mohart.metrics.overlap import WindowOverlap, summarise_windows
from mohart.tracking.initialised import InitialisedResult, TrackerResult
from mohart.tracking.initialised_scores import initialised_scores


def test_one_row_per_tracker_in_percent(tmp_path: Path) -> None:
    iou = np.array([[np.nan], [0.8], [0.4]])
    overlap = summarise_windows([WindowOverlap(iou, np.zeros(iou.shape, bool))])
    tracker = TrackerResult(overlap=overlap, frames=3, fps=50.0, fps_with_decode=40.0)
    result = InitialisedResult(
        source="clip",
        window=3,
        stride=2,
        min_area=0,
        windows=1,
        objects=1,
        frame_rate=25.0,
        trackers={"a": tracker, "b": tracker},
        warnings=("look",),
    )
    truth = tmp_path / "gt.txt"
    truth.write_text("1,1,0,0,9,9\n")
    scores = initialised_scores(result, truth=truth)
    assert [row.tracker for row in scores.rows] == ["a", "b"]
    values = scores.rows[0].scores
    assert values["IoU"] == pytest.approx(60)
    assert values["succ@.5"] == pytest.approx(50)
    assert values["moved"] is None
    assert scores.protocol.benchmark == "windows of 3 frames, every 2"
    assert (scores.notes, len(scores.dataset.truth_sha256)) == (("look",), 64)
    assert scores.to_csv().startswith("tracker,class,sequence,IoU,moved,")
