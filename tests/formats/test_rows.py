from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.formats.rows import DamagedFileError, Header, Row, check_rows, make_annotation

PATH = Path("a.x")


def row(**changes: Any) -> Row:
    fields: dict[str, Any] = {"frame": "1", "track_id": 2, "box": ("1", 2.5, 3, 4)} | changes
    return Row(**fields)


def test_texts_and_numbers_become_arrays() -> None:
    checked = check_rows(
        PATH, [row(), row(track_id=None, ignored="TRUE")], [5, 6], box="xywh", first_frame=1
    )
    assert checked.frame.tolist() == [0, 0]
    assert checked.track_id.tolist() == [2, -1]
    assert checked.boxes[0].tolist() == [1, 2.5, 4, 6.5]
    assert checked.ignored.tolist() == [False, True]
    assert (checked.confidence.dtype, checked.boxes.shape) == (np.float64, (2, 4))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame": "0"}, "frame 0, but frames count from 1 in this format; add 1 to every"),
        ({"frame": "x"}, "frame: expected a number, got 'x'"),
        ({"frame": None}, "frame: expected a number, got nothing"),
        ({"frame": True}, "frame: expected a number, got True"),
        ({"frame": 1e6}, "beyond 1000000 frames"),
        ({"frame": 1.5}, "must be whole numbers"),
        ({"track_id": 2**63}, r"id 9223372036854775808 is no whole number up to 2\^63 - 1"),
        ({"track_id": 10**400}, "id: not finite"),
        ({"box": (1, 2, "nan", 4)}, "box value 3: not finite"),
        ({"box": (1, 2, [3], 4)}, r"box value 3: expected a number, got \[3\]"),
        ({"box": (1, 2, -3, 4)}, "size -3 x 4 is negative; boxes are left, top, width, height"),
        ({"box": (1, 2, 3, 1e9)}, "is no place in a picture; boxes are in pixels"),
        ({"visibility": 1.2}, r"visibility 1.2 is outside \[0, 1\]"),
        ({"ignored": "maybe"}, "ignored: expected 0 or 1, got 'maybe'"),
        ({"class_id": "x" * 99}, r"class: expected a number, got 'x+ \.\.\."),
    ],
)
def test_each_problem_has_its_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DamagedFileError, match=rf"a\.x:7: .*{message}"):
        check_rows(PATH, [row(), row(**changes)], [3, 7], box="xywh", first_frame=1)


def test_all_problems_are_found_at_once() -> None:
    rows = [row(frame="x"), row(visibility=2), row(visibility=3), row()]
    with pytest.raises(DamagedFileError, match=r"a\.x:1: .*\(1 more kinds of problem") as caught:
        check_rows(PATH, rows, [1, 2, 3, 4], box="xywh", first_frame=1)
    assert [problem.line for problem in caught.value.problems] == [1, 2]
    assert "(and 1 more line: 3)" in caught.value.problems[1].what


def test_rows_are_sorted_with_their_extras() -> None:
    rows = [row(frame=3, extras={"speed": "9"}), row(frame=1), row(frame=1, track_id=0, class_id=4)]
    checked = check_rows(PATH, rows, [1, 2, 3], box="xyxy", first_frame=0)
    found = make_annotation(PATH, checked, {1: "car"}, Header(name="n", width=5))
    assert found.tracks.frame.tolist() == [1, 1, 3]
    assert found.tracks.track_id.tolist() == [0, 2, 2]
    assert found.extras == {"speed": ("", "", "9")}
    assert found.classes == {1: "car", 4: "class_4"}
    assert (found.name, found.width, found.height) == ("n", 5, None)


def test_one_box_per_frame_and_identity() -> None:
    rows = [row(), row(), row(track_id=-1), row(track_id=-7)]
    checked = check_rows(PATH, rows, [1, 2, 3, 4], box="xywh", first_frame=1)
    with pytest.raises(DamagedFileError, match=r"a\.x:2: id 2 has two boxes in frame 0"):
        make_annotation(PATH, checked, {}, Header())
