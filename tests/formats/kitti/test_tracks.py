from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.errors import ConfigError, FormatError
from mohart.formats.annotation import Annotation
from mohart.formats.class_names import KITTI_CLASSES
from mohart.formats.kitti.annotation import read_kitti_annotation, render_kitti
from mohart.formats.kitti.tracks import CLASSES, read_kitti, read_kitti_labels
from mohart.structures import Tracks

REST = "2.0 1.8 4.4 -4.5 1.8 13.4 -2.1"
LABELS = (
    "0 -1 DontCare -1 -1 -10 219.31 188.49 245.5 218.56 -1000 -1000 -1000 -10 -1 -1 -1\n"
    "0 -1 DontCare -1 -1 -10 47.56 195.28 115.48 221.48 -1000 -1000 -1000 -10 -1 -1 -1\n"
    f"0 2 Pedestrian 0 3 -2.5 1121.2 178.0 1148.9 340.9 {REST}\n"
    f"0 0 Van 1 2 -1.8 296.7 161.75 455.25 292.5 {REST}\n"
    f"1 0 Van 0 1 -1.8 294.5 156.0 452.0 284.5 {REST}\n"
)


def save(folder: Path, text: str) -> Path:
    path = folder / "0000.txt"
    path.write_text(text)
    return path


def test_labels(tmp_path: Path) -> None:
    tracks, truncated, occluded, problems = read_kitti_labels(save(tmp_path, LABELS))
    assert problems == []
    assert tracks.boxes.shape == (5, 4)
    assert tracks.frame.tolist() == [0, 0, 0, 0, 1]
    assert tracks.track_id.tolist() == [-1, -1, 0, 2, 0]
    assert tracks.ignored.tolist() == [True, True, False, False, False]
    assert tracks.class_id.tolist() == [9, 9, 2, 4, 2]
    assert tracks.boxes[2].tolist() == [296.7, 161.75, 455.25, 292.5]
    assert tracks.visibility.tolist() == [1, 1, 0.3, 0.0, 0.6]
    assert truncated.tolist() == [-1, -1, 1, 0, 0]
    assert occluded.tolist() == [-1, -1, 2, 3, 1]


@pytest.mark.parametrize(
    ("tail", "score"), [("", 1), (" 0.5", 0.5), (" -1 0.25", 0.25), (" -1", 1)]
)
def test_results_have_a_score_in_the_last_column(tmp_path: Path, tail: str, score: float) -> None:
    row = f"3 7 Car -1 -1 -10 10 20 30 40 -1 -1 -1 -1000 -1000 -1000 -10{tail} \n"
    tracks = read_kitti(save(tmp_path, row), kind="results")
    assert tracks.confidence.tolist() == [score]
    assert tracks.visibility.tolist() == [1]


def test_clipped_result_becomes_an_empty_box(tmp_path: Path) -> None:
    row = "3 7 Car -1 -1 -10 1251 20 1242 40 -1 -1 -1 -1000 -1000 -1000 -10 1\n"
    assert read_kitti(save(tmp_path, row), kind="results").boxes.tolist() == [[1251, 20, 1251, 40]]
    with pytest.raises(FormatError, match="size -9 x 20 is negative"):
        read_kitti(save(tmp_path, row.replace(" 1\n", "\n")))


def test_person_sitting_is_person(tmp_path: Path) -> None:
    path = save(tmp_path, f"0 1 Person_sitting 0 0 0 1 2 3 4 {REST}\n")
    assert read_kitti(path).class_id.tolist() == [CLASSES["Person"]]


def test_ground_truth_round_trip(tmp_path: Path) -> None:
    labels = read_kitti_labels(save(tmp_path, LABELS))
    record = read_kitti_annotation(tmp_path / "0000.txt", kind="gt")
    (tmp_path / "copy.txt").write_text(str(render_kitti(record, kind="gt").content))
    again = read_kitti_labels(tmp_path / "copy.txt")
    np.testing.assert_array_equal(again.truncated, labels.truncated)
    np.testing.assert_array_equal(again.occluded, labels.occluded)
    np.testing.assert_array_equal(again.tracks.boxes, labels.tracks.boxes)
    np.testing.assert_array_equal(again.tracks.ignored, labels.tracks.ignored)


pixel = st.floats(-100, 2000).map(lambda value: round(value, 6))
row = st.tuples(st.integers(0, 500), st.integers(0, 50), pixel, pixel, st.floats(0, 500))


@pytest.mark.slow
@given(rows=st.lists(row, unique_by=lambda r: r[:2]), kind=st.integers(1, 8))
def test_results_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]], kind: int
) -> None:
    table = np.array(rows).reshape(-1, 5)
    boxes = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:]], -1)
    tracks = Tracks.from_columns(
        table[:, 0], table[:, 1], boxes, class_id=np.full(len(table), kind)
    )
    path = tmp_path_factory.mktemp("kitti") / "0000.txt"
    record = Annotation(tracks=tracks, classes=KITTI_CLASSES)
    path.write_text(str(render_kitti(record, kind="results").content))
    again = read_kitti(path, kind="results")
    np.testing.assert_array_equal(again.track_id, tracks.track_id)
    np.testing.assert_array_equal(again.class_id, tracks.class_id)
    np.testing.assert_allclose(again.boxes, tracks.boxes, atol=2e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 Car 0 0 0 1 2 3 4\n", r"0000\.txt:1: expected 17 columns .*, got 10"),
        (f"0 1 Cat 0 0 0 1 2 3 4 {REST}\n", r"0000\.txt:1: unknown type 'Cat'.*known: Car, Van"),
        (f"0 x Car 0 0 0 1 2 3 4 {REST}\n", r"0000\.txt:1: expected numbers beside the type"),
        (f"0 1 Car 0 0 0 1 2 nan 4 {REST}\n", r"0000\.txt:1: a value is not finite"),
        (f"0.5 1 Car 0 0 0 1 2 3 4 {REST}\n", "must be whole numbers"),
        (f"-1 1 Car 0 0 0 1 2 3 4 {REST}\n", "KITTI frames count from 0"),
        (f"0 -1 Car 0 0 0 1 2 3 4 {REST}\n", "only DontCare rows have a negative id"),
        (f"0 1 Car 0 0 0 1 2 3 4 {REST}\n" * 2, r"0000\.txt:2: .*twice, first at line 1"),
        (f"0 1 Car 0 7 0 1 2 3 4 {REST}\n", "occluded 7 is none of 0, 1, 2, 3"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_kitti(save(tmp_path, text))


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kind"):
        read_kitti(tmp_path / "x", kind="det")  # type: ignore[arg-type]


@pytest.mark.slow
def test_real_files(shared_data: Path) -> None:
    labels = sorted((shared_data / "kitti/label_02").glob("*.txt"))
    assert len(labels) == 21
    tracks = [read_kitti(path) for path in labels]
    cars = sum(int((t.class_id == CLASSES["Car"]).sum()) for t in tracks)
    ignored = sum(int(t.ignored.sum()) for t in tracks)
    assert (cars, ignored) == (27300, 18039)
    for path in sorted((shared_data / "kitti/results").glob("*/*.txt")):
        read_kitti(path, kind="results")
