from pathlib import Path

import pytest

from mohart.data.layout import detect_layout, read_folder
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import MissingDataError


def test_both_layouts(tmp_path: Path, moving_boxes: Sequence) -> None:
    write_mot_sequence(tmp_path / "mot" / "street", moving_boxes)
    labels = tmp_path / "kitti" / "training" / "label_02"
    labels.mkdir(parents=True)
    (labels / "0003.txt").write_text("")
    assert detect_layout(tmp_path / "mot") == "mot"
    assert detect_layout(tmp_path / "kitti") == "kitti"
    assert [s.name for s in read_folder(tmp_path / "mot")] == ["street"]
    assert [s.name for s in read_folder(tmp_path / "kitti")] == ["0003"]


def test_neither(tmp_path: Path) -> None:
    assert detect_layout(tmp_path) is None
    with pytest.raises(MissingDataError, match=r"unknown layout; expected MOT .* or KITTI"):
        read_folder(tmp_path)
    with pytest.raises(MissingDataError, match="no such folder; expected"):
        read_folder(tmp_path / "none")
