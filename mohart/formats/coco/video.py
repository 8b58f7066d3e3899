"""COCO video JSON <-> Annotations, as CVAT, TAO and CocoVID write it.

Conventions: `bbox` is left, top, width, height, pixels from 0. A file has one or more videos; a
frame is an entry of `images`, its number is the first of
  `frame_id` (from 0; from 1 where a video's frames start at 1, as ByteTrack's converter has it),
  `frame_index` (TAO, from 0),
  the number in `file_name` (`frame_000012.png`, CVAT, from 0),
  its place in the list.
The identity is `attributes.track_id` (CVAT), `track_id` (TAO) or `instance_id` (CocoVID).
Written: `frame_id` and `frame_index` from 0, a `track_id` unique in the file, the own number in
`attributes`, and every frame of the video, so that nothing must be guessed.

Source: CVAT manual, "MS COCO" and its track attributes; TAO toolkit, `tao.py`; OpenMMLab, CocoVID.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation, extra_name, plain_text
from mohart.formats.json_lines import ElementLines, parse_json
from mohart.formats.problems import Problem
from mohart.formats.rows import (
    DamagedFileError,
    Header,
    Row,
    check_rows,
    make_annotation,
)
from mohart.formats.text import read_text

OCCLUDED = 0.5  # visibility of a box that is called occluded, without saying how much
OWN_ATTRIBUTES = ("track_id", "visibility", "ignored", "occluded", "confidence")
KNOWN_KEYS = (
    *("id", "image_id", "video_id", "category_id", "bbox", "area", "iscrowd", "track_id", "score"),
    *("instance_id", "segmentation", "attributes", "visibility", "ignore"),
)
LISTS = ("images", "annotations", "categories")
_FRAME_NAME = re.compile(r"frame_(\d+)\.\w+$", re.IGNORECASE)


def read_coco_vid(path: Path) -> list[Annotation]:
    """The videos of a COCO JSON file, at least one.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not JSON, or not COCO; a DamagedFileError has all problems.
    """
    text = read_text(path)
    content = parse_json(text, path)
    if not isinstance(content, dict):
        raise FormatError(
            f"{path}:1: expected an object with images, annotations and categories; a list of "
            "results needs the images it was made from"
        )
    for key in (*LISTS, "videos"):
        if not isinstance(content.get(key, []), list) or (key in LISTS and key not in content):
            raise FormatError(f"{path}:1: expected a list '{key}'; export as COCO from your tool")
    problems = _Problems(path, text)
    categories = _categories(content["categories"], problems)
    videos = _videos(content, path, problems)
    places = _frames(content["images"], videos, problems)
    rows: dict[Any, list[Row]] = {video: [] for video in videos}
    indices: dict[Any, list[int]] = {video: [] for video in videos}
    unread: dict[str, int] = {}
    for index, entry in enumerate(content["annotations"]):
        place = places.get(_key(entry.get("image_id"))) if isinstance(entry, dict) else None
        if place is None:
            what = "has no image" if isinstance(entry, dict) else "is no object"
            problems.add(
                "annotations",
                index,
                f"annotation {index + 1} {what} in this file",
                "image_id must be the id of an image",
            )
            continue
        row = _row(entry, place[1], categories, unread)
        if row is None:
            what = f"annotation {index + 1}: bbox, category or attributes are missing or wrong"
            problems.add("annotations", index, what, "see docs/guide/formats.md")
            continue
        rows[place[0]].append(row)
        indices[place[0]].append(index)
    found: list[Annotation] = []
    for video, header in videos.items():
        if unread:
            header["unread"] = tuple(f"{what}: dropped ({n} boxes)" for what, n in unread.items())
        lines = ElementLines(text, "annotations", indices[video])
        try:
            checked = check_rows(path, rows[video], lines, box="xywh", first_frame=0)
            found.append(make_annotation(path, checked, categories, header))
        except DamagedFileError as error:
            problems.found += error.problems
    if problems.found:
        raise DamagedFileError(problems.found)
    return found


class _Problems:
    """Collects one problem per kind of sentence, with the lines of list elements."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self.found: list[Problem] = []
        self._kinds: set[tuple[str, str]] = set()

    def add(self, key: str, index: int, what: str, fix: str) -> None:
        if (key, fix) in self._kinds:
            return
        self._kinds.add((key, fix))
        line = ElementLines(self.text, key, [index])[0]
        self.found.append(Problem(self.path, line, what, fix))


def _key(value: object) -> object:
    """An id that can be looked up; None where it is none."""
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _categories(entries: list[Any], problems: _Problems) -> dict[int, str]:
    classes: dict[int, str] = {}
    for index, entry in enumerate(entries):
        number = entry.get("id") if isinstance(entry, dict) else None
        name = plain_text(entry.get("name", "")) if isinstance(entry, dict) else ""
        if not isinstance(number, int) or not name or abs(number) > 2**53 or number in classes:
            problems.add(
                "categories",
                index,
                f"category {index + 1} has no id and name of its own",
                'write {"id": 1, "name": "car"}',
            )
            continue
        classes[number] = name
    return classes


def _videos(content: Mapping[str, Any], path: Path, problems: _Problems) -> dict[Any, Header]:
    """Headers of the videos; key None for a file without videos."""
    videos: dict[Any, Header] = {}
    for index, entry in enumerate(content.get("videos", [])):
        key = _key(entry.get("id")) if isinstance(entry, dict) else None
        if key is None or key in videos:
            problems.add("videos", index, f"video {index + 1} has no id of its own", "number them")
            continue
        rate = entry.get("fps", entry.get("frame_rate"))
        videos[key] = Header(
            name=plain_text(entry.get("name", entry.get("file_name", ""))) or f"{path.stem}-{key}",
            width=_positive(entry.get("width")),
            height=_positive(entry.get("height")),
            length=_positive(entry.get("length")),
            frame_rate=float(rate) if _is_rate(rate) else None,
        )
    return videos or {None: Header(name=path.stem)}


def _positive(value: object) -> int | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1_000_000
    return value if fine and isinstance(value, int) else None


def _is_rate(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6


def _frames(
    images: list[Any], videos: dict[Any, Header], problems: _Problems
) -> dict[object, tuple[Any, int]]:
    """Image id -> (video, zero-based frame); fills in size, length and assumptions."""
    members: dict[Any, list[tuple[Any, Mapping[str, Any], int]]] = {video: [] for video in videos}
    seen: set[object] = set()
    for index, entry in enumerate(images):
        key = _key(entry.get("id")) if isinstance(entry, dict) else None
        video = _key(entry.get("video_id")) if key is not None else None
        video = None if None in videos else video
        if key is None or key in seen or video not in videos:
            what = f"image {index + 1} has no id of its own, or a video that is not in the list"
            problems.add("images", index, what, "number images and name their videos")
            continue
        seen.add(key)
        members[video].append((key, entry, index))
    places: dict[object, tuple[Any, int]] = {}
    for video, found in members.items():
        header = videos[video]
        numbers, assumed = _numbers([entry for _, entry, _ in found])
        taken: set[int] = set()
        for (key, _, index), frame in zip(found, numbers, strict=True):
            if not 0 <= frame < 1_000_000 or frame in taken:
                what = f"image {index + 1}: frame {frame} is there twice or out of range"
                problems.add("images", index, what, "give every image of a video its own frame")
            taken.add(frame)
            places[key] = (video, frame)
        for side in ("width", "height"):
            sizes = {_positive(entry.get(side)) for _, entry, _ in found}
            if header.get(side) is None and len(sizes) == 1:
                header[side] = sizes.pop()
        last = max(taken, default=-1) + 1
        header["length"] = max(header.get("length") or 0, last) or None
        if assumed and found:
            header["assumed"] = (assumed,)
    return places


def _numbers(entries: Sequence[Mapping[str, Any]]) -> tuple[list[int], str]:
    """Frames of the images of one video, and what had to be assumed."""
    for key in ("frame_id", "frame_index"):
        values = [entry.get(key) for entry in entries]
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            numbers = [value for value in values if isinstance(value, int)]
            if key == "frame_id" and min(numbers, default=0) == 1:
                return [n - 1 for n in numbers], "frame_id starts at 1 and is counted from 1"
            return numbers, ""
    matches = [_FRAME_NAME.search(str(entry.get("file_name", ""))) for entry in entries]
    if all(match is not None and len(match[1]) < 10 for match in matches):
        return [int(match[1]) for match in matches if match], "frames numbered by file_name"
    order = sorted(
        range(len(entries)), key=lambda k: (str(type(entries[k]["id"])), entries[k]["id"])
    )
    places = {k: place for place, k in enumerate(order)}
    return [places[k] for k in range(len(entries))], "frames numbered by the order of image ids"


def _row(
    entry: Mapping[str, Any], frame: int, categories: Mapping[int, str], unread: dict[str, int]
) -> Row | None:
    """An annotation as a row, None where it is none."""
    attributes = entry.get("attributes", {})
    box, category = entry.get("bbox"), _key(entry.get("category_id"))
    if not isinstance(attributes, dict) or not isinstance(box, list) or len(box) != 4:
        return None
    if category not in categories:
        return None
    for key, value in entry.items():
        if (key == "segmentation" and value) or key not in KNOWN_KEYS:
            unread[key] = unread.get(key, 0) + 1
    extras = {}
    for name, value in attributes.items():
        if isinstance(value, (list, dict)):
            unread[f"attribute {name}"] = unread.get(f"attribute {name}", 0) + 1
        elif name not in OWN_ATTRIBUTES and plain_text(value):
            extras[extra_name(name)] = plain_text(value)
    visibility = attributes.get("visibility", entry.get("visibility"))
    if visibility is None and attributes.get("occluded") in (True, "true", 1):
        visibility = OCCLUDED
    ignored = attributes.get("ignored", entry.get("ignore", entry.get("iscrowd")))
    track = attributes.get("track_id", entry.get("track_id", entry.get("instance_id")))
    score = attributes.get("confidence", entry.get("score"))
    corner = (box[0], box[1], box[2], box[3])
    return Row(frame, track, corner, score, visibility, ignored, category, extras)


def attribute_value(text: str) -> object:
    """A text as the JSON value that is written the same way.

    >>> attribute_value("2.5"), attribute_value("2.50"), attribute_value("true")
    (2.5, '2.50', True)
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    plain = isinstance(value, (int, float)) and json.dumps(value) == text
    return value if plain and text not in ("NaN", "Infinity", "-Infinity") else text
