from pathlib import Path

from mohart.formats.annotation import Annotation
from mohart.formats.cvat.read import read_cvat
from mohart.formats.cvat.write import render_cvat
from mohart.structures import Tracks


def test_a_gap_is_closed_by_outside(tmp_path: Path) -> None:
    tracks = Tracks.from_columns([0, 1, 4], [7, 7, 7], [[1, 2, 3.25, 4]] * 3)
    record = Annotation(tracks=tracks, classes={1: "dog"}, name="a & b", length=5)
    text = str(render_cvat(record).content)
    boxes = [line.split(" occluded")[0].strip() for line in text.splitlines() if "<box" in line]
    assert boxes == [
        '<box frame="0" outside="0"',
        '<box frame="1" outside="0"',
        '<box frame="2" outside="1"',
        '<box frame="4" outside="0"',  # the last frame: nothing behind it to close
    ]
    assert 'xtl="1" ytl="2" xbr="3.25" ybr="4"' in text
    assert "<name>a &amp; b</name>" in text
    assert "<stop_frame>4</stop_frame>" in text
    path = tmp_path / "a.xml"
    path.write_text(text)
    assert read_cvat(path).tracks.frame.tolist() == [0, 1, 4]


def test_values_are_written_where_a_track_needs_them() -> None:
    tracks = Tracks.from_columns(
        [0, 1, 0], [1, 1, 2], [[0, 0, 1, 1]] * 3, visibility=[1, 0.5, 1], ignored=[0, 0, 1]
    )
    record = Annotation(tracks=tracks, classes={1: "dog"}, extras={"speed": ("", "", "3")})
    text = str(render_cvat(record).content)
    assert text.count('<attribute name="visibility">') == 2  # both boxes of track 1
    assert text.count('<attribute name="ignored">true') == 1
    assert text.count('<attribute name="speed"></attribute>') == 1  # ends what the box before said
    assert 'occluded="1"' in text


def test_a_class_that_changes_and_boxes_without_identity(tmp_path: Path) -> None:
    tracks = Tracks.from_columns(
        [0, 1, 0, 0],
        [3, 3, -1, -1],
        [[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3], [0, 0, 4, 4]],
        class_id=[1, 2, 1, 1],
    )
    path = tmp_path / "a.xml"
    path.write_text(str(render_cvat(Annotation(tracks=tracks, classes={1: "a", 2: "b"})).content))
    again = read_cvat(path)
    assert again.tracks.track_id.tolist() == [-1, -1, 3, 3]
    assert again.row_names == ["a", "a", "a", "b"]
    assert again.tracks.boxes[:, 3].tolist() == [3, 4, 1, 2]


def test_what_is_lost() -> None:
    tracks = Tracks.from_columns([0], [1], [[0, 0, 1, 1]], class_id=[9])
    record = Annotation(tracks=tracks, classes={9: "dog"}, width=4, height=4, frame_rate=25)
    assert render_cvat(record).lost == [
        "video: CVAT has no place for frame rate 25 per second",
        "class number: CVAT keeps names only; 9 dog will be 1",
    ]
