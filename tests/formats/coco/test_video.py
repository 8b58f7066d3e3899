import json
from pathlib import Path
from typing import Any

import pytest

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.coco.video import attribute_value, read_coco_vid
from mohart.formats.rows import DamagedFileError

BOX = [10.5, 20, 30, 40]


def read(folder: Path, **content: Any) -> list[Annotation]:
    path = folder / "a.json"
    start: dict[str, Any] = {
        "categories": [{"id": 3, "name": "car"}],
        "images": [],
        "annotations": [],
    }
    lines = [f"{json.dumps(key)}: {_list(value)}" for key, value in (start | content).items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}")
    return read_coco_vid(path)


def _list(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[" + ",\n".join(json.dumps(element) for element in value) + "]"


def box(image: int, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": 3,
        "bbox": BOX,
        "area": 1200,
        "iscrowd": 0,
        **more,
    }


def test_cvat_export(tmp_path: Path) -> None:
    """As CVAT exports a video task: no videos, frames in file names, identity in attributes."""
    images = [
        {"id": n + 1, "width": 64, "height": 48, "file_name": f"frame_{n:06d}.PNG"}
        for n in (0, 1, 5)
    ]
    attributes = {"occluded": True, "track_id": 7, "keyframe": False, "rotation": 0.0}
    (record,) = read(tmp_path, images=images, annotations=[box(6, attributes=attributes)])
    assert record.tracks.frame.tolist() == [5]
    assert record.tracks.boxes.tolist() == [[10.5, 20, 40.5, 60]]
    assert record.tracks.track_id.tolist() == [7]
    assert record.tracks.visibility.tolist() == [0.5]  # occluded, and not said how much
    assert record.extras == {"keyframe": ("false",), "rotation": ("0.0",)}
    assert (record.name, record.width, record.length) == ("a", 64, 6)
    assert record.assumed == ("frames numbered by file_name",)


def test_tao_file_with_two_videos(tmp_path: Path) -> None:
    videos = [
        {"id": 4, "name": "train/x"},
        {"id": 6, "name": "y", "width": 8, "height": 9, "fps": 25, "length": 40},
    ]
    images = [
        {"id": 1, "video_id": 4, "frame_index": 30},
        {"id": 2, "video_id": 6, "frame_index": 0},
    ]
    found = read(
        tmp_path,
        videos=videos,
        images=images,
        tracks=[{"id": 9}],
        annotations=[box(1, track_id=9), box(2, track_id=9)],
    )
    assert [record.name for record in found] == ["train/x", "y"]
    assert [record.tracks.frame.tolist() for record in found] == [[30], [0]]
    assert (found[1].width, found[1].frame_rate, found[1].length) == (8, 25, 40)
    assert found[0].assumed == ()


@pytest.mark.parametrize(
    ("first", "note"), [(0, ()), (1, ("frame_id starts at 1 and is counted from 1",))]
)
def test_frame_id_from_zero_or_one(tmp_path: Path, first: int, note: tuple[str, ...]) -> None:
    images = [{"id": n, "frame_id": n - 1 + first} for n in (1, 2)]
    (record,) = read(tmp_path, images=images, annotations=[box(2, instance_id=5)])
    assert record.tracks.frame.tolist() == [1]
    assert record.tracks.track_id.tolist() == [5]
    assert record.assumed == note


def test_frames_by_their_order(tmp_path: Path) -> None:
    images = [{"id": 30, "file_name": "b.jpg"}, {"id": 4, "file_name": "z.jpg"}]
    (record,) = read(tmp_path, images=images, annotations=[box(30)])
    assert record.tracks.frame.tolist() == [1]
    assert record.tracks.track_id.tolist() == [-1]
    assert record.assumed == ("frames numbered by the order of image ids",)


def test_marks_scores_and_what_is_not_read(tmp_path: Path) -> None:
    entries = [
        box(1, 1, track_id=1, score=0.5, ignore=1, segmentation=[[1, 2]], weight=4),
        box(1, 2, track_id=2, iscrowd=1, attributes={"visibility": 0.25, "list": [1], "n": None}),
    ]
    (record,) = read(tmp_path, images=[{"id": 1, "frame_id": 0}], annotations=entries)
    assert record.tracks.confidence.tolist() == [0.5, 1]
    assert record.tracks.ignored.tolist() == [True, True]
    assert record.tracks.visibility.tolist() == [1, 0.25]
    assert record.unread == (
        "segmentation: dropped (1 boxes)",
        "weight: dropped (1 boxes)",
        "attribute list: dropped (1 boxes)",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"annotations": [box(1), box(99)]}, r"a\.json:5: annotation 2 has no image"),
        ({"annotations": [box(1), 5]}, r"a\.json:5: annotation 2 is no object"),
        ({"annotations": [box(1, bbox=[1])]}, r"a\.json:4: annotation 1: bbox, category or"),
        ({"annotations": [box(1, category_id=8)]}, r"a\.json:4: annotation 1: bbox, category"),
        ({"annotations": [box(1), box(1, bbox=[1, 2, "x", 4])]}, r"a\.json:5: box value 3: expec"),
        ({"annotations": [box(1, track_id=1)] * 2}, r"a\.json:5: id 1 has two boxes in frame 0"),
        ({"images": [{"id": 1}, {"id": 1}]}, r"a\.json:4: image 2 has no id of its own"),
        (
            {"images": [{"id": 1, "frame_id": -3}]},
            r"a\.json:3: image 1: frame -3 is there twice or",
        ),
        ({"videos": [{"name": "x"}]}, r"a\.json:5: video 1 has no id of its own"),
        ({"categories": [{"id": 1}]}, r"a\.json:2: category 1 has no id and name"),
    ],
)
def test_problems_name_the_line(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    images = [{"id": 1, "frame_id": 0}]
    with pytest.raises(DamagedFileError, match=message):
        read(tmp_path, **({"images": images} | content))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", r"a\.json:1: expected an object .* a list of results needs the images"),
        ("{}", r"a\.json:1: expected a list 'images'"),
        ('{"images": [], "annotations": {}, "categories": []}', "expected a list 'annotations'"),
        ('{"images": [\n}', r"a\.json:2: not JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_coco_vid(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-2.5", -2.5),
        ("true", True),
        ("2.50", "2.50"),
        ("NaN", "NaN"),
        ("x", "x"),
        ("[1]", "[1]"),
        ("null", "null"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_values_of_attributes(text: str, value: object) -> None:
    found = attribute_value(text)
    assert found == value
    assert type(found) is type(value)
