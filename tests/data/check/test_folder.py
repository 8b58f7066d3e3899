import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.data.check.folder import check_folder, summarise_folder
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import MissingDataError


@pytest.fixture
def folder(tmp_path: Path, moving_boxes: Sequence) -> Path:
    """One faultless sequence on disk, called moving-boxes like its source."""
    write_mot_sequence(tmp_path / "set" / "moving-boxes", moving_boxes)
    return tmp_path / "set" / "moving-boxes"


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def messages(folder: Path) -> list[str]:
    return [f"{p.severity}: {p}" for p in check_folder(folder)]


def test_nothing_wrong(folder: Path) -> None:
    assert messages(folder) == []
    assert messages(folder.parent) == []


def test_nothing_wrong_with_a_video(tmp_path: Path, moving_boxes: Sequence) -> None:
    write_mot_sequence(tmp_path / "moving-boxes", moving_boxes, video=True)
    assert messages(tmp_path) == []


GT, INI, IMAGES = Path("gt/gt.txt"), Path("seqinfo.ini"), Path("img1")
Damage = Callable[[Path], object]
CASES: list[tuple[Damage, str]] = [
    (lambda f: (f / INI).unlink(), "warning: .*seqinfo.ini is missing"),
    (lambda f: replace_in(f / INI, "seqLength=8\n", ""), "error: .*'seqLength' is missing"),
    (
        lambda f: replace_in(f / INI, "imWidth=160", "imWidth=x"),
        "error: .*ini:6: imWidth: expected",
    ),
    (lambda f: replace_in(f / INI, "imHeight", "imHigh"), "error: .*'imHeight' is missing"),
    (lambda f: replace_in(f / INI, "imExt", "imEx"), "warning: .*ini:8: unknown key 'imex'"),
    (lambda f: replace_in(f / INI, "name=moving", "name=x"), "warning: .*the folder is called"),
    (lambda f: (f / INI).write_bytes(b"\xff\xfe"), "error: .*binary data"),
    (lambda f: (f / IMAGES / "000008.jpg").unlink(), "error: .*7 images, but .*seqLength=8"),
    (lambda f: (f / IMAGES / "000003.jpg").unlink(), "error: .*missing between .*: 000003"),
    (lambda f: (f / IMAGES / "000001.jpg").unlink(), "error: .*the images start at 000002"),
    (
        lambda f: shutil.copy(f / IMAGES / "000001.jpg", f / IMAGES / "000009.jpg"),
        "warning: .*9 images, but .*seqLength=8",
    ),
    (
        lambda f: shutil.copy(f / IMAGES / "000001.jpg", f / IMAGES / "thumb.jpg"),
        "warning: .*thumb.jpg not numbered",
    ),
    (
        lambda f: (f / IMAGES / "000001.jpg").write_bytes(b"x"),
        r"error: .*000001\.jpg: not an image",
    ),
    (
        lambda f: replace_in(f / INI, "imWidth=160", "imWidth=161"),
        r"error: .*000001\.jpg: 160x120 pixels, but seqinfo\.ini says 161x120",
    ),
    (lambda f: shutil.rmtree(f / IMAGES), "warning: .*img1: no images and no video"),
    (lambda f: shutil.rmtree(f / "gt"), "warning: .*no ground truth"),
    (lambda f: (f / GT).rename(f / "gt.txt"), "error: .*gt.txt: not where it belongs; move it to"),
    (lambda f: (f / GT).write_text(""), "warning: .*gt.txt: no rows"),
    (lambda f: (f / GT).write_bytes(b"\xff\xfe"), "error: .*gt.txt: expected a text file"),
    (lambda f: append(f / GT, "9,1,1,2,3,4,1,1,1\n"), "error: .*txt:33: frame 9, but .* 8 frames"),
    (lambda f: append(f / GT, "0,1,1,2,3,4,1,1,1\n"), "error: .*txt:33: frame 0, but MOT frames"),
    (lambda f: append(f / GT, "1,1,1,2,3,4,1,1,1\n"), "error: .*txt:33: .*twice, first at line 1"),
    (lambda f: append(f / GT, "1,9,1,2,-3,4,1,1,1\n"), "error: .*txt:33: .*must not be negative"),
    (lambda f: append(f / GT, "1,9,1,2,nan,4,1,1,1\n"), "error: .*txt:33: .*not finite"),
    (lambda f: append(f / GT, "1,9,1,2,3,4,1,1,7\n"), "error: .*txt:33: .*visibility 7"),
    (lambda f: append(f / GT, "1,9,1,2\n"), "error: .*txt:33: expected 6 to 10 columns .*, got 4"),
    (lambda f: append(f / GT, "1,9,500,2,3,4,1,1,1\n"), "warning: .*txt:33: .*outside the frame"),
]


@pytest.mark.parametrize(("damage", "message"), CASES)
def test_every_damage_is_found(folder: Path, damage: Damage, message: str) -> None:
    damage(folder)
    found = messages(folder)
    assert any(_matches(message, text) for text in found), found
    assert len(found) <= 2  # not a flood for one fault


def _matches(pattern: str, text: str) -> bool:
    return re.match(pattern, text) is not None


def test_all_at_once(folder: Path) -> None:
    append(folder / GT, "9,1,1,2,3,4,1,1,1\n1,9,1,2,nan,4,1,1,1\n1,2\n")
    (folder / "det").mkdir()
    (folder / "det" / "det.txt").write_text("1,-1,1,2,3,4,0.5\n1,-1,5,6,7,8,0.5\nx\n")
    replace_in(folder / INI, "imWidth=160", "imWidth=161")
    (folder / IMAGES / "000002.jpg").unlink()
    shutil.copytree(folder, folder.parent / "again")
    problems = check_folder(folder.parent)
    assert len([p for p in problems if "again" in str(p.path) and p.severity == "error"]) == 7
    assert len([p for p in problems if "again" not in str(p.path)]) == 7
    assert all(p.fix for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seqLength=8", "seqLength=9", r"error: .*img1\.mp4: 8 frames, but .*seqLength=9"),
        ("imWidth=160", "imWidth=100", r"error: .*img1\.mp4: 160x120 pixels, but .*100x120"),
    ],
)
def test_video(tmp_path: Path, moving_boxes: Sequence, old: str, new: str, message: str) -> None:
    write_mot_sequence(tmp_path / "moving-boxes", moving_boxes, video=True)
    replace_in(tmp_path / "moving-boxes" / INI, old, new)
    assert any(_matches(message, text) for text in messages(tmp_path))


def test_damaged_video(folder: Path) -> None:
    shutil.rmtree(folder / IMAGES)
    (folder / "video.mp4").write_bytes(b"no video")
    (text,) = messages(folder)
    assert text.startswith("error: ")
    assert "video.mp4" in text


def kitti(root: Path, labels: str, images: int = 3) -> None:
    (root / "label_02").mkdir(parents=True)
    (root / "label_02" / "0000.txt").write_text(labels)
    (root / "image_02" / "0000").mkdir(parents=True)
    for n in range(images):
        path = root / "image_02" / "0000" / f"{n:06d}.png"
        cv2.imwrite(str(path), np.zeros((37, 124, 3), np.uint8))


REST = "2.0 1.8 4.4 -4.5 1.8 13.4 -2.1"
CAR = f"0 1 Car 0 0 -1 1 2 30 20 {REST}\n"


def test_kitti(tmp_path: Path) -> None:
    kitti(tmp_path / "training", CAR)
    assert messages(tmp_path) == []
    images, labels = tmp_path / "training/image_02/0000", tmp_path / "training/label_02/0000.txt"
    append(labels, CAR + CAR.replace("Car", "Cat") + "1 2 Car\n" + CAR.replace("0 1", "7 1", 1))
    (images / "000001.png").unlink()
    (images / "000000.png").write_bytes(b"x")
    (images / "thumb.png").write_bytes(b"x")
    found = messages(tmp_path)
    for pattern in (
        r"warning: .*thumb\.png: not numbered",
        "error: .*1 images missing, first 000001",
        r"error: .*000000\.png: not an image",
        r"error: .*0000\.txt:2: .*twice",
        r"error: .*0000\.txt:3: unknown type 'Cat'",
        r"error: .*0000\.txt:4: expected 17 columns",
        r"error: .*1 labelled frames behind the last image, first 7",
    ):
        assert any(_matches(pattern, text) for text in found), (pattern, found)
    assert len(found) == 7
    labels.write_bytes(b"\xff\xfe")
    assert any("binary data" in text for text in messages(tmp_path))
    labels.unlink()
    assert any("no labels" in text for text in messages(tmp_path))


def test_kitti_labels_only(tmp_path: Path) -> None:
    kitti(tmp_path, CAR, images=0)
    (text,) = messages(tmp_path)
    assert _matches("warning: .*no images", text)


def test_unknown_layout(tmp_path: Path) -> None:
    (text,) = messages(tmp_path)
    assert _matches("error: .*unknown layout; expected MOT", text)
    (tmp_path / "label_02").mkdir()
    (text,) = messages(tmp_path)
    assert _matches("error: .*no sequences; expected label_02", text)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such folder"):
        check_folder(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingDataError, match="is a file, not a folder"):
        check_folder(tmp_path / "file")


def test_summary(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, folder.parent / "broken")
    append(folder.parent / "broken" / GT, "x\n")
    broken, fine = summarise_folder(folder.parent)
    assert (broken.name, broken.readable) == ("broken", False)
    assert (fine.name, fine.frames, fine.width, fine.source) == ("moving-boxes", 8, 160, "images")
    assert (fine.objects, fine.boxes, fine.ignored) == (3, 24, 8)
    kitti(tmp_path / "kitti", CAR, images=0)
    (labels,) = summarise_folder(tmp_path / "kitti")
    assert (labels.source, labels.boxes) == ("none", 1)
    assert summarise_folder(tmp_path / "nothing") == []


@pytest.mark.slow
def test_real_folders(shared_data: Path) -> None:
    assert messages(shared_data / "mot17-mini") == []
    for name in ("mot17", "kitti", "pets09-s2l1"):
        assert [t for t in messages(shared_data / name) if t.startswith("error")] == []
