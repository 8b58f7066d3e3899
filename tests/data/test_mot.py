import shutil
from pathlib import Path

import pytest

from mohart.data.mot import find_mot_sequences, read_mot_folder, read_mot_sequence
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.mot.seqinfo import SequenceInfo, write_seqinfo


@pytest.fixture
def folder(tmp_path: Path, moving_boxes: Sequence) -> Path:
    """One sequence on disk."""
    write_mot_sequence(tmp_path / "set" / "street", moving_boxes)
    return tmp_path / "set" / "street"


def test_sequence_or_folder_of_sequences(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "a-copy")
    (folder.parent / "notes").mkdir()
    assert [s.name for s in read_mot_folder(folder)] == ["street"]
    assert [s.name for s in read_mot_folder(folder.parent)] == ["a-copy", "street"]
    assert [p.name for p in find_mot_sequences(folder.parent)] == ["a-copy", "street"]


def test_fewer_images_than_promised(folder: Path) -> None:
    for number in (4, 6, 7, 8):
        (folder / "img1" / f"{number:06d}.jpg").unlink()
    sequence = read_mot_sequence(folder)
    assert sequence.length == 3  # up to the gap; the image 000005 would be at a wrong time
    assert int(sequence.tracks.frame.max()) == 2
    assert len(list(sequence.frames())) == 3


def test_more_images_than_promised(folder: Path) -> None:
    info = SequenceInfo(name="street", frame_rate=10, length=5, width=160, height=120)
    write_seqinfo(folder / "seqinfo.ini", info)
    assert read_mot_sequence(folder).length == 5


def test_without_seqinfo(folder: Path) -> None:
    (folder / "seqinfo.ini").unlink()
    sequence = read_mot_sequence(folder)
    assert (sequence.length, sequence.width, sequence.height) == (8, 160, 120)
    assert sequence.frame_rate == 30


def test_without_ground_truth(folder: Path) -> None:
    shutil.rmtree(folder / "gt")
    assert len(read_mot_sequence(folder).tracks) == 0


@pytest.mark.parametrize("with_info", [True, False])
def test_video_instead_of_images(tmp_path: Path, moving_boxes: Sequence, with_info: bool) -> None:
    write_mot_sequence(tmp_path / "street", moving_boxes, video=True)
    (tmp_path / "street" / "img1.mp4").rename(tmp_path / "street" / "video.mp4")
    if not with_info:
        (tmp_path / "street" / "seqinfo.ini").unlink()
    sequence = read_mot_sequence(tmp_path / "street")
    assert (sequence.length, sequence.width, sequence.frame_rate) == (8, 160, 10)
    assert len(list(sequence.frames(3, 8))) == 5


def test_odd_size_survives_video(tmp_path: Path, moving_boxes: Sequence) -> None:
    from dataclasses import replace

    def narrow(start: int, stop: int):  # type: ignore[no-untyped-def]
        return (f[:, :159] for f in moving_boxes.frames(start, stop))

    write_mot_sequence(tmp_path / "s", replace(moving_boxes, width=159, reader=narrow), video=True)
    assert read_mot_sequence(tmp_path / "s").frame(2).shape == (120, 159, 3)


def test_labels_without_images(folder: Path) -> None:
    shutil.rmtree(folder / "img1")
    sequence = read_mot_sequence(folder)
    assert (sequence.length, len(sequence.tracks)) == (8, 32)
    with pytest.raises(MissingDataError, match=r"street: no images in img1/ and no video\.mp4"):
        sequence.frame(0)
    (folder / "seqinfo.ini").unlink()
    sequence = read_mot_sequence(folder)
    assert (sequence.length, sequence.width) == (8, 0)


def test_one_detector_of_three(folder: Path) -> None:
    for name in ("MOT17-02-DPM", "MOT17-02-FRCNN", "MOT17-02-SDP", "MOT17-04-SDP", "K-2-left"):
        shutil.copytree(folder, folder.parent / name)
    names = [s.name for s in read_mot_folder(folder.parent)]
    assert names == ["K-2-left", "MOT17-02-FRCNN", "MOT17-04-SDP", "street"]
    names = [s.name for s in read_mot_folder(folder.parent, detector="sdp")]
    assert names == ["K-2-left", "MOT17-02-SDP", "MOT17-04-SDP", "street"]
    with pytest.raises(
        ConfigError, match=r"MOT17-02 has no variant 'YOLO'.*known: DPM, FRCNN, SDP"
    ):
        read_mot_folder(folder.parent, detector="YOLO")


def test_nothing_to_read(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no MOT sequences.*the folder does not exist"):
        read_mot_folder(tmp_path / "none")
    folder.parent.rename(tmp_path / "train")
    with pytest.raises(MissingDataError, match=r"no MOT sequences; expected .*; try .*train"):
        read_mot_folder(tmp_path)


def test_images_that_count_from_zero(folder: Path) -> None:
    for number in range(1, 9):
        path = folder / "img1" / f"{number:06d}.jpg"
        path.rename(path.with_name(f"{number - 1:06d}.jpg"))
    sequence = read_mot_sequence(folder)
    assert sequence.length == 7  # 000001 is frame 0 whatever came before it
    for number in range(1, 8):
        (folder / "img1" / f"{number:06d}.jpg").unlink()
    with pytest.raises(MissingDataError, match="image 000001 is missing"):
        read_mot_sequence(folder)


def test_damaged_image(folder: Path) -> None:
    path = folder / "img1" / "000003.jpg"
    path.write_bytes(b"not an image")
    frames = read_mot_sequence(folder).frames()
    assert next(frames).shape == (120, 160, 3)
    with pytest.raises(FormatError, match=r"000003\.jpg: not an image"):
        list(frames)


@pytest.mark.slow
def test_real_folders(shared_data: Path) -> None:
    sequences = read_mot_folder(shared_data / "mot17-mini")
    assert [s.length for s in sequences] == [4, 8, 6, 4, 5, 7, 5]
    for sequence in sequences:
        height, width = sequence.frame(sequence.length - 1).shape[:2]
        assert (width, height) == (sequence.width, sequence.height)
        assert len(sequence.tracks)
    texts = read_mot_folder(shared_data / "mot17")
    assert [s.length for s in texts] == [600, 1050, 837, 525, 654, 900, 750]
    names = [s.name for s in read_mot_folder(shared_data / "mot15")]
    assert len(names) == 11
    pets = read_mot_sequence(shared_data / "pets09-s2l1")
    assert (pets.length, pets.width, pets.height) == (795, 768, 576)
    assert len(list(pets.frames(790, 795))) == 5
