"""Files of regions: lines and zones in a picture, as JSON by hand or from LabelMe.

By hand, points in pixels of the frame:

    {"lines": {"door": [[100, 200], [180, 200]]},
     "zones": {"platform": [[0, 0], [640, 0], [640, 120], [0, 120]]},
     "anchor": "foot"}

A list of polygons `[[[x, y], ...], ...]` is zones without names. LabelMe's files have `shapes`:
`line` is a line; `polygon`, `rectangle` and `circle` are zones; `label` is the name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mohart.errors import ConfigError, FormatError, did_you_mean
from mohart.formats.json_lines import parse_json
from mohart.formats.text import read_text
from mohart.regions import ANCHORS, Anchor, Line, Points, Regions, Zone

KEYS = ("lines", "zones", "anchor", "size")
CIRCLE = 24  # corners of one
EXPECTED = 'expected {"lines": {NAME: [[x, y], [x, y]]}, "zones": {NAME: [[x, y], ...]}}'
MAX_PIXEL = 1e6


def read_regions(path: Path) -> Regions:
    """Lines and zones of a file.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is something else; says what was expected.
    """
    content = parse_json(read_text(path), path)
    try:
        if isinstance(content, list):
            content = {"zones": {str(n): points for n, points in enumerate(content, 1)}}
        if not isinstance(content, dict):
            raise ConfigError(f"a {type(content).__name__}; {EXPECTED}")
        found = _labelme(content) if "shapes" in content else _own(content)
    except ConfigError as error:
        raise FormatError(f"{path}: {error}") from error
    if not found.lines and not found.zones:
        raise FormatError(f"{path}: has neither lines nor zones; {EXPECTED}")
    return found


def read_zones(path: Path) -> tuple[Zone, ...]:
    """The zones of a file that may have no lines.

    Raises:
        MissingDataError, FormatError: see `read_regions`.
    """
    found = read_regions(path)
    if found.lines:
        raise FormatError(
            f"{path}: '{found.lines[0].name}' is a line; expected polygons (zones) alone"
        )
    return found.zones


def _own(content: dict[str, Any]) -> Regions:
    for key in content:
        if key not in KEYS:
            raise ConfigError(f"unknown key '{key}'{did_you_mean(key, KEYS)}; {EXPECTED}")
    return Regions(
        tuple(Line(name, points) for name, points in _named(content, "lines")),
        tuple(Zone(name, points) for name, points in _named(content, "zones")),
        _anchor(content.get("anchor", "foot")),
        None if content.get("size") is None else _size(content["size"]),
    )


def _named(content: dict[str, Any], key: str) -> list[tuple[str, Points]]:
    """Names and points below a key."""
    part = content.get(key, {})
    if not isinstance(part, dict):
        raise ConfigError(f"{key}: a {type(part).__name__}; {EXPECTED}")
    return [(name, _points(points, f"{key}: {name}")) for name, points in part.items()]


def _labelme(content: dict[str, Any]) -> Regions:
    lines, zones = list[Line](), list[Zone]()
    shapes = content["shapes"]
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise ConfigError("shapes: expected a list of objects, as LabelMe writes them")
    for n, shape in enumerate(shapes, 1):
        where = f"shapes: number {n}"
        name, kind = str(shape.get("label", n)), shape.get("shape_type", "polygon")
        points = _points(shape.get("points"), where)
        if kind == "line":
            lines.append(Line(name, points))
        elif kind == "polygon":
            zones.append(Zone(name, points))
        elif kind in ("rectangle", "circle") and len(points) == 2:
            zones.append(Zone(name, _rectangle(points) if kind == "rectangle" else _circle(points)))
        else:
            raise ConfigError(
                f"{where}: a {kind} of {len(points)} points is neither a line nor an area; expected"
                " line, polygon, rectangle or circle"
            )
    size = [content.get("imageWidth"), content.get("imageHeight")]
    return Regions(tuple(lines), tuple(zones), size=None if None in size else _size(size))


def _rectangle(points: Points) -> Points:
    (left, top), (right, bottom) = points
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _circle(points: Points) -> Points:
    turns = np.linspace(0, 2 * np.pi, CIRCLE, endpoint=False)
    radius = np.hypot(*(points[1] - points[0]))
    around: Points = points[0] + radius * np.stack([np.cos(turns), np.sin(turns)], 1)
    return around


def _points(values: Any, where: str) -> Points:
    try:
        points = np.array(values, np.float64)
        good = points.ndim == 2 and points.shape[1] == 2 and bool((abs(points) < MAX_PIXEL).all())
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise ConfigError(f"{where}: expected points [[x, y], ...] in pixels")
    return points


def _anchor(value: Any) -> Anchor:
    for anchor in ANCHORS:
        if value == anchor:
            return anchor
    raise ConfigError(f"anchor: expected {' or '.join(ANCHORS)}, got {value!r}")


def _size(value: Any) -> tuple[int, int]:
    good = isinstance(value, list) and len(value) == 2
    if not good or not all(isinstance(n, int) and n > 0 for n in value):
        raise ConfigError(f"size: expected [width, height] in pixels, got {value!r}")
    return value[0], value[1]
