import numpy as np
import pytest

from mohart.errors import ShapeError
from mohart.formats.annotation import Annotation, Losses, fresh_ids
from mohart.structures import Tracks

TRACKS = Tracks.from_columns(
    [0, 0, 2], [-1, 3, 3], [[0, 0, 1, 1]] * 3, visibility=[1, 0.5, 1], class_id=[1, 2, 2]
)


def record(**more: object) -> Annotation:
    return Annotation(tracks=TRACKS, classes={1: "a", 2: "b"}, **more)  # type: ignore[arg-type]


def test_what_follows_from_the_rows() -> None:
    found = record()
    assert (found.frames, record(length=9).frames, record(length=1).frames) == (3, 9, 3)
    assert found.row_names == ["a", "b", "b"]
    assert found.has_identity.tolist() == [False, True, True]
    assert fresh_ids(found, ~found.has_identity).tolist() == [4, 3, 3]


def test_extras_have_a_text_for_every_row() -> None:
    with pytest.raises(ShapeError, match="expected 3 texts of 'speed', got 1"):
        record(extras={"speed": ("1",)})


def test_losses_count_what_is_there() -> None:
    extras = {"speed": ("1", "", ""), "x": ("", "", "2"), "y": ("1", "1", "")}
    losses = Losses(
        record(extras=extras, width=4, height=3, length=3, unread=("masks: dropped",)), "X"
    )
    losses.columns("visibility", "confidence", "ignored")
    losses.extras("y")
    losses.header("frame_rate")
    losses.class_numbers({"a": 1, "b": 7})
    assert losses.found == [
        "masks: dropped",
        "visibility: X has no place for it, dropped (1 of 3 boxes)",
        "speed, x: X has no place for it, dropped (1 of 3 boxes)",
        "video: X has no place for size 4x3",  # the length follows from the last box
        "class number: X keeps names only; 2 b will be 7",
    ]
    losses = Losses(record(length=8), "X")
    losses.header()
    assert losses.found == [
        "video: X has no place for length 8 frames, the last box is in number 3"
    ]
    losses.rows(np.zeros(3, bool), "nothing", "is lost")
    assert len(losses.found) == 1
