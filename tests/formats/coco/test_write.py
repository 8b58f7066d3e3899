import json
from pathlib import Path

import pytest

from mohart.errors import FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.coco.video import read_coco_vid
from mohart.formats.coco.write import render_coco_vid
from mohart.structures import Tracks


def record(
    name: str, *ids: int, class_id: int = 1, classes: dict[int, str] | None = None
) -> Annotation:
    count = len(ids)
    tracks = Tracks.from_columns(
        [1] * count, ids, [[1, 2, 4, 6.5]] * count, class_id=[class_id] * count
    )
    return Annotation(
        tracks=tracks,
        classes=classes or {1: "car"},
        name=name,
        width=64,
        height=48,
        frame_rate=25,
        length=3,
    )


def test_one_video() -> None:
    rendered = render_coco_vid([record("x", -1, 7)])
    assert rendered.lost == []
    content = json.loads(str(rendered.content))
    assert content["videos"] == [
        {"id": 1, "name": "x", "length": 3, "width": 64, "height": 48, "fps": 25}
    ]
    assert content["images"][1] == {
        "id": 2,
        "video_id": 1,
        "frame_id": 1,
        "frame_index": 1,
        "file_name": "frame_000001.png",
        "width": 64,
        "height": 48,
    }
    assert content["tracks"] == [{"id": 7, "category_id": 1, "video_id": 1}]
    nameless, named = content["annotations"]
    assert named == {
        "bbox": [1, 2, 3, 4.5],
        "area": 13.5,
        "iscrowd": 0,
        "attributes": {"occluded": False, "track_id": 7},
        "category_id": 1,
        "id": 2,
        "image_id": 2,
        "track_id": 7,
        "video_id": 1,
    }
    assert "track_id" not in nameless
    assert str(rendered.content).count("\n") > 7  # an element a line


def test_two_videos_have_ids_of_their_own_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(str(render_coco_vid([record("x", 7), record("y", 7, 8)]).content))
    content = json.loads(path.read_text())
    assert [entry["track_id"] for entry in content["annotations"]] == [1, 2, 3]
    assert content["images"][3]["file_name"] == "y/frame_000000.png"
    again = read_coco_vid(path)
    assert [found.name for found in again] == ["x", "y"]
    assert [found.tracks.track_id.tolist() for found in again] == [[7], [7, 8]]


def test_one_number_for_two_classes() -> None:
    rendered = render_coco_vid([record("x", 1), record("y", 1, classes={1: "bus"})])
    content = json.loads(str(rendered.content))
    assert [(c["id"], c["name"]) for c in content["categories"]] == [(1, "bus"), (2, "car")]
    assert rendered.lost == ["x: class number: COCO video JSON keeps names only; 1 car will be 2"]


def test_more_frames_than_a_file_can_list_are_refused() -> None:
    empty = Annotation(tracks=Tracks.empty(), classes={1: "car"}, name="a", length=1_000_000)
    with pytest.raises(FormatError, match="3 videos of 3000000 frames: COCO lists every frame"):
        render_coco_vid([empty] * 3)
