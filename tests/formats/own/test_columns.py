import json
from pathlib import Path

import pytest

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.own.columns import read_csv, read_jsonl, render_csv, render_jsonl
from mohart.formats.rows import DamagedFileError
from mohart.structures import Tracks

HEADER = "frame,track_id,x1,y1,x2,y2"


def save(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def record() -> Annotation:
    tracks = Tracks.from_columns(
        [0, 3],
        [7, -1],
        [[1, 2, 3, 4.1], [0, 0, 1, 1]],
        class_id=[2, 2],
        confidence=[0.1, 1],
        ignored=[0, 1],
    )
    return Annotation(
        tracks=tracks,
        classes={2: "red, panda"},
        name="v",
        width=4,
        height=3,
        frame_rate=12.5,
        length=9,
        extras={"speed": ("", "2.5")},
    )


def test_csv_text() -> None:
    rendered = render_csv(record())
    assert rendered.content == (
        "frame,track_id,x1,y1,x2,y2,confidence,visibility,ignored,class_id,class_name,speed\n"
        '0,7,1.0,2.0,3.0,4.1,0.1,1.0,0,2,"red, panda",\n'
        '3,-1,0.0,0.0,1.0,1.0,1.0,1.0,1,2,"red, panda",2.5\n'
    )
    assert rendered.lost == [
        "video: CSV has no place for size 4x3, frame rate 12.5 per second, length 9 frames, the "
        "last box is in number 4"
    ]


def test_csv_with_the_needed_columns_only(tmp_path: Path) -> None:
    found = read_csv(save(tmp_path, f"\ufeff{HEADER}\n4,2,1,2,3,4\n\n5,2,1,2,3,4\n"))
    assert found.tracks.frame.tolist() == [4, 5]  # counted from 0
    assert found.tracks.boxes[0].tolist() == [1, 2, 3, 4]  # corners
    assert found.tracks.confidence.tolist() == [1, 1]
    assert (found.name, found.classes, found.extras) == ("a", {1: "class_1"}, {})


def test_class_names_without_numbers(tmp_path: Path) -> None:
    found = read_csv(save(tmp_path, f"class_name,{HEADER}\nvan,0,1,1,2,3,4\ncar,0,2,1,2,3,4\n"))
    assert found.row_names == ["van", "car"]
    assert found.classes == {1: "car", 2: "van"}


def test_jsonl_text(tmp_path: Path) -> None:
    rendered = render_jsonl(record())
    first, second, third = str(rendered.content).splitlines()
    assert json.loads(first) == {
        "video": {"name": "v", "width": 4, "height": 3, "frame_rate": 12.5, "length": 9}
    }
    assert "speed" not in json.loads(second)
    assert json.loads(third)["speed"] == 2.5
    assert rendered.lost == []
    found = read_jsonl(save(tmp_path, str(rendered.content), "b.jsonl"))
    assert (found.name, found.width, found.frame_rate, found.length) == ("v", 4, 12.5, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.csv:1: an empty file; expected the columns frame,track_id"),
        ("frame,track,x1,y1,x2,y2\n", r"a\.csv:1: no column 'track_id'; did you mean 'track'"),
        (f"{HEADER},x1\n", r"a\.csv:1: column 'x1' is there twice"),
        (
            f"{HEADER}\n1,2,3,4,5,6\n1,2,3\n",
            r"a\.csv:3: expected 6 columns as in the header, got 3",
        ),
        (f"{HEADER}\n1,2,x,4,5,6\n", r"a\.csv:2: box value 1: expected a number, got 'x'"),
        (f"{HEADER}\n1,2,9,4,5,6\n", r"a\.csv:2: size -4 x 2 is negative; boxes are left, top, r"),
        (f'{HEADER}\n"1"2,3\n', r"a\.csv:2: not CSV"),
    ],
)
def test_csv_problems_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_csv(save(tmp_path, text))


ROW = '{"frame": 0, "track_id": 1, "x1": 1, "y1": 2, "x2": 3, "y2": 4}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{ROW}[1]\n", r"a\.jsonl:2: expected an object"),
        (f"{ROW}{{\n", r"a\.jsonl:2: not JSON"),
        (ROW.replace("track_id", "track"), r"a\.jsonl:1: no 'track_id'; did you mean 'track'"),
        (ROW.replace("1,", '"a",', 1), r"a\.jsonl:1: id: expected a number, got 'a'"),
        ('{"video": 3}\n', r"a\.jsonl:1: video: expected an object"),
        ('{"video": {"width": "4"}}\n', r"a\.jsonl:1: video: width must be a number above 0"),
        ('{"video": {"length": 2.5}}\n', r"a\.jsonl:1: video: length must be a number"),
        ('{"video": {"frame_rate": NaN}}\n', r"a\.jsonl:1: video: frame_rate must be"),
        (ROW.replace("}", ', "class_id": [1]}'), r"a\.jsonl:1: class: expected a number"),
    ],
)
def test_jsonl_problems_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_jsonl(save(tmp_path, text, "a.jsonl"))


def test_values_that_are_no_single_value_are_reported(tmp_path: Path) -> None:
    text = ROW.replace("}", ', "mask": [1], "ok": true}')
    found = read_jsonl(save(tmp_path, text, "a.jsonl"))
    assert found.unread == ("mask: no single value, dropped (1 boxes)",)
    assert found.extras == {"ok": ("true",)}


def test_all_problems_at_once(tmp_path: Path) -> None:
    path = save(tmp_path, f"{HEADER}\nx,2,3,4,5,6\n1,2,nan,4,5,6\n-1,2,3,4,5,6\n")
    with pytest.raises(DamagedFileError) as caught:
        read_csv(path)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]


def test_without_identities_none_are_needed_and_none_are_read(tmp_path: Path) -> None:
    found = read_csv(save(tmp_path, "frame,x1,y1,x2,y2\n0,1,2,3,4\n"), identities=False)
    assert found.tracks.track_id.tolist() == [-1]
    twice = save(tmp_path, f"{HEADER}\n0,1,1,2,3,4\n0,1,5,6,7,8\n")
    assert len(read_csv(twice, identities=False).tracks) == 2
    with pytest.raises(FormatError, match="id 1 has two boxes"):
        read_csv(twice)
    line = '{"frame": 2, "x1": 1, "y1": 2, "x2": 3, "y2": 4}\n'
    assert len(read_jsonl(save(tmp_path, line, "a.jsonl"), identities=False).tracks) == 1
    with pytest.raises(FormatError, match="no column 'frame'"):
        read_csv(save(tmp_path, "x1,y1,x2,y2\n1,2,3,4\n"), identities=False)
