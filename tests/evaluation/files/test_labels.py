from __future__ import annotations

from pathlib import Path

import pytest

from mohart.evaluation.files.labels import (
    check_frames,
    check_mot_classes,
    read_kitti_labels,
    read_mot_labels,
)


def save(folder: Path, text: str) -> Path:
    path = folder / "x.txt"
    path.write_text(text)
    return path


def test_mot_rows_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "2,9,1,2,3,4,1,1,1\n1,5,0,0,9,9,0.5,7,1\n2,3,1,2,3,4,1,1,1\n"
    file = read_mot_labels(save(tmp_path, text), "gt")
    assert file.labels.track_id.tolist() == [5, 9, 3]
    assert file.lines.tolist() == [2, 1, 3]
    assert file.labels.frame.tolist() == [0, 1, 1]
    assert file.labels.boxes[1].tolist() == [1, 2, 4, 6]
    assert file.labels.flagged.tolist() == [False, True, True]  # 0.5 is cut to 0
    assert file.labels.class_id.tolist() == [7, 1, 1]
    assert (file.has_classes, file.problems) == (True, [])


def test_mot15_has_no_classes(tmp_path: Path) -> None:
    file = read_mot_labels(save(tmp_path, "1,1,0,0,9,9,1,-7.5,5.8,0\n"), "gt")
    assert not file.has_classes
    assert check_mot_classes(file, "gt", "mot15") == []
    assert "class -7 in column 8, but mot17 has" in check_mot_classes(file, "gt", "mot17")[0].what
    file = read_mot_labels(save(tmp_path, "1,1,0,0,9,9,1\n"), "gt")
    assert "no class in column 8" in check_mot_classes(file, "gt", "mot20")[0].what


def test_results_of_other_classes(tmp_path: Path) -> None:
    rows = "1,1,0,0,9,9,1,-1,-1,-1\n1,2,0,0,9,9,1,1,-1,-1\n1,3,0,0,9,9,1,3,-1,-1\n"
    file = read_mot_labels(save(tmp_path, rows), "results")
    problem = check_mot_classes(file, "results", "mot17")[0]
    assert (problem.line, "class 3 in column 8" in problem.what) == (3, True)
    assert check_mot_classes(file, "results", "mot15") == []  # there it is a coordinate


def test_kitti(tmp_path: Path) -> None:
    rows = (
        "1 4 Car 1.7 3 0 1 2 30 40 1 2 3 4 5 6 7\n0 -1 DontCare -1 -1 -10 1 2 3 4 0 0 0 0 0 0 0\n"
    )
    file = read_kitti_labels(save(tmp_path, rows), "gt")
    assert file.labels.class_id.tolist() == [9, 1]
    assert (file.labels.truncated.tolist(), file.labels.occluded.tolist()) == ([-1, 1], [-1, 3])
    assert file.lines.tolist() == [2, 1]


def test_files_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"\xff\xfe\x00")
    for read in (read_mot_labels, read_kitti_labels):
        problem = read(tmp_path / "x.txt", "results").problems[0]
        assert "expected a text file, found binary data" in problem.what
        assert str(problem).count(str(tmp_path)) == 1
        assert "no such file" in read(tmp_path / "none.txt", "gt").problems[0].what


@pytest.mark.parametrize(
    ("frames", "length", "message"),
    [
        ([1, 2, 5], 4, "x.txt:3: frame 5 is beyond the sequence's last, 4 (test)"),
        ([1, 4], 4, None),
        ([2, 3, 5], 4, "your frames look 2-based, these files are 1-based; subtract 1"),
    ],
)
def test_frames_beyond_the_end(
    tmp_path: Path, frames: list[int], length: int, message: str | None
) -> None:
    text = "".join(f"{t},1,0,0,9,9,1,-1,-1,-1\n" for t in frames)
    problems = check_frames(read_mot_labels(save(tmp_path, text), "results"), length, source="test")
    assert len(problems) == (message is not None)
    assert message is None or message in str(problems[0])


def test_kitti_results_that_count_from_one(tmp_path: Path) -> None:
    rows = [f"{t} 4 Car 0 0 0 1 2 30 40 1 2 3 4 5 6 7 1\n" for t in (1, 2, 3)]
    file = read_kitti_labels(save(tmp_path, "".join(rows)), "results")
    problem = check_frames(file, 3, source="seqmap")[0]
    assert "your frames look 1-based, these files are 0-based" in problem.what
    assert problem.fix == "subtract 1 from every frame number"
