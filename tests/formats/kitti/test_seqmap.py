from pathlib import Path

import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.formats.kitti.seqmap import read_seqmap


def test_the_fourth_value_is_the_number_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "map"
    path.write_text("0001 empty 000000 000447\n0000 empty 000000 000154\n")
    assert read_seqmap(path) == {"0001": 447, "0000": 154}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0000 empty 000000\n", r"map:1: expected `0000 empty"),
        ("0000 empty 0 154\n0000 empty 0 154\n", r"map:2: sequence '0000' is there twice"),
        ("0000 empty 0 x\n", r"map:1: expected"),
        ("0000 empty 0 -5\n", r"map:1: expected"),
        ("0000 empty 0 0\n", r"map:1: 0 frames"),
        ("0000 empty 0 99999999999\n", r"map:1: 99999999999 frames"),
        ("\n", "no sequences"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_seqmap(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError):
        read_seqmap(tmp_path / "none")


def test_real_map(shared_data: Path) -> None:
    found = read_seqmap(shared_data / "kitti" / "evaluate_tracking.seqmap.training")
    assert (len(found), sum(found.values()), found["0019"]) == (21, 8008, 1059)
