"""Annotations -> one COCO video JSON file; see `video` for the conventions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from mohart.boxes import xyxy_to_xywh
from mohart.errors import FormatError
from mohart.formats.annotation import DECIMALS, Annotation, Losses, Rendered
from mohart.formats.class_names import class_name, numbers_of
from mohart.formats.coco.video import attribute_value

MAX_IMAGES = 2_000_000  # frames of all videos together; a line of 130 letters each


def render_coco_vid(records: Sequence[Annotation]) -> Rendered:
    """One JSON file with one or more videos, an element a line.

    Returns:
        The text and what is lost: nothing but what the sources could not say, and class numbers
        where two videos mean different classes by one number.

    Raises:
        FormatError: the videos have more frames together than a file can list.
    """
    classes, lost = _classes(records)
    numbers = numbers_of(classes)
    videos: list[dict[str, Any]] = []
    images: list[Iterator[dict[str, Any]]] = []  # a line of text each, made when it is written
    image_count = 0
    tracks: dict[tuple[int, int], dict[str, int]] = {}
    boxes: list[dict[str, Any]] = []
    several = len(records) > 1
    total = sum(record.frames for record in records)
    if total > MAX_IMAGES:
        raise FormatError(
            f"{len(records)} videos of {total} frames: COCO lists every frame, which is too much "
            f"beyond {MAX_IMAGES}; correct the lengths, or convert the videos one by one"
        )
    for video_id, record in enumerate(records, 1):
        losses = Losses(record, "COCO video JSON")
        losses.class_numbers(numbers)
        lost += [f"{record.name}: {text}" if several else text for text in losses.found]
        first_image = image_count + 1
        image_count += record.frames
        videos.append(_video(record, video_id))
        images.append(_images(record, video_id, first_image, several))
        for row in _annotations(record):
            row["category_id"] = numbers[row.pop("name")]
            row |= {"id": len(boxes) + 1, "image_id": first_image + row.pop("frame")}
            own = row["attributes"].get("track_id")
            if own is not None:
                unique = len(tracks) + 1 if several else own
                entry = {"id": unique, "category_id": row["category_id"], "video_id": video_id}
                row["track_id"] = tracks.setdefault((video_id, own), entry)["id"]
            boxes.append(row | {"video_id": video_id})
    content = {
        "info": {"description": "written by mohart"},
        "licenses": [],
        "categories": [{"id": n, "name": name, "supercategory": ""} for n, name in classes.items()],
        "videos": videos,
        "images": chain.from_iterable(images),
        "tracks": list(tracks.values()),
        "annotations": boxes,
    }
    return Rendered("".join(_json(content)), lost)


def _classes(records: Sequence[Annotation]) -> tuple[dict[int, str], list[str]]:
    """One table of classes for all videos."""
    classes: dict[int, str] = {}
    clash = False
    for record in records:
        for number, name in record.classes.items():
            clash |= classes.setdefault(number, name) != name
    if clash or len(set(classes.values())) < len(classes):
        names = {name for record in records for name in record.classes.values()}
        classes = dict(enumerate(sorted(names), 1))
    return dict(sorted(classes.items())), []


def _video(record: Annotation, video_id: int) -> dict[str, Any]:
    facts = {"width": record.width, "height": record.height, "fps": record.frame_rate}
    known = {key: value for key, value in facts.items() if value is not None}
    return {"id": video_id, "name": record.name, "length": record.frames, **known}


def _images(
    record: Annotation, video_id: int, first_image: int, several: bool
) -> Iterator[dict[str, Any]]:
    size = {} if record.width is None else {"width": record.width, "height": record.height}
    folder = f"{record.name}/" if several and record.name else ""
    for frame in range(record.frames):
        yield {
            "id": first_image + frame,
            "video_id": video_id,
            "frame_id": frame,
            "frame_index": frame,
            "file_name": f"{folder}frame_{frame:06d}.png",
            **size,
        }


def _annotations(record: Annotation) -> Iterator[dict[str, Any]]:
    """The boxes; class name and frame still have to be replaced by ids."""
    tracks = record.tracks
    boxes_xywh = np.round(xyxy_to_xywh(tracks.boxes), DECIMALS) + 0.0
    confident = bool((tracks.confidence == 1).all())
    seen = bool((tracks.visibility == 1).all())
    scored = not tracks.ignored.any()
    for k, box in enumerate(boxes_xywh.tolist()):
        attributes: dict[str, object] = {"occluded": bool(tracks.visibility[k] < 1)}
        if tracks.track_id[k] >= 0:
            attributes["track_id"] = int(tracks.track_id[k])
        if not seen:
            attributes["visibility"] = float(tracks.visibility[k])
        if not scored:
            attributes["ignored"] = bool(tracks.ignored[k])
        for name, texts in record.extras.items():
            if texts[k]:
                attributes[name] = attribute_value(texts[k])
        score = {} if confident else {"score": float(tracks.confidence[k])}
        yield {
            "frame": int(tracks.frame[k]),
            "name": class_name(record.classes, int(tracks.class_id[k])),
            "bbox": box,
            "area": round(box[2] * box[3], DECIMALS),
            "iscrowd": 0,
            **score,
            "attributes": attributes,
        }


def _json(content: Mapping[str, Any]) -> Iterator[str]:
    """JSON with one element of a list per line, so that errors have lines and diffs are small."""
    yield "{"
    for k, (key, value) in enumerate(content.items()):
        yield f"{',' if k else ''}\n{json.dumps(key)}: "
        if not isinstance(value, (list, Iterator)):
            yield json.dumps(value)
            continue
        yield "["
        n = -1
        for n, element in enumerate(value):
            yield f"{',' if n else ''}\n{json.dumps(element)}"
        yield "]" if n < 0 else "\n]"
    yield "\n}\n"
