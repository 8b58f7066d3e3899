"""mohart.formats.keyframes: boxes of several frames in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.errors import FormatError
from mohart.formats.keyframes import read_keyframes, write_keyframes
from mohart.keyframes import Keyframes


def read(folder: Path, text: str, **options: Any) -> Any:
    (folder / "boxes.csv").write_text(text)
    return read_keyframes(folder / "boxes.csv", **options)


EXPECTED = [[0, 7, False], [0, 3, False], [39, 7, False], [59, 3, True]]


@pytest.mark.parametrize(
    "text",
    [
        "frame,id,x,y,w,h\n1,7,10,20,30,40\n1,3,1,2,3,4\n40,7,12,20,30,40\n60,3,end\n",
        "60,3,end\n1,7,10,20,30,40\n1,3,1,2,3,4\n40,7,12,20,30,40\n",
        "frame,id,left,top,width,height\n1,7,10,20,30,40\n1,3,1,2,3,4\n40,7,12,20,30,40\n60,3,,,,\n",
        "1,7,10,20,30,40,1,-1,-1,-1\n1,3,1,2,3,4,1,-1,-1,-1\n40,7,12,20,30,40,1,-1,-1,-1\n60,3,END\n",
        "1 7 10 20 30 40\n1 3 1 2 3 4\n40 7 12 20 30 40\n60 3 end\n",
        json.dumps(
            [
                {"frame": 1, "id": 7, "x": 10, "y": 20, "w": 30, "h": 40},
                {"frame": 1, "id": 3, "box": [1, 2, 3, 4]},
                {"frame": 40, "id": 7, "box": [12, 20, 30, 40]},
                {"frame": 60, "id": 3, "end": True},
            ]
        ),
    ],
)
def test_every_layout(tmp_path: Path, text: str) -> None:
    found, note = read(tmp_path, text)
    columns = zip(found.frame, found.track_id, found.end, strict=True)
    assert [[x.item() for x in row] for row in columns] == EXPECTED
    assert found.boxes[:3].tolist() == [[10, 20, 40, 60], [1, 2, 4, 6], [12, 20, 42, 60]]
    assert note is None


def test_boxes_without_frames_are_of_the_frame_that_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "10,20,30,40\n").keyframes.frame.tolist() == [0]
    assert read(tmp_path, "10,20,30,40\n", frame=4).keyframes.frame.tolist() == [4]


def test_one_frame_or_all_of_a_file_of_labels(tmp_path: Path) -> None:
    labels = "".join(f"{t},{n},{t},5,9,9,1,1,1\n" for t in range(1, 9) for n in (1, 2))
    found, note = read(tmp_path, labels)
    assert found.frame.tolist() == [0, 0]
    assert "labels frame after frame: the boxes of frame 1 are taken" in note
    found, note = read(tmp_path, labels, frame=3)
    assert (found.frame.tolist(), found.boxes[0, 0], note) == ([3, 3], 4, None)
    found, note = read(tmp_path, labels, frame="all")
    assert (len(found), note) == (16, None)
    detections = "1,-1,3,4,5,6\n9,-1,3,4,5,6\n"
    assert read(tmp_path, detections).keyframes.track_id.tolist() == [1]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(-5, 50, (6, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 20, (6, 2))], 1)
    keyframes = Keyframes.from_rows(
        [0, 0, 3, 4, 4, 9], [5, 2, 5, 2, 8, 5], boxes, [0, 0, 0, 1, 0, 1]
    )
    write_keyframes(tmp_path / "k.csv", keyframes)
    found = read_keyframes(tmp_path / "k.csv", frame="all").keyframes
    assert found.since(keyframes) is None
    np.testing.assert_allclose(found.boxes, keyframes.boxes, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,7,10,20,30,40\n1,7,1,2,3,4\n", r"csv:2: id 7 is there twice, first at 1"),
        ("1,7,10,20,30,40\n9,7,end\n9,7,1,2,3,4\n", r"csv:3: id 7 is there twice, first at 2"),
        ("0,7,10,20,30,40\n", r"csv:1: frame 0 must be a whole number from 1 on"),
        ("1.5,7,10,20,30,40\n", r"csv:1: frame 1\.5 must be a whole number"),
        ("1,7,10,20,30,0\n", r"csv:1: width 30 and height 0 must be positive"),
        ("1,7,10,20,30,40\n5,x,end\n", r"csv:2: expected numbers, got '5,x,end'"),
        ("1,7,10,20,30,40\n5,7,gone\n", r"csv:2: expected numbers, got '5,7,gone'"),
        ("1,-1,1,2,3,4\n9,-1,9,9,3,4\n", None),
        ('[{"frame": 2, "box": [1, 2, 3, 4]}, {"frame": 9, "box": [1, 2, 3, 4]}]', "need ids"),
        ('[{"frame": "b", "box": [1, 2, 3, 4]}]', "box 1: expected"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str | None) -> None:
    if message is None:  # detections, which have no ids: the first frame alone
        assert read(tmp_path, text).note is not None
        message = "need ids"
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text, frame="all")
