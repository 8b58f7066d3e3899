"""MOT text with class names; the rows themselves are tested in test_mot."""

from pathlib import Path

import pytest

from mohart.errors import ConfigError
from mohart.formats.annotation import Annotation
from mohart.formats.class_names import MOT_CLASSES
from mohart.formats.mot.annotation import read_mot_annotation, render_mot, seqinfo_of
from mohart.formats.rows import DamagedFileError
from mohart.structures import Tracks

MOT17 = "1,1,10,20,30,40,1,1,0.0040323\n1,2,0,0,10,10,0,1,1\n2,1,11.25,20,30,40,1,7,1\n"


def save(folder: Path, text: str, name: str = "gt.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_ground_truth(tmp_path: Path) -> None:
    record = read_mot_annotation(save(tmp_path, MOT17), kind="gt")
    assert record.tracks.frame.tolist() == [0, 0, 1]  # the file counts from 1
    assert record.tracks.boxes[0].tolist() == [10, 20, 40, 60]  # left, top, width, height
    assert record.tracks.visibility.tolist() == [0.0040323, 1, 1]
    assert record.tracks.ignored.tolist() == [False, True, True]
    assert record.row_names == ["pedestrian", "pedestrian", "static_person"]
    assert record.unread == record.assumed == ()
    rendered = render_mot(record, kind="gt")
    assert rendered.content == MOT17.replace("1,7,1\n", "0,7,1\n")  # class 7 is ignored anyway
    assert rendered.lost == []
    assert not rendered.beside


def test_names_of_other_classes_as_cvat_has_them(tmp_path: Path) -> None:
    save(tmp_path, "cat\nred panda\n", "labels.txt")
    record = read_mot_annotation(
        save(tmp_path, "1,1,1,2,3,4,1,2,0.5\n2,1,1,2,3,4,0,1,1\n"), kind="gt"
    )
    assert record.row_names == ["red panda", "cat"]
    assert record.tracks.ignored.tolist() == [False, True]  # by the flag alone
    rendered = render_mot(record, kind="gt")
    assert rendered.content == "1,1,1,2,3,4,1,2,0.5\n2,1,1,2,3,4,0,1,1\n"
    assert rendered.beside == {"labels.txt": "cat\nred panda\n"}
    assert "classes are named in labels.txt" in rendered.notes[0]


def test_world_coordinates_and_missing_classes_are_told(tmp_path: Path) -> None:
    path = save(tmp_path, "1,1,1,2,3,4,1,-7.5,5.9,0\n2,1,1,2,3,4,1,-1,-1,-1\n")
    record = read_mot_annotation(path, kind="gt")
    assert record.unread == ("world coordinates: columns 8 to 10 dropped (1 boxes)",)
    assert record.assumed == ("no classes in the file; all boxes are 'pedestrian'",)
    assert render_mot(record, kind="gt").lost == list(record.unread)


def test_results_and_detections(tmp_path: Path) -> None:
    text = "1,3,1,2,3,4,0.25,-1,-1,-1\n"
    record = read_mot_annotation(save(tmp_path, text, "a.txt"), kind="results")
    assert record.tracks.confidence.tolist() == [0.25]
    assert render_mot(record, kind="results").content == text
    rendered = render_mot(record, kind="det")
    assert rendered.content == "1,-1,1,2,3,4,0.25,-1,-1,-1\n"
    assert rendered.lost == [
        "identity: a MOT detections file has none, ids are dropped (1 of 1 boxes)"
    ]
    detections = save(tmp_path, "1,-1,1,2,3,4,81.4,3,-1,-1\n1,-1,1,2,3,4,7\n", "det.txt")
    record = read_mot_annotation(detections, kind="det")
    assert record.row_names == ["car", "pedestrian"]
    assert render_mot(record, kind="results").lost == [
        "identity: a MOT results file needs one, boxes without are left out (2 of 2 boxes)"
    ]


def test_losses_of_ground_truth() -> None:
    tracks = Tracks.from_columns(
        [0, 0], [-1, 4], [[0, 0, 1, 1]] * 2, confidence=[1, 0.5], class_id=[1, 3]
    )
    rendered = render_mot(Annotation(tracks=tracks, classes=MOT_CLASSES), kind="gt")
    assert rendered.content == "1,5,0,0,1,1,1,1,1\n1,4,0,0,1,1,1,3,1\n"
    assert [text.partition(" (")[0] for text in rendered.lost] == [
        "confidence: MOT ground truth has no place for it, dropped",
        "identity: MOT ground truth needs one, boxes without got new ids",
        "ignored: MOT ground truth counts pedestrians only, other classes become ignored",
    ]


def test_numbers_of_classes_that_do_not_fit() -> None:
    tracks = Tracks.from_columns([0], [1], [[0, 0, 1, 1]], class_id=[-4])
    rendered = render_mot(Annotation(tracks=tracks, classes={-4: "dog", 9: "cat"}), kind="gt")
    assert rendered.beside == {"labels.txt": "dog\n"}
    assert rendered.lost == ["class number: MOT ground truth keeps names only; -4 dog will be 1"]


def test_seqinfo() -> None:
    record = Annotation(tracks=Tracks.empty(), classes={}, name="a", width=4, height=3, length=7)
    assert seqinfo_of(record) is None
    full = Annotation(
        tracks=Tracks.empty(), classes={}, name="a", width=4, height=3, frame_rate=5, length=7
    )
    info = seqinfo_of(full)
    assert info is not None
    assert (info.name, info.width, info.frame_rate, info.length) == ("a", 4, 5, 7)
    assert render_mot(full, kind="gt", seqinfo=True).lost == []


def test_errors(tmp_path: Path) -> None:
    path = save(tmp_path, "1,1,1,2,3,4,1,1,1\n0,1,1,2,3\n0,1,1,2,3,4,1,1,1\n1,1,1,2,3,4,1,1,1\n")
    with pytest.raises(DamagedFileError, match=r"gt\.txt:2: expected 6 to 10 columns") as caught:
        read_mot_annotation(path, kind="gt")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]
    with pytest.raises(ConfigError, match="kind: 'gtt' is unknown; did you mean 'gt'"):
        read_mot_annotation(path, kind="gtt")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="kind"):
        render_mot(Annotation(tracks=Tracks.empty(), classes={}), kind="x")  # type: ignore[arg-type]


def test_ids_of_detections_may_repeat_where_they_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_text("1,0,1,2,3,4,0.5\n1,0,5,6,7,8,0.4\n")
    found = read_mot_annotation(path, kind="det", identities=False)
    assert found.tracks.track_id.tolist() == [-1, -1]
    with pytest.raises(DamagedFileError, match="id 0 has two boxes"):
        read_mot_annotation(path, kind="det")
