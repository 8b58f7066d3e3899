"""Whatever a detector returns becomes `Detections`, or a clear error."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, ShapeError
from mohart.structures import Detections, TrackedObjects
from mohart.tracking.detections import as_detections

BOX = [10.0, 20.0, 30.0, 60.0]


@pytest.mark.parametrize(
    ("given", "score", "class_id"),
    [
        ([BOX], 1.0, -1),
        ([[*BOX, 0.5]], 0.5, -1),
        (np.array([[*BOX, 0.5, 3]]), 0.5, 3),
        (SimpleNamespace(xyxy=np.array([BOX]), confidence=None, class_id=None), 1.0, -1),
        (SimpleNamespace(xyxy=[BOX], confidence=[0.5], class_id=[3]), 0.5, 3),
        (SimpleNamespace(xyxy=[BOX]), 1.0, -1),
    ],
)
def test_arrays_and_anything_with_xyxy_are_taken(given: Any, score: float, class_id: int) -> None:
    found = as_detections(given)
    assert found.xyxy.tolist() == [BOX]
    assert found.xyxy.dtype == np.float32
    assert found.confidence.tolist() == [score]
    assert found.class_id.tolist() == [class_id]


@pytest.mark.parametrize("given", [[], np.zeros((0, 4)), np.zeros((0, 6)), Detections.empty()])
def test_nothing_found_is_not_an_error(given: Any) -> None:
    assert len(as_detections(given)) == 0


def test_the_callers_array_is_copied() -> None:
    mine = np.array([BOX], np.float32)
    found = as_detections(mine)
    mine[:] = 0
    assert found.xyxy.tolist() == [BOX]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (np.zeros((2, 3)), ShapeError, r"detections are \[2, 3\]; expected an array \[M, 4\]"),
        ("boxes", ShapeError, "no array of numbers"),
        (SimpleNamespace(xyxy=[BOX], confidence=[0.1, 0.2]), ShapeError, "1 boxes, but 2 of conf"),
        (SimpleNamespace(xyxy=[[1, 2]]), ShapeError, r"xyxy is \[1, 2\]"),
        ([[*BOX, 1.5]], ConfigError, "detection 0 .* has a score outside 0..1"),
        ([BOX, [30, 20, 10, 60]], ConfigError, "detection 1 .* has x1 > x2"),
        ([[np.nan, 0, 1, 1]], ConfigError, "is not finite"),
        ([[*BOX, 1, 0.5]], ConfigError, "class that is not a whole number"),
    ],
)
def test_what_can_not_be_used_is_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_detections(given)


def test_tracked_objects_go_to_supervision_or_say_how_to_get_it() -> None:
    tracks = TrackedObjects(
        np.array([BOX], np.float32),
        np.array([7]),
        np.array([0.5], np.float32),
        np.array(["active"]),
    )
    try:
        import supervision
    except ImportError:
        with pytest.raises(FileNotFoundError, match="pip install supervision"):
            tracks.to_supervision()
        return
    converted = tracks.to_supervision()
    assert isinstance(converted, supervision.Detections)
    assert converted.tracker_id.tolist() == [7]
    assert as_detections(converted).xyxy.tolist() == [BOX]


@pytest.mark.parametrize(("score", "meant"), [(1.0000001192, 1.0), (1.0005, 1.0), (-1e-9, 0.0)])
def test_a_score_that_rounding_put_outside_is_what_was_meant(score: float, meant: float) -> None:
    assert as_detections([[*BOX, score]]).confidence.tolist() == [meant]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([*BOX, 1.01], "score outside 0..1"),
        ([0.0, 0.0, 1e39, 10.0], "is no place in a picture"),
        ([*BOX, 0.5, 1e300], "is no number of a class"),
    ],
)
def test_numbers_that_nothing_can_have_are_refused(row: list[float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        as_detections([row])


def test_a_number_that_no_float_holds_is_no_detection() -> None:
    with pytest.raises(ShapeError, match="no array of numbers"):
        as_detections([[10**400] * 4])
