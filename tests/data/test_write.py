from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mohart.data.frames import NoFrames
from mohart.data.mot import read_mot_sequence
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import ConfigError, MissingDataError, OutputError
from mohart.formats.mot.seqinfo import read_seqinfo


def files(folder: Path) -> dict[str, bytes]:
    found = (p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


def test_layout(tmp_path: Path, moving_boxes: Sequence) -> None:
    write_mot_sequence(tmp_path / "a" / "seq", moving_boxes)
    images = [f"img1/{n:06d}.jpg" for n in range(1, 9)]
    assert sorted(files(tmp_path / "a" / "seq")) == ["gt/gt.txt", *images, "seqinfo.ini"]
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["seq"]
    rows = (tmp_path / "a/seq/gt/gt.txt").read_text().splitlines()
    assert rows[1] == "1,2,120.00,50.00,24.00,48.00,1,1,0.7500"
    assert rows[2] == "1,3,60.00,10.00,20.00,30.00,0,1,1.0000"
    assert read_seqinfo(tmp_path / "a/seq/seqinfo.ini").frame_rate == 10


@pytest.mark.parametrize("video", [False, True])
def test_round_trip(tmp_path: Path, moving_boxes: Sequence, video: bool) -> None:
    write_mot_sequence(tmp_path / "seq", moving_boxes, video=video, quality=100)
    again = read_mot_sequence(tmp_path / "seq")
    assert (again.name, again.length, again.width, again.height) == ("seq", 8, 160, 120)
    for column in ("frame", "track_id", "boxes", "ignored", "visibility"):
        np.testing.assert_array_equal(
            getattr(again.tracks, column), getattr(moving_boxes.tracks, column)
        )
    marks = [frame[2:12, 2:12].mean() for frame in again.frames()]
    np.testing.assert_allclose(marks, 20 * np.arange(8), atol=4)
    assert again.frame(5)[2:12, 2:12].mean() == marks[5]


@pytest.mark.parametrize("video", [False, True])
def test_same_input_same_bytes(tmp_path: Path, moving_boxes: Sequence, video: bool) -> None:
    for name in "ab":
        write_mot_sequence(tmp_path / name, moving_boxes, video=video)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_failure_leaves_nothing(tmp_path: Path, moving_boxes: Sequence) -> None:
    broken = replace(moving_boxes, reader=NoFrames("nothing here"))
    with pytest.raises(MissingDataError, match="nothing here"):
        write_mot_sequence(tmp_path / "seq", broken)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, moving_boxes: Sequence) -> None:
    (tmp_path / "seq").mkdir()
    write_mot_sequence(tmp_path / "seq", moving_boxes)
    with pytest.raises(OutputError, match="exists already"):
        write_mot_sequence(tmp_path / "seq", moving_boxes)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is not a folder"):
        write_mot_sequence(tmp_path / "file", moving_boxes)


def test_only_what_synth_wrote_is_replaced(tmp_path: Path, moving_boxes: Sequence) -> None:
    write_mot_sequence(tmp_path / "seq", moving_boxes, video=True)
    write_mot_sequence(tmp_path / "seq", moving_boxes, overwrite=True)
    assert "img1/000001.jpg" in files(tmp_path / "seq")
    assert "img1.mp4" not in files(tmp_path / "seq")
    assert [path.name for path in tmp_path.iterdir()] == ["seq"]
    (tmp_path / "seq" / "img1" / "notes.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"will not be replaced.*img1/notes\.txt"):
        write_mot_sequence(tmp_path / "seq", moving_boxes, overwrite=True)
    info = tmp_path / "seq" / "seqinfo.ini"
    (tmp_path / "seq" / "img1" / "notes.txt").unlink()
    info.write_text(info.read_text().partition(";")[0])  # as anybody else's
    with pytest.raises(OutputError, match=r"will not be replaced.*no seqinfo\.ini of it"):
        write_mot_sequence(tmp_path / "seq", moving_boxes, overwrite=True)
    assert len(files(tmp_path / "seq")) == 10


def test_wrong_arguments(tmp_path: Path, moving_boxes: Sequence) -> None:
    with pytest.raises(ConfigError, match="quality: expected 1 to 100, got 0"):
        write_mot_sequence(tmp_path / "seq", moving_boxes, quality=0)
    with pytest.raises(ConfigError, match="has no frames"):
        write_mot_sequence(tmp_path / "seq", replace(moving_boxes, width=0, height=0))
