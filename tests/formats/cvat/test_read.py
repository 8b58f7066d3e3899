from pathlib import Path

import pytest

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.cvat.read import read_cvat
from mohart.formats.rows import DamagedFileError

META = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>4</id>
      <name>street</name>
      <size>{size}</size>
      <mode>interpolation</mode>{more}
      <labels><label><name>car</name><attributes/></label>
        <label><name>dog</name></label></labels>
      <original_size><width>640</width><height>480</height></original_size>
    </task>
    <dumped>2024-01-01</dumped>
  </meta>
"""


def box(frame: object, left: float = 0, *, outside: int = 0, more: str = "", text: str = "") -> str:
    return (
        f'<box frame="{frame}" outside="{outside}" occluded="0" keyframe="1" xtl="{left}" ytl="10" '
        f'xbr="{left + 20}" ybr="40.5" z_order="0"{more}>{text}</box>\n'
    )


def read(folder: Path, body: str, *, size: int = 10, more: str = "") -> Annotation:
    path = folder / "a.xml"
    path.write_text(META.format(size=size, more=more) + body + "</annotations>\n")
    return read_cvat(path)


def track(*boxes: str, label: str = "car", number: int = 0) -> str:
    return f'<track id="{number}" label="{label}" source="manual">\n{"".join(boxes)}</track>\n'


def test_video_and_boxes(tmp_path: Path) -> None:
    record = read(tmp_path, track(box(9, 100), number=3))
    assert (record.name, record.width, record.height, record.length) == ("street", 640, 480, 10)
    assert record.tracks.frame.tolist() == [9]  # counted from 0
    assert record.tracks.boxes.tolist() == [[100, 10, 120, 40.5]]  # corners
    assert record.tracks.track_id.tolist() == [3]
    assert record.classes == {1: "car", 2: "dog"}
    assert record.assumed == record.unread == ()


def test_a_box_moves_in_a_straight_line_between_key_frames(tmp_path: Path) -> None:
    record = read(tmp_path, track(box(1, 0), box(5, 40), box(6, outside=1)))
    assert record.tracks.frame.tolist() == [1, 2, 3, 4, 5]
    assert record.tracks.boxes[:, 0].tolist() == [0, 10, 20, 30, 40]
    assert record.tracks.boxes[:, 2].tolist() == [20, 30, 40, 50, 60]


def test_outside_ends_a_box_until_the_next_one(tmp_path: Path) -> None:
    boxes = [box(0, 0), box(2, 20, outside=1), box(5, 50), box(6, 60), box(7, 70, outside=1)]
    record = read(tmp_path, track(*boxes))
    assert record.tracks.frame.tolist() == [0, 1, 5, 6]
    assert record.tracks.boxes[:, 0].tolist() == [0, 10, 50, 60]


def test_without_outside_a_box_stays_to_the_end(tmp_path: Path) -> None:
    record = read(tmp_path, track(box(7, 5)))
    assert record.tracks.frame.tolist() == [7, 8, 9]
    assert record.tracks.boxes[:, 0].tolist() == [5, 5, 5]
    assert "1 tracks without a last outside" in record.assumed[0]
    unknown = read(tmp_path, track(box(7, 5)), size=0)
    assert (unknown.tracks.frame.tolist(), unknown.length) == ([7], None)


def test_frame_step_and_start(tmp_path: Path) -> None:
    more = "<start_frame>10</start_frame><stop_frame>24</stop_frame>"
    more += "<frame_filter>step=5</frame_filter>"
    record = read(tmp_path, track(box(10, 0), box(20, 20)), size=3, more=more)
    assert record.tracks.frame.tolist() == [10, 15, 20]  # 24 is not on the grid
    assert record.tracks.boxes[:, 0].tolist() == [0, 10, 20]
    assert record.length == 25


def test_listed_boxes_that_are_no_key_frames_are_taken_as_they_are(tmp_path: Path) -> None:
    middle = box(1, 7).replace('keyframe="1"', 'keyframe="0"')
    record = read(tmp_path, track(box(0, 0), middle, box(2, 10), box(3, outside=1)))
    assert record.tracks.boxes[:, 0].tolist() == [0, 7, 10]


def test_attributes_hold_until_changed(tmp_path: Path) -> None:
    first = '<attribute name="visibility">0.25</attribute><attribute name="speed"> 7\n</attribute>'
    second = '<attribute name="ignored">true</attribute><attribute name="frame">x</attribute>'
    boxes = [box(0, text=first), box(2, text=second), box(3, outside=1)]
    record = read(tmp_path, track(*boxes))
    assert record.tracks.visibility.tolist() == [0.25, 0.25, 0.25]
    assert record.tracks.ignored.tolist() == [False, False, True]
    assert record.extras == {"speed": ("7", "7", "7"), "frame_": ("", "", "x")}


def test_occluded_without_a_number(tmp_path: Path) -> None:
    occluded = box(8).replace('occluded="0"', 'occluded="1"')
    record = read(tmp_path, track(occluded, box(9)))
    assert record.tracks.visibility.tolist() == [0.5, 1]


def test_other_shapes_and_rotation_are_reported(tmp_path: Path) -> None:
    polygon = '<polygon frame="0" outside="0" occluded="0" keyframe="1" points="1,2;3,4"/>'
    rotated = box(9, more=' rotation="12.5"')
    record = read(tmp_path, track(polygon) + track(rotated, number=1))
    assert record.unread == ("shapes: 1 are no boxes, dropped", "rotation: dropped (1 boxes)")
    assert len(record.tracks) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (track(box("x")), r"a\.xml:17: frame: expected a number, got 'x'"),
        (track(box(0), box(0)), r"a\.xml:18: a track has two boxes in frame 0"),
        (track(box(0, outside=2)), r"a\.xml:17: outside and occluded must be 0 or 1, got '2'"),
        (track('<box frame="1" xtl="1"/>'), r"a\.xml:17: box value 2: expected a number, got noth"),
        (track(box(9)) * 2, r"a\.xml:20: id 0 has two boxes in frame 9"),
    ],
)
def test_problems_name_the_line(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(DamagedFileError, match=message):
        read(tmp_path, body)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<annotations>\n<image id="0" name="a.jpg"/></annotations>',
            "a.xml:2: this is 'CVAT for im",
        ),
        ("<sequence/>", "a.xml:1: expected <annotations>, found <sequence>"),
        ("<annotations><meta><project></project></meta></annotations>", "export the tasks one by"),
    ],
)
def test_other_files_are_refused_with_advice(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_cvat(path)


def test_absurd_lengths_are_refused(tmp_path: Path) -> None:
    body = "".join(track(box(0), number=n) for n in range(6))
    with pytest.raises(FormatError, match="5999994 boxes between key frames; is <size> right"):
        read(tmp_path, body, size=999_999)
