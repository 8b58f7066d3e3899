"""Tables of boxes as people write them mean the same to --init, --detections and convert."""

from pathlib import Path

import numpy as np
import pytest

from mohart.data.annotation_files import Source, read_source
from mohart.errors import FormatError
from mohart.formats.detect import detect_format
from mohart.formats.dialects import read_header, split_table
from mohart.formats.init_boxes import read_init_boxes
from mohart.formats.keyframes import read_keyframes
from mohart.tracking.detectors.file import FileDetector

FIRST, SECOND = [10.5, 20.0, 40.5, 60.0], [1.0, 2.0, 4.0, 6.0]
TABLES = [
    "frame,id,x,y,w,h\n1,7,10.5,20,30,40\n2,7,1,2,3,4\n",
    "# by hand\nFrame;ID;X;Y;W;H\n1;7;10,5;20;30;40\n\n# later\n2;7;1;2;3;4;\n",
    "frame\tid\tx\ty\tw\th\n1\t7\t10,5\t20\t30\t40\n2\t7\t1\t2\t3\t4\n",
    "frame id x y w h\n1 7 10.5 20 30 40\n2 7 1 2 3 4\n",
    "frame,track_id,x1,y1,x2,y2\n0,7,10.5,20,40.5,60\n1,7,1,2,4,6\n",
    "frame;track_id;x1;y1;x2;y2;label\n0;7;10,5;20;40,5;60;\n1;7;1;2;4;6;\n",
    "frame,object_id,xmin,ymin,xmax,ymax\n0,7,10.5,20,40.5,60\n1,7,1,2,4,6\n",
    '"frame","track","left","top","right","bottom"\n0,7,10.5,20,40.5,60\n1,7,1,2,4,6\n',
    "frame_number,id,left,top,width,height,conf\n1,7,10.5,20,30,40,0.5\n2,7,1,2,3,4,0.5\n",
    "score,bb_left,bb_top,bb_width,bb_height,id,frame\n.5,10.5,20,30,40,7,1\n.5,1,2,3,4,7,2\n",
    "frame,id,cx,cy,w,h\n1,7,25.5,40,30,40\n2,7,2.5,4,3,4\n",
]


@pytest.mark.parametrize("text", TABLES)
@pytest.mark.parametrize("name", ["boxes.csv", "boxes.txt"])
def test_every_reader_takes_every_dialect(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    ids, boxes = read_init_boxes(path, frame=1)
    assert (ids.tolist(), boxes.tolist()) == ([7], [SECOND])
    keyframes = read_keyframes(path, frame="all").keyframes
    assert keyframes.frame.tolist() == [0, 1]
    np.testing.assert_array_equal(keyframes.boxes, [FIRST, SECOND])
    detector = FileDetector(path)
    assert detector.at(0).xyxy.tolist() == [FIRST]
    assert detector.at(1).xyxy.tolist() == [SECOND]
    (record,) = read_source(Source(path, "boxes", detect_format(path)))
    assert record.tracks.frame.tolist() == [0, 1]
    assert record.tracks.track_id.tolist() == [7, 7]
    assert record.tracks.boxes.tolist() == [FIRST, SECOND]


def test_a_table_without_frames_is_of_one(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text("label;xmin;ymin;xmax;ymax\ncar;10,5;20;40,5;60\nbus;1;2;4;6\n")
    ids, boxes = read_init_boxes(path, frame=30)
    assert (ids.tolist(), boxes.tolist()) == ([1, 2], [FIRST, SECOND])
    with pytest.raises(
        FormatError, match=r"boxes\.csv:1: no column 'frame' in the header label,xm"
    ):
        FileDetector(path)


def test_scores_and_classes_of_a_dialect(tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    path.write_text(
        "frame,left,top,width,height,conf,class\n1,10,20,30,40,0.5,car\n1,1,2,3,4,1,dog\n"
    )
    detector = FileDetector(path)
    assert detector.at(0).confidence.tolist() == [0.5, 1.0]
    assert [detector.classes[n] for n in detector.at(0).class_id.tolist()] == ["car", "dog"]


def test_ends_below_any_header(tmp_path: Path) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text("id;frame;x1;y1;x2;y2\n2;0;10;20;40;60\n2;30;end\n3;4;1;2;4;6\n3;9;;;;\n")
    found = read_keyframes(path).keyframes
    assert found.frame.tolist() == [0, 4, 9, 30]
    assert found.track_id.tolist() == [2, 3, 3, 2]
    assert found.end.tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,id,x,y,w,h\n1,7,10,20,30\n", r"boxes\.csv:2: expected 6 columns as .* got 5"),
        ("frame,id,x,y,w,h\n1,7,10,20,30,a\n", r"boxes\.csv:2: .*expected .*number.*"),
        ("frame,id,x,y,w\n1,7,10,20,30\n", r"boxes\.csv:1: "),
        ("frame,id,x1,y1,x2,y2\n0,7,10,20,5,30\n", r"boxes\.csv:2: "),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_init_boxes(path, frame=0)
    with pytest.raises(FormatError, match=r"boxes\.csv:\d: "):
        read_source(Source(path, "boxes", detect_format(path)))


def test_what_is_no_header() -> None:
    assert read_header(["1", "2", "3", "4"]) is None
    assert read_header(["x", "y", "w"]) is None
    assert split_table("# nothing\n\n") == []
    assert split_table('a,"b,c",d\n') == [(1, ["a", "b,c", "d"])]
