from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.formats.regions import read_regions, read_zones

ROOM = [[0, 0], [40, 0], [40, 30]]


def write(folder: Path, content: Any) -> Path:
    path = folder / "regions.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_lines_and_zones_by_hand(tmp_path: Path) -> None:
    lines, zones = {"door": [[1, 2], [3.5, 4]]}, {"room": ROOM, "hall": ROOM}
    content = {"lines": lines, "zones": zones, "anchor": "centre", "size": [64, 48]}
    found = read_regions(write(tmp_path, content))
    assert [(line.name, line.points.tolist()) for line in found.lines] == [
        ("door", [[1, 2], [3.5, 4]])
    ]
    assert [zone.name for zone in found.zones] == ["room", "hall"]
    assert found.zones[0].points.tolist() == ROOM
    assert (found.anchor, found.size) == ("centre", (64, 48))


def test_a_list_of_polygons_is_zones_by_number(tmp_path: Path) -> None:
    zones = read_zones(write(tmp_path, [ROOM, ROOM]))
    assert [zone.name for zone in zones] == ["1", "2"]


def test_labelme(tmp_path: Path) -> None:
    shapes = [
        {"label": "door", "shape_type": "line", "points": [[0, 0], [9, 0]]},
        {"label": "room", "shape_type": "polygon", "points": ROOM},
        {"label": "screen", "shape_type": "rectangle", "points": [[2, 3], [12, 8]]},
        {"label": "well", "shape_type": "circle", "points": [[20, 20], [20, 25]]},
    ]
    content = {"version": "5", "shapes": shapes, "imageWidth": 64, "imageHeight": 48}
    found = read_regions(write(tmp_path, content))
    assert [line.name for line in found.lines] == ["door"]
    assert [zone.name for zone in found.zones] == ["room", "screen", "well"]
    assert found.zones[1].area == 50
    assert found.zones[2].area == pytest.approx(3.14159 * 25, rel=0.02)
    assert (found.anchor, found.size) == ("foot", (64, 48))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "regions.json:1: not JSON"),
        ("7", r'a int; expected \{"lines"'),
        ({"zone": {}}, "unknown key 'zone'; did you mean 'zones'"),
        ({}, "has neither lines nor zones"),
        ({"zones": [ROOM]}, "zones: a list; expected"),
        ({"zones": {"a": [[0, 0, 1]]}}, r"zones: a: expected points \[\[x, y\], ...\]"),
        ({"zones": {"a": [[0, "b"]]}}, "zones: a: expected points"),
        ('{"zones": {"a": [[0, NaN], [1, 1], [2, 5]]}}', "zones: a: expected points"),
        ({"zones": {"a": [[0, 0], [1, 1]]}}, "zone 'a': expected at least three corners"),
        ({"lines": {"a": ROOM}}, "line 'a': expected two points"),
        ({"lines": {"a": ROOM[:2]}, "anchor": "head"}, "anchor: expected foot or centre"),
        ({"lines": {"a": ROOM[:2]}, "size": [0, 5]}, r"size: expected \[width, height\]"),
        ({"shapes": {}}, "shapes: expected a list of objects"),
        ({"shapes": [{"label": "a"}]}, "shapes: number 1: expected points"),
        (
            {"shapes": [{"label": "a", "shape_type": "point", "points": [[1, 1]]}]},
            "number 1: a point of 1 points is neither a line nor an area",
        ),
    ],
)
def test_what_is_something_else_is_told(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_regions(write(tmp_path, content))


def test_lines_are_no_zones_and_a_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="'door' is a line; expected polygons"):
        read_zones(write(tmp_path, {"lines": {"door": ROOM[:2]}, "zones": {"a": ROOM}}))
    with pytest.raises(MissingDataError, match=r"none\.json: no such file"):
        read_regions(tmp_path / "none.json")
