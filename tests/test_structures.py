"""Records: sorted rows, selection, dense arrays."""

import dataclasses
import json

import numpy as np
import pytest

from mohart.errors import ShapeError
from mohart.structures import TrackedObjects, Tracks


def some_tracks() -> Tracks:
    """Rows given out of order: frames 2, 0, 0; ids 5, 9, 3."""
    return Tracks.from_columns(
        [2, 0, 0], [5, 9, 3], [[2, 2, 4, 4], [0, 0, 9, 9], [1, 1, 3, 3]], visibility=[0.5, 0.9, 1]
    )


def test_rows_are_sorted_by_frame_then_id_in_all_columns() -> None:
    tracks = some_tracks()
    assert tracks.frame.tolist() == [0, 0, 2]
    assert tracks.track_id.tolist() == [3, 9, 5]
    assert tracks.boxes[:, 0].tolist() == [1, 0, 2]
    assert tracks.visibility.tolist() == [1, 0.9, 0.5]


def test_missing_columns_get_their_defaults_and_dtypes() -> None:
    tracks = some_tracks()
    assert tracks.confidence.tolist() == [1, 1, 1]
    assert tracks.ignored.tolist() == [False] * 3
    assert tracks.class_id.tolist() == [1, 1, 1]
    kinds = {f.name: getattr(tracks, f.name).dtype for f in dataclasses.fields(tracks)}
    assert kinds == {
        "frame": np.int64,
        "track_id": np.int64,
        "boxes": np.float64,
        "confidence": np.float64,
        "visibility": np.float64,
        "ignored": np.bool_,
        "class_id": np.int64,
    }


def test_empty_tracks_have_no_rows_and_answer_everything() -> None:
    empty = Tracks.empty()
    assert len(empty) == 0
    assert empty.boxes.shape == (0, 4)
    assert len(empty.at(0)) == 0
    boxes, visibility, present = empty.dense(np.array([1, 2]), 0, 3)
    assert boxes.shape == (3, 2, 4)
    assert not visibility.any()
    assert not present.any()


def test_at_returns_the_rows_of_one_frame() -> None:
    tracks = some_tracks()
    assert tracks.at(0).track_id.tolist() == [3, 9]
    assert tracks.at(1).track_id.tolist() == []
    assert tracks.at(2).boxes.tolist() == [[2, 2, 4, 4]]
    assert len(tracks.at(-1)) == len(tracks.at(99)) == 0


def test_select_keeps_the_rows_of_the_mask() -> None:
    tracks = some_tracks()
    assert tracks.select(tracks.track_id > 4).track_id.tolist() == [9, 5]


def test_dense_lays_chosen_tracks_on_a_grid_of_time_and_object() -> None:
    boxes, visibility, present = some_tracks().dense(np.array([5, 3, 77]), 0, 3)
    assert present.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert boxes[0, 1].tolist() == [1, 1, 3, 3]
    assert boxes[2, 0].tolist() == [2, 2, 4, 4]
    assert boxes[~present].sum() == 0
    assert visibility.tolist() == [[0, 1, 0], [0, 0, 0], [0.5, 0, 0]]
    shifted = some_tracks().dense(np.array([5]), 2, 4)
    assert shifted[2].tolist() == [[1], [0]]


def test_records_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        some_tracks().frame = np.zeros(3, np.int64)  # type: ignore[misc]


def test_columns_of_different_length_are_an_error() -> None:
    tracks = some_tracks()
    with pytest.raises(ShapeError, match="differ in length"):
        dataclasses.replace(tracks, frame=tracks.frame[:2])
    with pytest.raises(ShapeError, match="not \\[K, 4\\]"):
        dataclasses.replace(tracks, boxes=np.zeros((3, 5)))


@pytest.mark.parametrize(
    "columns",
    [
        {"boxes": np.zeros((3, 4))},
        {"boxes": np.zeros((1, 4))},
        {"boxes": np.zeros((2, 6))},
        {"track_id": [1, 2, 3]},
        {"track_id": [1]},
        {"confidence": [1, 1, 1]},
        {"confidence": [1]},
    ],
    ids=lambda c: "-".join(f"{k}{np.shape(v)}" for k, v in c.items()),
)
def test_from_columns_refuses_columns_that_do_not_fit(columns: dict[str, object]) -> None:
    fitting = {"frame": [0, 0], "track_id": [1, 2], "boxes": np.zeros((2, 4))}
    with pytest.raises(ShapeError):
        Tracks.from_columns(**{**fitting, **columns})


def test_tracked_objects_count_their_rows() -> None:
    rows = TrackedObjects(
        np.zeros((2, 4), np.float32), np.arange(2), np.ones(2, np.float32), np.array(["active"] * 2)
    )
    assert len(rows) == 2


def four_states() -> TrackedObjects:
    return TrackedObjects(
        np.arange(16, dtype=np.float32).reshape(4, 4),
        np.array([5, 7, 2**62, -1]),
        np.array([0.5, 0.25, 0.125, 1], np.float32),
        np.array(["active", "lost", "active", "tentative"]),
        class_id=np.array([-1, 2, 3, 0]),
    )


def test_the_active_ones_are_rows_as_well() -> None:
    active = four_states().active
    assert isinstance(active, TrackedObjects)
    assert active.tracker_id.tolist() == [5, 2**62]
    assert active.active.tracker_id.tolist() == [5, 2**62]
    assert len(four_states().select(slice(1, 2)).active) == 0


def test_objects_come_one_by_one_as_plain_values() -> None:
    rows = list(four_states())
    assert rows[1] == (7, (4.0, 5.0, 6.0, 7.0), 0.25, "lost", 2)
    one = rows[2]
    assert (one.id, one.box[0], one.confidence, one.state, one.class_id) == (
        *(2**62, 8.0, 0.125, "active", 3),
    )
    assert [type(value) for value in one] == [int, tuple, float, str, int]
    assert list(four_states().select(slice(0, 0))) == []
    assert json.loads(json.dumps([row._asdict() for row in rows]))[3]["state"] == "tentative"


def fed_tracks() -> TrackedObjects:
    """Three tracks; detections 1 and 0 fed the first and the last of them."""
    count = 3
    return TrackedObjects(
        np.zeros((count, 4), np.float32),
        np.array([4, 7, 9]),
        np.ones(count, np.float32),
        np.array(["active", "predicted", "active"]),
        None,
        np.array([1, -1, 0]),
    )


def test_what_a_detector_says_beside_its_boxes_goes_to_the_tracks_that_they_fed() -> None:
    tracks = fed_tracks()
    masks = np.zeros((2, 4, 5), bool)
    masks[1, 2] = True
    carried = tracks.carried(masks)
    assert carried.shape == (3, 4, 5)
    assert carried.any((1, 2)).tolist() == [True, False, False]
    points = tracks.carried(np.arange(12.0).reshape(2, 3, 2))
    assert points[2].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert np.isnan(points[1]).all()
    assert tracks.carried(["left", "right"]).tolist() == ["right", "", "left"]
    assert tracks.carried([5, 6]).tolist() == [6, -1, 5]
    assert tracks.carried([5, 6], fill=0).tolist() == [6, 0, 5]
    with pytest.raises(ShapeError, match="at least 2, got 1"):
        tracks.carried([5])
    nobody = tracks.select(np.zeros(3, bool))
    assert nobody.carried(np.zeros((0, 4, 5), bool)).shape == (0, 4, 5)


def test_masks_and_data_of_supervision_go_along() -> None:
    supervision = pytest.importorskip("supervision", reason="pip install supervision")
    found = supervision.Detections(
        xyxy=np.zeros((2, 4), np.float32),
        mask=np.stack([np.zeros((4, 5), bool), np.ones((4, 5), bool)]),
        data={"class_name": np.array(["car", "bus"])},
    )
    given = fed_tracks().to_supervision(found)
    assert given.mask.any((1, 2)).tolist() == [True, False, False]
    assert given.data["class_name"].tolist() == ["bus", "", "car"]
    assert fed_tracks().to_supervision().mask is None
