from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.data.kitti import find_kitti_root, read_kitti_folder
from mohart.errors import FormatError, MissingDataError

REST = "2.0 1.8 4.4 -4.5 1.8 13.4 -2.1"


def make(root: Path, name: str, *, images: int, labels: int, suffix: str = ".png") -> None:
    (root / "image_02" / name).mkdir(parents=True)
    (root / "label_02").mkdir(exist_ok=True)
    for n in range(images):
        image = np.full((37, 124, 3), 10 * n, np.uint8)
        cv2.imwrite(str(root / "image_02" / name / f"{n:06d}{suffix}"), image)
    if labels:
        rows = [f"{n} 0 Car 0 0 -1 1 2 30 20 {REST}\n" for n in range(labels)]
        (root / "label_02" / f"{name}.txt").write_text("".join(rows))


def test_images_and_labels(tmp_path: Path) -> None:
    make(tmp_path / "training", "0000", images=3, labels=3)
    make(tmp_path / "training", "0001", images=2, labels=4, suffix=".jpg")
    for path in (tmp_path, tmp_path / "training"):
        first, second = read_kitti_folder(path)
        assert (first.name, first.length, first.width, first.height) == ("0000", 3, 124, 37)
        assert first.frame_rate == 10
        assert [int(f[0, 0, 0]) for f in first.frames()] == [0, 10, 20]
        assert (second.length, len(second.tracks)) == (
            2,
            2,
        )  # labels behind the images are left out
    assert find_kitti_root(tmp_path) == tmp_path / "training"


def test_labels_only(tmp_path: Path) -> None:
    make(tmp_path, "0000", images=0, labels=5)
    (sequence,) = read_kitti_folder(tmp_path)
    assert (sequence.length, sequence.width, len(sequence.tracks)) == (5, 0, 5)
    with pytest.raises(MissingDataError, match=r"000000\.png or \.jpg is missing; download"):
        sequence.frame(0)


def test_images_only(tmp_path: Path) -> None:
    make(tmp_path, "0000", images=2, labels=0)
    (sequence,) = read_kitti_folder(tmp_path)
    assert (sequence.length, len(sequence.tracks)) == (2, 0)


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no KITTI sequences; expected label_02"):
        read_kitti_folder(tmp_path)
    with pytest.raises(MissingDataError, match="the folder does not exist"):
        read_kitti_folder(tmp_path / "none")
    make(tmp_path, "0000", images=1, labels=1)
    (tmp_path / "image_02/0000/000000.png").write_bytes(b"")
    with pytest.raises(FormatError, match=r"000000\.png: not an image"):
        read_kitti_folder(tmp_path)


@pytest.mark.slow
def test_real_labels(shared_data: Path) -> None:
    sequences = read_kitti_folder(shared_data / "kitti")
    assert len(sequences) == 21
    assert (sequences[0].name, sequences[0].length) == ("0000", 154)
