from pathlib import Path

import pytest

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.detrac.read import read_detrac
from mohart.formats.rows import DamagedFileError

# the structure of MVI_20011.xml, shortened, with an overlap of a quarter
TEXT = """<?xml version="1.0" encoding="utf-8"?>
<sequence name="MVI_20011">
  <sequence_attribute camera_state="unstable" sence_weather="sunny"/>
  <ignored_region>
    <box left="778.75" top="24.75" width="181.75" height="63.5"/>
  </ignored_region>
  <frame density="2" num="1">
    <target_list>
      <target id="1">
        <box left="592.75" top="378.8" width="160.05" height="162.2"/>
        <attribute orientation="18.488" speed="6.859" trajectory_length="5" truncation_ratio="0.1" vehicle_type="car"/>
      </target>
      <target id="4">
        <box left="100" top="200" width="40" height="20"/>
        <attribute orientation="19" speed="1.5" trajectory_length="72" truncation_ratio="0" vehicle_type="bus"/>
        <occlusion>
          <region_overlap occlusion_id="1" occlusion_status="1" left="100" top="200" width="10" height="20"/>
        </occlusion>
      </target>
    </target_list>
  </frame>
  <frame density="1" num="3">
    <target_list>
      <target id="1">
        <box left="594" top="380" width="160" height="162"/>
        <attribute vehicle_type="car"/>
      </target>
    </target_list>
  </frame>
</sequence>
"""  # noqa: E501


def read(folder: Path, text: str) -> Annotation:
    path = folder / "MVI.xml"
    path.write_text(text)
    return read_detrac(path)


def test_everything_of_a_sequence(tmp_path: Path) -> None:
    record = read(tmp_path, TEXT)
    assert (record.name, record.length) == ("MVI_20011", 3)
    assert record.tracks.frame.tolist() == [0, 0, 0, 1, 2, 2]  # num counts from 1
    assert record.tracks.track_id.tolist() == [-1, 1, 4, -1, -1, 1]
    assert record.row_names == ["DontCare", "car", "bus", "DontCare", "DontCare", "car"]
    assert record.tracks.ignored.tolist() == [True, False, False, True, True, False]
    assert record.tracks.boxes[2].tolist() == [100, 200, 140, 220]  # left, top, width, height
    assert record.tracks.visibility.tolist() == [1, 1, 0.75, 1, 1, 1]
    assert record.extras["speed"] == ("", "6.859", "1.5", "", "", "")
    assert record.classes == {1: "car", 2: "van", 3: "bus", 4: "others", 5: "DontCare"}
    assert record.unread == (
        "occlusion: 1 covered parts are kept as visibility only",
        "sequence_attribute: camera_state, sence_weather dropped",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('num="3"', 'num="x"', r"MVI\.xml:22: frame num 'x': expected a number from 1"),
        ('num="3"', 'num="0"', r"MVI\.xml:22: frame num '0'"),
        ('num="3"', 'num="9999999"', r"MVI\.xml:22: frame num '9999999'"),
        ('left="100" top', "top", r"MVI\.xml:13: box value 1: expected a number, got nothing"),
        ('width="40"', 'width="-4"', r"MVI\.xml:13: size -4 x 20 is negative"),
        ('<target id="4">', "<target>", r"MVI\.xml:13: id: expected a number, got 'nothing'"),
        ('<target id="4">', '<target id="1">', r"MVI\.xml:13: id 1 has two boxes in frame 0"),
        ('"63.5"', '"inf"', r"MVI\.xml:5: box value 4: not finite"),
    ],
)
def test_problems_name_the_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(DamagedFileError, match=message):
        read(tmp_path, TEXT.replace(old, new, 1))


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"MVI\.xml:1: expected <sequence>, found <annotations>"):
        read(tmp_path, "<annotations/>")
    region = '<box left="1" top="1" width="1" height="1"/>'
    body = f"<ignored_region>{region * 9}</ignored_region><frame num='999999'/>"
    with pytest.raises(FormatError, match="9 ignored regions in 999999 frames"):
        read(tmp_path, f"<sequence>{body}</sequence>")
