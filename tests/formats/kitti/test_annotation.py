"""KITTI labels with all their columns; the rows themselves are tested in test_kitti."""

from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.formats.annotation import Annotation
from mohart.formats.kitti.annotation import EXTRAS, read_kitti_annotation, render_kitti
from mohart.formats.rows import DamagedFileError
from mohart.structures import Tracks

CAR = (
    "3 2 Car 1 2 -1.793451 296.744956 161.752147 455.226042 292.372804 "
    "2.000000 1.823255 4.433886 -4.552284 1.858523 13.410495 -2.115488\n"
)
REGION = (
    "3 -1 DontCare -1 -1 -10 47.560000 195.280000 115.480000 221.480000 "
    "-1 -1 -1 -1000 -1000 -1000 -10\n"
)


def save(folder: Path, text: str) -> Path:
    path = folder / "0000.txt"
    path.write_text(text)
    return path


def test_all_columns_come_back(tmp_path: Path) -> None:
    record = read_kitti_annotation(save(tmp_path, REGION + CAR))
    assert record.tracks.frame.tolist() == [3, 3]  # both count from 0
    assert record.tracks.boxes[1].tolist() == [296.744956, 161.752147, 455.226042, 292.372804]
    assert record.tracks.visibility.tolist() == [1, 0.3]
    assert record.tracks.ignored.tolist() == [True, False]
    assert record.extras["truncated"] == ("", "1")
    assert record.extras["rotation_y"] == ("", "-2.115488")
    assert sorted(record.extras) == sorted(EXTRAS)
    rendered = render_kitti(record)
    assert rendered.content == REGION + CAR
    assert rendered.lost == []


def test_results_have_a_score(tmp_path: Path) -> None:
    row = "0 7 Car -1 -1 -10 10.000000 20.000000 30.000000 40.000000 -1 -1 -1 -1000 -1000 -1000 -10"
    record = read_kitti_annotation(save(tmp_path, f"{row} 0.25\n"), kind="results")
    assert record.tracks.confidence.tolist() == [0.25]
    assert record.extras == {}
    assert render_kitti(record, kind="results").content == f"{row} 0.25\n"
    assert render_kitti(record).lost == [
        "confidence: KITTI has no place for it, dropped (1 of 1 boxes)"
    ]


def test_what_kitti_cannot_keep() -> None:
    tracks = Tracks.from_columns(
        [0, 0, 0, 0],
        [-1, 1, 2, 3],
        [[0, 0, 1, 1]] * 4,
        visibility=[1, 0.5, 0.6, 1],
        ignored=[0, 1, 0, 0],
        class_id=[1, 1, 8, 9],
    )
    record = Annotation(
        tracks=tracks,
        classes={1: "car", 8: "distractor", 9: "DontCare"},
        extras={
            "truncated": ("much", "1", "", ""),
            "occlusion_level": ("", "", "3", ""),
            "speed": ("4", "", "", ""),
        },
    )
    rendered = render_kitti(record)
    assert [text.partition(" (")[0] for text in rendered.lost] == [
        "class: KITTI has no distractor, they become Misc",
        "ignored: KITTI ignores DontCare only, mark dropped",
        "ignored: KITTI ignores every DontCare, mark added",
        "identity: KITTI has none for DontCare, ids dropped",
        "identity: KITTI needs one, boxes without got new ids",
        "occlusion_level: KITTI writes the level of the visibility instead",
        "visibility: KITTI has 1, 0.6, 0.3 and 0 only, rounded to these",
        "speed: KITTI has no place for it, dropped",
        "truncated: KITTI has numbers only, dropped",
    ]
    names = [line.split()[:5] for line in str(rendered.content).splitlines()]
    assert names == [
        ["0", "4", "Car", "-1", "0"],
        ["0", "1", "Car", "1", "1"],
        ["0", "2", "Misc", "-1", "1"],
        ["0", "-1", "DontCare", "-1", "-1"],
    ]


def test_real_labels_come_back(tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "kitti" / "label_02" / "0003.txt"
    record = read_kitti_annotation(source)
    again = read_kitti_annotation(save(tmp_path, str(render_kitti(record).content)))
    np.testing.assert_array_equal(again.tracks.boxes, record.tracks.boxes)
    assert again.extras == record.extras


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match=r"0000\.txt:2: unknown type 'Cat'"):
        read_kitti_annotation(save(tmp_path, CAR + CAR.replace("Car", "Cat")))
    with pytest.raises(ConfigError, match="kind"):
        read_kitti_annotation(tmp_path / "x", kind="det")  # type: ignore[arg-type]
