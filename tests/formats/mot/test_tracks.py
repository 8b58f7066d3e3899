from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.errors import ConfigError, FormatError, MissingDataError, OutputError
from mohart.formats.mot.tracks import format_mot_row, read_mot, scan_mot, write_mot
from mohart.structures import Tracks

MOT17 = "1,1,10,20,30,40,1,1,0.5\n1,2,0,0,10,10,0,1,1\n2,1,11,20,30,40,1,7,1\n"


def save(folder: Path, text: str) -> Path:
    path = folder / "gt.txt"
    path.write_text(text)
    return path


def test_columns_have_the_types_of_tracks(tmp_path: Path) -> None:
    tracks = read_mot(save(tmp_path, MOT17))
    assert tracks.boxes.shape == (3, 4)
    assert (tracks.frame.dtype, tracks.track_id.dtype) == (np.int64, np.int64)
    assert (tracks.ignored.dtype, tracks.class_id.dtype) == (np.bool_, np.int64)


def test_ground_truth_of_mot17(tmp_path: Path) -> None:
    tracks = read_mot(save(tmp_path, MOT17))
    assert tracks.frame.tolist() == [0, 0, 1]
    assert tracks.boxes[0].tolist() == [10, 20, 40, 60]
    assert tracks.visibility.tolist() == [0.5, 1, 1]
    assert tracks.class_id.tolist() == [1, 1, 7]
    assert tracks.ignored.tolist() == [False, True, True]  # flag 0; class 7 (static person)
    assert tracks.confidence.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "rows",
    [
        "1,1,10,20,30,40,1,-1,-1,-1\n1,2,0,0,9,9,0,-1,-1,-1\n",
        "1,1,10,20,30,40,1,-7.5884,5.8899,0\n1,2,0,0,9,9,0,3,1,0\n",  # world coordinates
        "1,1,10,20,30,40,1\n1,2,0,0,9,9,0\n",
        "1 1 10 20 30 40 1\n\n1\t2 0 0 9 9 0\n",
        "1, 1, 10, 20, 30, 40, 1,\r\n1, 2, 0, 0, 9, 9, 0,\r\n",
    ],
)
def test_ground_truth_of_mot15_has_only_the_flag(tmp_path: Path, rows: str) -> None:
    tracks = read_mot(save(tmp_path, rows))
    assert tracks.boxes[0].tolist() == [10, 20, 40, 60]
    assert tracks.class_id.tolist() == [1, 1]
    assert tracks.visibility.tolist() == [1, 1]
    assert tracks.ignored.tolist() == [False, True]


def test_benchmark_overrides_the_guess(tmp_path: Path) -> None:
    path = save(tmp_path, MOT17)
    assert read_mot(path, benchmark="mot15").ignored.tolist() == [False, True, False]
    assert read_mot(path, benchmark="mot20").ignored.tolist() == [False, True, True]


def test_detections_keep_score_and_class(tmp_path: Path) -> None:
    path = save(tmp_path, "1,-1,1,2,3,4,81.4,2,-1,-1\n1,-1,5,6,7,8,0.2,-1,-1,-1\n")
    tracks = read_mot(path, kind="det")
    assert tracks.track_id.tolist() == [-1, -1]
    assert sorted(tracks.confidence.tolist()) == [0.2, 81.4]
    assert sorted(tracks.class_id.tolist()) == [1, 2]
    assert not tracks.ignored.any()


def test_results_without_confidence_are_certain(tmp_path: Path) -> None:
    path = save(tmp_path, "1,3,1,2,3,4,-1,-1,-1,-1\n2,3,1,2,3,4,0.25,-1,-1,-1\n")
    assert read_mot(path, kind="results").confidence.tolist() == [1, 0.25]
    assert read_mot(save(tmp_path, "1,3,1,2,3,4\n"), kind="results").confidence.tolist() == [1]


def test_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert len(read_mot(save(tmp_path, "\n  \n"))) == 0


def test_row_for_a_streaming_writer() -> None:
    row = format_mot_row(9, 4, np.array([-0.001, 1.25, 20.499, 31]), 0.98765)
    assert row == "10,4,0.00,1.25,20.50,29.75,0.9877,-1,-1,-1"


def test_written_ground_truth(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gt.txt"
    write_mot(path, read_mot(save(tmp_path, MOT17)), kind="gt")
    assert path.read_text().splitlines()[:2] == [
        "1,1,10.00,20.00,30.00,40.00,1,1,0.5000",
        "1,2,0.00,0.00,10.00,10.00,0,1,1.0000",
    ]
    assert [p.name for p in path.parent.iterdir()] == ["gt.txt"]  # nothing temporary remains


pixel = st.integers(-100_00, 3000_00).map(lambda hundredths: hundredths / 100)
side = st.integers(0, 500_00).map(lambda hundredths: hundredths / 100)
row = st.tuples(st.integers(0, 5000), st.integers(0, 99), pixel, pixel, side, side)


@pytest.mark.slow
@given(rows=st.lists(row, unique_by=lambda r: r[:2]), score=st.integers(0, 10_000))
def test_results_survive_a_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]], score: int
) -> None:
    table = np.array(rows).reshape(-1, 6)
    boxes = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:]], -1)
    confidence = np.full(len(table), score / 10_000)
    tracks = Tracks.from_columns(table[:, 0], table[:, 1], boxes, confidence=confidence)
    path = tmp_path_factory.mktemp("mot") / "results.txt"
    write_mot(path, tracks, kind="results")
    again = read_mot(path, kind="results")
    np.testing.assert_array_equal(again.frame, tracks.frame)
    np.testing.assert_array_equal(again.track_id, tracks.track_id)
    np.testing.assert_allclose(again.boxes, tracks.boxes, atol=1e-6)
    np.testing.assert_allclose(again.confidence, tracks.confidence)


def test_detections_survive_a_round_trip(tmp_path: Path) -> None:
    tracks = read_mot(
        save(tmp_path, "1,-1,1,2,3,4,0.4,2,-1,-1\n2,-1,5,6,7,8,0.2,-1,-1\n"), kind="det"
    )
    write_mot(tmp_path / "det.txt", tracks, kind="det")
    again = read_mot(tmp_path / "det.txt", kind="det")
    np.testing.assert_array_equal(again.boxes, tracks.boxes)
    np.testing.assert_array_equal(again.class_id, tracks.class_id)
    np.testing.assert_array_equal(again.confidence, tracks.confidence)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,1,1,2,3,4,1,1,1\n\n1,2,3\n", r"gt\.txt:3: expected 6 to 10 columns .*, got 3"),
        ("frame,id,x,y,w,h\n", r"gt\.txt:1: expected numbers, got 'frame,id"),
        ("1,1,,2,3,4\n", r"gt\.txt:1: expected numbers"),
        ("1,1,1,2,nan,4\n", r"gt\.txt:1: a value is not finite"),
        ("1.5,1,1,2,3,4\n", r"gt\.txt:1: frame 1.5, id 1 must be whole numbers"),
        ("0,1,1,2,3,4\n", r"gt\.txt:1: frame 0, but MOT frames count from 1; add 1"),
        ("1,1,1,2,-3,4\n", r"gt\.txt:1: frame 1, id 1: width -3"),
        ("1,-1,1,2,3,4\n", r"gt\.txt:1: frame 1, id -1: the id must not be negative"),
        ("1,1,1,2,3,4\n1,1,1,2,3,5\n", r"gt\.txt:2: frame 1, id 1 is there twice, .* line 1"),
        ("1,1,1,2,3,4,1,1,1.5\n", r"gt\.txt:1: .*visibility 1\.5 is outside"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_mot(save(tmp_path, text))


def test_one_message_for_many_lines(tmp_path: Path) -> None:
    problems = scan_mot(save(tmp_path, "".join(f"0,{n},1,2,3,4\n" for n in range(9)))).problems
    assert len(problems) == 1
    assert "(and 8 more lines: 2, 3, 4, 5, 6, ...)" in problems[0].what


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file"):
        read_mot(tmp_path / "none.txt")
    with pytest.raises(MissingDataError, match="cannot be read"):
        read_mot(tmp_path)
    (tmp_path / "video.txt").write_bytes(b"\x00\xff\xfe")
    with pytest.raises(FormatError, match="found binary data"):
        read_mot(tmp_path / "video.txt")


def test_wrong_arguments(tmp_path: Path) -> None:
    path = save(tmp_path, "1,1,1,2,3,4,1,-1,-1,-1\n")
    with pytest.raises(ConfigError, match="did you mean 'results'"):
        read_mot(path, kind="result")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="benchmark: 'mot18'"):
        read_mot(path, benchmark="mot18")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="kind"):
        write_mot(path, Tracks.empty(), kind="x")  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=r"gt\.txt:1: expected a class .*mot17"):
        read_mot(path, benchmark="mot17")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_mot(tmp_path / "taken", Tracks.empty())
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_real_files(shared_data: Path) -> None:
    campus = read_mot(shared_data / "mot15/TUD-Campus/gt/gt.txt")
    assert (len(campus), int(campus.frame.max())) == (359, 70)
    assert not campus.ignored.any()
    mot17 = read_mot(shared_data / "mot17/MOT17-02-FRCNN/gt/gt.txt")
    assert (len(mot17), int((~mot17.ignored).sum())) == (30003, 18581)  # as published
    assert len(read_mot(shared_data / "mot15/TUD-Campus/test.txt", kind="results")) == 222
    det = read_mot(shared_data / "mot15/PETS09-S2L2/det/det.txt", kind="det")
    assert det.confidence.max() > 100  # kept on the detector's own scale
    assert set(det.class_id.tolist()) == {1}
