from pathlib import Path

import pytest

from mohart.errors import OutputError
from mohart.files import write_text
from mohart.formats.text import as_numbers, read_lines, read_text


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeff1,2\r\n\r\n 3 4 \n".encode())
    assert read_lines(path) == [(1, ["1", "2"]), (3, ["3", "4"])]


def test_numbers() -> None:
    assert as_numbers(["1", "2.5", "-3e2"]) == [1, 2.5, -300]
    assert as_numbers(["1", ""]) is None


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.txt"
    write_text(path, "long old text\n")
    write_text(path, "new\n")
    assert read_text(path) == "new\n"
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o044  # others may read results


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_text(tmp_path / "file" / "x.txt", "")
