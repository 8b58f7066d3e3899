import json
from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.init_boxes import check_boxes_in_frame, parse_box, read_init_boxes

BOX = [10, 20, 30, 40]


def save(folder: Path, text: str, name: str = "boxes.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("10,20,30,40\n1,2,3,4\n", [1, 2]),
        ("10 20 30 40\n\n1 2 3 4\n", [1, 2]),
        ("x,y,w,h\n10,20,30,40\n1,2,3,4\n", [1, 2]),
        ("Left, Top, Width, Height\n10,20,30,40\n1,2,3,4\n", [1, 2]),
        ("id,x,y,w,h\n9,10,20,30,40\n5,1,2,3,4\n", [9, 5]),
        ("1,7,10,20,30,40,1,-1,-1,-1\n1,3,1,2,3,4,1,-1,-1,-1\n2,7,0,0,1,1\n", [7, 3]),
        ("1,-1,10,20,30,40,1,-1,-1,-1\n1,-1,1,2,3,4,1,-1,-1,-1\n", [1, 2]),
        ("1,7,10,20,30,40,1,1,1\n1,8,9,9,9,9,0,1,1\n1,3,1,2,3,4,1,1,1\n", [7, 3]),
        (json.dumps([BOX, [1, 2, 3, 4]]), [1, 2]),
        (json.dumps([{"id": 4, "box": BOX}, {"id": 0, "box": [1, 2, 3, 4]}]), [4, 0]),
        (json.dumps([dict(zip("xywh", BOX, strict=True)), {"box": [1, 2, 3, 4]}]), [1, 2]),
    ],
)
def test_every_layout(tmp_path: Path, text: str, ids: list[int]) -> None:
    found, boxes = read_init_boxes(save(tmp_path, text), frame=0)
    assert (found.dtype, boxes.dtype) == (np.int64, np.float64)
    assert found.tolist() == ids
    assert boxes.tolist() == [[10, 20, 40, 60], [1, 2, 4, 6]]


def test_frame_is_zero_based(tmp_path: Path) -> None:
    path = save(tmp_path, "1,7,10,20,30,40\n2,8,1,2,3,4\n")
    ids, _ = read_init_boxes(path, frame=1)
    assert ids.tolist() == [8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"boxes\.txt: no boxes in this file"),
        ("x,y,w,h\n", r"boxes\.txt: no boxes in this file"),
        ("[]", r"boxes\.txt: no boxes in this file"),
        ("a,b,c,d\n1,2,3,4\n", r"boxes\.txt:1: header 'a,b,c,d' is unknown"),
        ("1,2,3\n", r"boxes\.txt:1: got 3 columns; expected `x,y,w,h`"),
        ("1,2,3,4,5\n", r"boxes\.txt:1: got 5 columns"),
        ("1,2,3,4\n1,2,3\n", r"boxes\.txt:2: expected 4 columns as above, got 3"),
        ("1,1,2,3,4,5\n1,2,3\n", r"boxes\.txt:2: expected 6 columns as above, got 3"),
        ("1,2,3,4\n1,2,x,4\n", r"boxes\.txt:2: expected numbers, got '1,2,x,4'"),
        ("1,2,nan,4\n", r"boxes\.txt:1: a value is not finite"),
        ("1,2,3,0\n", r"boxes\.txt:1: width 3 and height 0 must be positive"),
        ("id,x,y,w,h\n1,1,2,3,4\n1,5,6,7,8\n", r"boxes\.txt:3: id 1 is there twice, first at 2"),
        ("id,x,y,w,h\n1,1,2,3,4\n-1,5,6,7,8\n", r"boxes\.txt:3: no id, but other boxes have"),
        ("id,x,y,w,h\n1.5,1,2,3,4\n", r"boxes\.txt:2: id 1\.5 must be a whole number"),
        ("3,1,1,2,3,4\n5,1,1,2,3,4\n", r"no box at frame 1 .*; the file has frame 3, 5"),
        (
            "".join(f"{n},1,1,2,3,4\n" for n in range(2, 12)),
            r"no box at frame 1 .*; the file has 10 frames from 2 to 11",
        ),
        ("[[1, 2, 3, 4],\n oops]", r"boxes\.txt:2: not valid JSON"),
        ('{"boxes": []}', r"boxes\.txt: no boxes in this file"),
        ("[[1, 2, 3]]", r"boxes\.txt: box 1: expected \[x, y, w, h\]"),
        ('[[1, 2, 3, "4"]]', r"boxes\.txt: box 1: expected"),
        ('[{"id": "a", "box": [1, 2, 3, 4]}]', r"boxes\.txt: box 1: expected"),
        ('[{"x": 1, "y": 2}]', r"boxes\.txt: box 1: expected"),
        ("[[1, 2, 3, 4], [1, 2, NaN, 4]]", r"boxes\.txt: box 2: a value is not finite"),
        ("[[1, 2, 3, 4], [1, 2, -3, 4]]", r"boxes\.txt: box 2: width -3"),
        ('[{"id": 2, "box": [1, 2, 3, 4]}, {"id": 2, "box": [1, 2, 3, 4]}]', "box 2: id 2 is"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_init_boxes(save(tmp_path, text), frame=0)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file"):
        read_init_boxes(tmp_path / "boxes.txt", frame=0)


def test_flag() -> None:
    assert parse_box("1.5, 2,3,4").tolist() == [1.5, 2, 4.5, 6]
    assert parse_box("1 2 3 4").tolist() == [1, 2, 4, 6]
    for text in ("1,2,3", "1,2,3,x", ""):
        with pytest.raises(ConfigError, match="expected x,y,width,height in pixels"):
            parse_box(text)
    for text in ("1,2,0,4", "1,2,3,inf"):
        with pytest.raises(ConfigError, match="must be positive"):
            parse_box(text)


def test_box_outside_the_frame() -> None:
    ids = np.array([3, 8])
    boxes = np.array([[-5.0, -5, 5, 5], [640.0, 10, 700, 60]])
    check_boxes_in_frame(ids, boxes, 641, 480, "boxes.txt")
    check_boxes_in_frame(ids[:0], boxes[:0], 641, 480, "boxes.txt")
    with pytest.raises(FormatError, match=r"boxes\.txt: box 2 \(id 8; x 640 to 700.*640x480"):
        check_boxes_in_frame(ids, boxes, 640, 480, "boxes.txt")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('{"bbox": [1, 2, 30, 40]}', [1]),
        ('[{"id": 4, "bbox": [1, 2, 30, 40]}]', [4]),
        ('{"7": [1, 2, 30, 40], "9": [5, 2, 30, 40]}', [7, 9]),
        ('{"boxes": [[1, 2, 30, 40]]}', [1]),
    ],
)
def test_json_as_others_write_it(tmp_path: Path, text: str, ids: list[int]) -> None:
    path = tmp_path / "boxes.json"
    path.write_text(text)
    found, boxes = read_init_boxes(path, frame=0)
    assert found.tolist() == ids
    assert boxes[0].tolist() == [1, 2, 31, 42]
