from pathlib import Path

import numpy as np
import pytest

from mohart.evaluation.initialised.protocol import InitialisedResult, TrackerResult
from mohart.evaluation.initialised.scores import initialised_scores
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.summary import summarise_counts
from mohart.metrics.overlap.window import WindowOverlap


def result() -> InitialisedResult:
    """Two trackers that say the same; two windows of 3 frames with one object."""
    windows = []
    for values in ([np.nan, 0.8, 0.4], [np.nan, 0.9, np.nan]):
        iou = np.array(values)[:, None]
        overlap = WindowOverlap(iou, np.zeros(iou.shape, bool))
        windows.append({**count_window(overlap), "frames": 3, "seconds": 0.06, "cpu_seconds": 0.05})
    tracker = TrackerResult(
        overlap=summarise_counts(windows),
        windows=tuple(windows),
        frames=6,
        fps=50.0,
        fps_with_decode=40.0,
    )
    return InitialisedResult(
        source="clip",
        window=3,
        stride=2,
        min_area=0,
        windows=2,
        window_names=("clip@0001", "clip@0003"),
        objects=2,
        frame_rate=25.0,
        trackers={"a": tracker, "b": tracker},
        warnings=("look",),
    )


def test_a_row_per_window_and_combined_in_percent(tmp_path: Path) -> None:
    truth = tmp_path / "gt.txt"
    truth.write_text("1,1,0,0,9,9\n")
    scores = initialised_scores(result(), truth=truth)
    names = ["clip@0001", "clip@0003", "COMBINED"]
    expected = [(tracker, name) for tracker in ("a", "b") for name in names]
    assert [(row.tracker, row.sequence) for row in scores.rows] == expected
    first, second, combined = (row.scores for row in scores.rows[:3])
    assert (first["IoU"], second["IoU"]) == (pytest.approx(60), pytest.approx(90))
    assert combined["IoU"] == pytest.approx(70)  # 2.1 over 3 pairs, not the mean of 60 and 90
    assert combined["succ@.5"] == pytest.approx(200 / 3)
    assert (combined["pairs"], combined["moved"]) == (3, None)
    assert combined["fps"] == pytest.approx(50)
    assert (first["IoU low"], combined["IoU low"]) == (None, pytest.approx(60))
    assert scores.rows[2].fields["iou_at"] == pytest.approx([0, 1.7, 0.4])
    assert scores.rows[2].fields["frames"] == 6
    assert scores.dataset.sequences == {"clip@0001": 3, "clip@0003": 3}
    assert scores.protocol.benchmark == "windows of 3 frames, every 2"
    assert (scores.notes, len(scores.dataset.truth_sha256)) == (("look",), 64)
    assert scores.to_csv().startswith("tracker,class,sequence,IoU,moved,")


def test_combined_is_what_is_printed(tmp_path: Path) -> None:
    truth = tmp_path / "gt.txt"
    truth.write_text("")
    row = initialised_scores(result(), truth=truth).row("object")
    overlap = result().trackers["a"].overlap
    pairs = {
        "IoU": overlap.mean_iou,
        "succ@.5": overlap.success_50,
        "succ@.75": overlap.success_75,
        "AUC": overlap.success_auc,
        "survival": overlap.survival,
    }
    for name, estimate in pairs.items():
        assert estimate.value is not None
        assert row.scores[name] == pytest.approx(100 * estimate.value, abs=1e-9), name
