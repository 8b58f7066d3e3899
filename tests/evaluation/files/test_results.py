"""Where truth and results may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.data.kitti import kitti_sequence_names
from mohart.errors import ConfigError, MissingDataError
from mohart.evaluation.files.results import find_kitti_truth, find_mot_truth, find_results


def lay(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1,1,1,1,9,9,1,-1,-1,-1\n")
    return root


def found(root: Path, files: dict[str, Path]) -> dict[str, str]:
    return {name: str(path.relative_to(root)) for name, path in files.items()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A/gt/gt.txt", "B/gt/gt.txt", "README.txt"], ["A/gt/gt.txt", "B/gt/gt.txt"]),
        (["A/gt.txt", "B/gt.txt", "A/test.txt"], ["A/gt.txt", "B/gt.txt"]),
        (["A/gt/gt.txt", "A/gt.txt"], ["A/gt/gt.txt"]),
        (["A.txt", "B.txt", "A_summary.txt"], ["A.txt", "B.txt"]),
        (["train/A/gt/gt.txt", "test/B/det/det.txt"], ["train/A/gt/gt.txt"]),
        (["train/A/gt/gt.txt", "val/B/gt/gt.txt"], ["train/A/gt/gt.txt"]),
    ],
)
def test_mot_truth(tmp_path: Path, names: list[str], expected: list[str]) -> None:
    files = find_mot_truth(lay(tmp_path, *names))
    assert list(found(tmp_path, files).values()) == expected
    assert sorted(files) == [chr(65 + n) for n in range(len(expected))]


@pytest.mark.parametrize(
    ("name", "sequence"), [("A/gt/gt.txt", "A"), ("A/gt.txt", "A"), ("A.txt", "A")]
)
def test_mot_truth_of_one_sequence(tmp_path: Path, name: str, sequence: str) -> None:
    lay(tmp_path, name)
    assert find_mot_truth(tmp_path / name) == {sequence: tmp_path / name}
    if name.startswith("A/"):
        assert list(find_mot_truth(tmp_path / "A")) == [sequence]


def test_kitti_truth(tmp_path: Path) -> None:
    lay(tmp_path, "x/0000.txt", "y/label_02/0000.txt", "z/training/label_02/0000.txt")
    for folder, place in (("x", "."), ("y", "label_02"), ("z", "training/label_02")):
        files = find_kitti_truth(tmp_path / folder)
        assert files == {"0000": tmp_path / folder / place / "0000.txt"}
    assert list(find_kitti_truth(tmp_path / "x" / "0000.txt")) == ["0000"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A.txt", "B.txt", "car_summary.txt", "readme.txt"], {"A": "A.txt", "B": "B.txt"}),
        (["data/A.txt"], {"A": "data/A.txt"}),
        (["A/A.txt", "A/log.txt", "B/tracks.txt"], {"A": "A/A.txt", "B": "B/tracks.txt"}),
        (["A/gt.txt", "A/test.txt", "B/other/x.csv"], {"A": "A/test.txt"}),
        (["mine/A.txt", "mine/B.txt"], {"A": "mine/A.txt", "B": "mine/B.txt"}),
        (["mine/data/A.txt", "plots/x.png"], {"A": "mine/data/A.txt"}),
        (["tracks.txt"], {"tracks": "tracks.txt"}),
    ],
)
def test_results(tmp_path: Path, names: list[str], expected: dict[str, str]) -> None:
    assert found(tmp_path, find_results(lay(tmp_path, *names), ["A", "B"])) == expected


def test_results_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    lay(tmp_path / "r", "one/A.txt", "two/A.txt")
    with pytest.raises(ConfigError, match=r"results of several trackers \(one, two\)"):
        find_results(tmp_path / "r", ["A"])
    lay(tmp_path / "s", "A/x.txt", "A/y.txt")
    with pytest.raises(ConfigError, match=r"several text files \(x, y\), none is called A.txt"):
        find_results(tmp_path / "s", ["A"])
    lay(tmp_path / "t", "one/A/gt/gt.txt", "two/A/gt/gt.txt")
    with pytest.raises(ConfigError, match=r"ground truth in several folders \(one, two\)"):
        find_mot_truth(tmp_path / "t")


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingDataError, match=r"no ground truth; expected SEQ/gt/gt.txt"):
        find_mot_truth(tmp_path / "empty")
    with pytest.raises(MissingDataError, match=r"no label files; expected 0000.txt"):
        find_kitti_truth(tmp_path / "empty")
    with pytest.raises(MissingDataError, match=r"no results; expected SEQ.txt.*such as A"):
        find_results(tmp_path / "empty", ["A"])
    for find in (find_mot_truth, find_kitti_truth):
        with pytest.raises(MissingDataError, match="no such file or folder"):
            find(tmp_path / "none")


def test_what_a_mac_leaves_is_no_sequence(tmp_path: Path) -> None:
    truth = lay(tmp_path / "gt", "A/gt/gt.txt", "B/gt/gt.txt", "._A.txt")
    results = lay(tmp_path / "res", "A.txt", "B.txt", "._A.txt", "._B.txt")
    labels = lay(tmp_path / "label_02", "0000.txt", "._0000.txt")
    (tmp_path / "image_02" / "._0000").mkdir(parents=True)
    for junk in tmp_path.rglob("._*.txt"):
        junk.write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    assert sorted(find_mot_truth(truth)) == ["A", "B"]
    assert sorted(find_results(results, ["A", "B"])) == ["A", "B"]
    assert sorted(find_kitti_truth(labels)) == ["0000"]
    assert kitti_sequence_names(tmp_path) == ["0000"]
