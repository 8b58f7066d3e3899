"""Ids of 63 bits are kept to the last digit by every reader, or refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from mohart.data.annotation_files import Source, read_source, render
from mohart.errors import FormatError
from mohart.evaluation.files.labels import read_mot_labels
from mohart.formats.detect import detect_format
from mohart.formats.ids import exact_id, exact_ids
from mohart.formats.init_boxes import read_init_boxes
from mohart.formats.kitti.tracks import read_kitti
from mohart.formats.mot.tracks import read_mot, write_mot

LARGE = [1234567890123456789, 1234567890123456790, 2**63 - 1]
SOLID = "0 0 -10 10 20 40 60 -1 -1 -1 -1000 -1000 -1000 -10"


def save(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_mot_text(tmp_path: Path) -> None:
    regular = "".join(f"1,{track},10,20,30,40,1,1,1\n" for track in LARGE)
    for text in (regular, regular.replace(",1,1,1", "", 1)):  # the fast reader and the careful one
        path = save(tmp_path, "gt.txt", text)
        assert read_mot(path).track_id.tolist() == LARGE
        labels = read_mot_labels(path, "gt")
        assert (labels.labels.track_id.tolist(), labels.problems) == (LARGE, [])
    write_mot(tmp_path / "again.txt", read_mot(path))
    assert read_mot(tmp_path / "again.txt").track_id.tolist() == LARGE


def test_kitti(tmp_path: Path) -> None:
    text = "".join(f"0 {track} Car {SOLID}\n" for track in LARGE)
    for extra in ("", f"0  -1 DontCare {SOLID}\n"):
        path = save(tmp_path, "0000.txt", text + extra)
        assert read_kitti(path).track_id.tolist()[-3:] == LARGE


@pytest.mark.parametrize("fmt", ["mot", "kitti", "coco-vid", "csv", "jsonl", "cvat", "detrac"])
def test_what_is_written_is_read(tmp_path: Path, fmt: str) -> None:
    table = "frame,track_id,x1,y1,x2,y2\n" + "".join(f"0,{n},1,1,20,20\n" for n in LARGE)
    path = save(tmp_path, "a.csv", table)
    records = read_source(Source(path, "a", detect_format(path)))
    assert records[0].tracks.track_id.tolist() == LARGE
    rendered = render(records, fmt, "gt")  # type: ignore[arg-type]
    other = tmp_path / "other"
    other.write_text(str(rendered.content))
    (again,) = read_source(Source(other, "a", detect_format(other, given=fmt, kind="gt")))  # type: ignore[arg-type]
    assert again.tracks.track_id.tolist() == LARGE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gt.txt", f"1,{2**63},1,1,20,20,1,1,1\n"),
        ("gt.txt", "1,1e30,1,1,20,20,1,1,1\n"),
        ("a.csv", f"frame,track_id,x1,y1,x2,y2\n0,{2**63},1,1,20,20\n"),
        (
            "a.jsonl",
            json.dumps({"frame": 0, "track_id": 2**64, "x1": 1, "y1": 1, "x2": 9, "y2": 9}),
        ),
        ("a.jsonl", '{"frame": 0, "track_id": 1e17, "x1": 1, "y1": 1, "x2": 9, "y2": 9}'),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path = save(tmp_path, name, text)
    with pytest.raises(FormatError, match="is no whole number up to 2"):
        read_source(Source(path, "a", detect_format(path)))


@pytest.mark.parametrize(
    "text",
    [
        "id,x,y,w,h\n" + "".join(f"{n},1,2,3,4\n" for n in LARGE),
        "".join(f"1,{n},1,2,3,4\n" for n in LARGE),
        json.dumps([{"id": n, "box": [1, 2, 3, 4]} for n in LARGE]),
    ],
)
def test_boxes_to_start_from(tmp_path: Path, text: str) -> None:
    ids, _ = read_init_boxes(save(tmp_path, "boxes", text), frame=0)
    assert ids.tolist() == LARGE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"id,x,y,w,h\n{2**64 - 3},1,2,3,4\n{2**64 - 2},1,2,3,4\n",
            r":2: id 1\.8.* from 0 to 2\^63",
        ),
        ("1,1e30,10,10,30,30\n", r":1: id 1e\+30 must be"),
        ("1e30,1,10,10,30,30\n", "no box at frame 1"),
        ('[{"id": 10000000000000000000, "box": [1, 2, 3, 4]}]', r"box 1: id 1e\+19 must be"),
        ("[[1, 2, 3, 1" + "0" * 400 + "]]", "box 1: a value is not finite"),
        ("[[1, 2, 3, 1" + "0" * 5000 + "]]", "cannot be read as JSON"),
        ("[" * 200_000 + "]" * 200_000, "cannot be read as JSON"),
        ("[[1, 2, 3, 1e300]]", "is no place in a picture"),
        ('[{"id": 1e17, "box": [1, 2, 3, 4]}]', r"box 1: id 1e\+17 must be"),
    ],
)
def test_odd_numbers_to_start_from_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        read_init_boxes(save(tmp_path, "boxes", text), frame=0)
    assert len(str(caught.value)) < 600


def test_exactly() -> None:
    assert [exact_id(said) for said in (True, None, float("nan"), float("inf"), "x", "nan")] == [
        None
    ] * 6
    assert exact_id(np.int64(-5)) == -5
    assert exact_id("-1") == -1
    assert exact_id("1e999999999") is None
    assert exact_id("9" * 10_000) is None
    ids, beyond = exact_ids(
        np.array([1.0, np.nan, 2.0**62, 2.5]), lambda: ["1", "", str(2**62 + 1), ""]
    )
    assert ids.tolist() == [1, 0, 2**62 + 1, 2]
    assert not beyond.any()
