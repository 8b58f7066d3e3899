from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.structures import Detections
from mohart.tracking.detections import round_scores
from mohart.tracking.detectors.file import FileDetector, unit_scores

FRAME = np.zeros((480, 640, 3), np.uint8)
MOT = "1,-1,10,20,30,40,0.9\n3,-1,1,2,3,4,0.5\n3,-1,5,6,7,8,0.7\n2,-1,0,0,1,1,0.1\n"


def save(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def coco(videos: list[str]) -> str:
    content: dict[str, list[dict[str, object]]] = {
        "videos": [{"id": n, "name": name} for n, name in enumerate(videos)],
        "categories": [{"id": 3, "name": "car"}],
        "images": [
            {"id": 10 * n + t, "video_id": n, "frame_id": t, "width": 640, "height": 480}
            for n in range(len(videos))
            for t in range(2)
        ],
        "annotations": [
            {"image_id": 10 * n + 1, "category_id": 3, "bbox": [n, 2, 10, 20], "score": 0.5}
            for n in range(len(videos))
        ],
    }
    return json.dumps(content)


def summary(found: Detections) -> list[list[float]]:
    return [
        [*box, round(score, 4), kind]
        for box, score, kind in zip(
            found.xyxy.tolist(), found.confidence.tolist(), found.class_id.tolist(), strict=True
        )
    ]


def test_frames_one_after_the_other_in_the_order_of_the_file(tmp_path: Path) -> None:
    detector = FileDetector(save(tmp_path / "d.txt", MOT))
    assert summary(detector(FRAME)) == [[10, 20, 40, 60, 0.9, -1]]
    detector.observe(FRAME)
    assert detector.remaining == 2
    assert summary(detector(FRAME)) == [[1, 2, 4, 6, 0.5, -1], [5, 6, 12, 14, 0.7, -1]]
    assert len(detector(FRAME)) == 0  # behind the end
    assert detector.remaining == 0
    detector.reset(1)
    assert summary(detector(FRAME)) == [[0, 0, 1, 1, 0.1, -1]]
    assert len(detector.at(2)) == 2
    assert detector.notes == []
    assert detector.details["boxes"] == 4


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("kitti.txt", "1 -1 Car -1 -1 -10 1 2 9 8 -1 -1 -1 -1000 -1000 -1000 -10 0.25\n", 1),
        ("kitti.txt", "1 -1 Car -1 -1 -10 1 2 9 8 -1 -1 -1 -1000 -1000 -1000 -10\n", 1),
        ("t.csv", "frame,x1,y1,x2,y2,confidence,class_name\n1,1,2,9,8,0.25,car\n", 1),
        ("t.csv", "frame,track_id,x1,y1,x2,y2\n1,7,1,2,9,8\n", -1),
        ("t.jsonl", '{"frame": 1, "x1": 1, "y1": 2, "x2": 9, "y2": 8, "class_id": 4}\n', 4),
        ("mot.txt", "2,-1,1,2,8,6,0.25,4,-1,-1\n", 4),
        ("mot.txt", "2,0,1,2,8,6,0.25,-1.5,2.5,0\n", -1),  # world coordinates are no class
        (
            "r.json",
            '[{"image_id": 1, "category_id": 5, "bbox": [1,2,8,6], "score": 1},'
            '{"image_id": 0, "category_id": 5, "bbox": [1,2,8,6], "score": 1}]',
            5,
        ),
    ],
)
def test_every_format(tmp_path: Path, name: str, text: str, expected: int) -> None:
    detector = FileDetector(save(tmp_path / name, text))
    found = detector.at(1)
    assert found.xyxy.tolist() == [[1, 2, 9, 8]]
    assert found.class_id.tolist() == [expected]


def test_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    row = {"frame": 0, "x1": 1.5, "y1": 2.0, "x2": 3.0, "y2": 4.0, "confidence": 0.5}
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "d.parquet")
    assert summary(FileDetector(tmp_path / "d.parquet").at(0)) == [[1.5, 2, 3, 4, 0.5, -1]]


def test_folders(tmp_path: Path) -> None:
    save(tmp_path / "SEQ" / "gt" / "gt.txt", "1,1,1,1,1,1,1,1,1\n")
    save(tmp_path / "SEQ" / "det" / "det.txt", MOT)
    assert FileDetector(tmp_path / "SEQ").details["path"].endswith("SEQ/det/det.txt")
    assert FileDetector(tmp_path / "SEQ" / "det").details["boxes"] == 4
    save(tmp_path / "one" / "d.csv", "frame,x1,y1,x2,y2\n1,1,2,9,8\n")
    assert FileDetector(tmp_path / "one").details["boxes"] == 1
    save(tmp_path / "one" / "e.csv", "frame,x1,y1,x2,y2\n1,1,2,9,8\n")
    with pytest.raises(ConfigError, match=r"2 files \(d\.csv, e\.csv\); name one"):
        FileDetector(tmp_path / "one")


def test_ground_truth_gives_perfect_detections_without_what_is_ignored(tmp_path: Path) -> None:
    path = save(tmp_path / "gt" / "gt.txt", "1,1,1,2,8,6,1,1,1\n1,2,1,2,8,6,0,1,1\n")
    detector = FileDetector(path)
    assert summary(detector.at(0)) == [[1, 2, 9, 8, 1, 1]]
    assert detector.notes == ["gt.txt: 1 boxes marked as ignored are left out"]
    assert detector.classes[1] == "pedestrian"


def test_scores_of_another_scale_are_ranked_and_that_is_said(tmp_path: Path) -> None:
    rows = "".join(f"1,-1,{n},2,8,6,{score},-1,-1,-1\n" for n, score in enumerate((90, -2, 30, 60)))
    detector = FileDetector(save(tmp_path / "d.txt", rows))
    assert detector.at(0).confidence.tolist() == [0.875, 0.125, 0.375, 0.625]
    assert detector.details["scores_by_rank"]
    assert "scores reach from -2 to 90" in detector.notes[0]


def test_the_video_of_a_file_with_several(tmp_path: Path) -> None:
    path = save(tmp_path / "c.json", coco(["a", "b"]))
    assert FileDetector(path, video="b").at(1).xyxy.tolist() == [[1, 2, 11, 22]]
    assert FileDetector(path, video="b").classes == {3: "car"}
    with pytest.raises(ConfigError, match=r"2 videos \(a, b\), none or several .* 'c'"):
        FileDetector(path, video="c")
    assert len(FileDetector(save(tmp_path / "d.json", coco(["a"])), video="other").at(1)) == 1


def test_boxes_in_every_kth_frame_only_are_pointed_out(tmp_path: Path) -> None:
    rows = "".join(f"{t},-1,1,2,8,6,1\n" for t in (3, 13, 23, 53))
    (note,) = FileDetector(save(tmp_path / "d.txt", rows)).notes
    assert "every 10th frame only (3, 13, ...)" in note
    assert note.endswith("give --detect-every 10 --init-frame 3")


def test_pictures_of_another_size(tmp_path: Path) -> None:
    detector = FileDetector(save(tmp_path / "c.json", coco(["a"])))
    with pytest.raises(ConfigError, match="made for pictures of 640x480, but the frame is 64x48"):
        detector(np.zeros((48, 64, 3), np.uint8))
    detector = FileDetector(save(tmp_path / "d.txt", "1,-1,900,20,30,40,0.9\n"))
    detector(FRAME)
    assert "boxes reach to 930, 60, but the frame is 640x480; do the two" in detector.notes[0]


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("d.txt", "1,-1,1,2,3\n", FormatError, "d.txt:1: "),
        ("d.txt", "0,-1,1,2,3,4,1\n", FormatError, "d.txt:1: frame 0, but MOT frames count from 1"),
        ("d.txt", "1,-1,1,2,-3,4,1\n", FormatError, "must not be negative"),
        ("d.txt", "hello\n", FormatError, "expected MOT text, KITTI, COCO JSON"),
        ("d.csv", "frame,x1,y1,x2\n1,1,1,1\n", FormatError, "no column 'y2'"),
    ],
)
def test_damaged_files_are_named_with_the_line(
    tmp_path: Path, name: str, text: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        FileDetector(save(tmp_path / name, text))
    assert "--from" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file with detections"):
        FileDetector(tmp_path / "none.txt")


def test_public_detections(shared_data: Path) -> None:
    pets = FileDetector(shared_data / "pets09-s2l1")
    assert (pets.details["boxes"], pets.details["frames_with_boxes"], pets.notes) == (4359, 795, [])
    raw = FileDetector(shared_data / "mot15" / "PETS09-S2L2")
    assert raw.details["scores_by_rank"]
    assert raw.classes == {}


def test_scores_between_0_and_1_stay() -> None:
    scores = np.array([0.0, 0.31, 1.0])
    found, note = unit_scores(scores)
    assert (found.tolist(), note) == ([0, 0.31, 1], "")
    assert unit_scores(np.zeros(0))[1] == ""


@pytest.mark.parametrize("odd", [1.0000001192, 1.0005, -1e-9, -5e-4])
def test_a_score_that_rounding_put_outside_changes_no_other(odd: float) -> None:
    scores = np.array([0.25, 0.9, odd])
    found, note = unit_scores(scores)
    assert (found.tolist(), note) == ([0.25, 0.9, round(odd)], "")


def test_boxes_in_shares_of_the_frame_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "det.txt"
    file.write_text("1,-1,0.125,0.25,0.15,0.23,0.9,-1,-1,-1\n2,-1,0.8,0.6,0.2,0.4,0.9,-1,-1,-1\n")
    with pytest.raises(ConfigError, match=r"shares of the frame.*multiply by 160 and 120"):
        FileDetector(file)(np.zeros((120, 160, 3), np.uint8))


def test_others_become_ranks_and_that_is_said() -> None:
    found, note = unit_scores(np.array([50.0, -2, 50, 100, 7]))
    # lower: 2, 0, 2, 4, 1 of 5; the two equal ones share places 3 and 4
    assert found.tolist() == pytest.approx([0.6, 0.1, 0.6, 0.9, 0.3])
    assert note.startswith("scores reach from -2 to 100 and not from 0 to 1; every score is")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_order_stays(values: list[float]) -> None:
    scores = round_scores(np.array(values))
    found, _ = unit_scores(scores)
    assert ((found >= 0) & (found <= 1)).all()
    assert (
        np.sign(np.subtract.outer(found, found)) == np.sign(np.subtract.outer(scores, scores))
    ).all()
