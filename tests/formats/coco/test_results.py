import json
from pathlib import Path
from typing import Any

import pytest

from mohart.errors import FormatError
from mohart.formats.coco.results import is_coco_results, read_coco_results

RESULT = {"image_id": 3, "category_id": 2, "bbox": [1, 2, 10, 20], "score": 0.5}


def save(folder: Path, content: Any) -> Path:
    path = folder / "results.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(("first", "frames"), [(1, [0, 2]), (0, [0, 3])])
def test_frames_count_from_1_unless_there_is_a_frame_0(
    tmp_path: Path, first: int, frames: list[int]
) -> None:
    found = read_coco_results(save(tmp_path, [RESULT, {**RESULT, "image_id": first}]))
    assert found.tracks.frame.tolist() == frames
    assert found.tracks.boxes[0].tolist() == [1, 2, 11, 22]
    assert found.tracks.class_id.tolist() == [2, 2]
    assert found.tracks.confidence.tolist() == [0.5, 0.5]
    assert found.assumed == (f"image_id is taken as the number of the frame, counted from {first}",)


def test_an_empty_list_is_no_results(tmp_path: Path) -> None:
    assert len(read_coco_results(save(tmp_path, [])).tracks) == 0


def test_it_is_told_from_other_files_by_its_first_letter(tmp_path: Path) -> None:
    assert is_coco_results(save(tmp_path, "\ufeff \n [1]"))
    assert not is_coco_results(save(tmp_path, {"images": []}))
    assert not is_coco_results(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 1}, "expected a list"),
        ("[1", "not JSON"),
        ([RESULT, {**RESULT, "bbox": [1, 2]}], "result 2: bbox is not left, top, width, height"),
        ([{"bbox": [1, 2, 3, 4], "score": 1}], "result 1: no 'image_id'"),
        ([5], "result 1: no 'image_id'"),
        ([{**RESULT, "image_id": "a.jpg"}], "frame: expected a number, got 'a.jpg'"),
        ([{**RESULT, "bbox": [1, 2, -3, 4]}], "negative"),
    ],
)
def test_what_is_no_result_is_named(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_coco_results(save(tmp_path, content))
