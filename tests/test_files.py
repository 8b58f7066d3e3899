"""mohart.files: a file is there as a whole, or as it was."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mohart.errors import MissingDataError, OutputError
from mohart.files import Replacement, check_file, write_bytes, write_failure, write_text


def write_half(path: Path, error: BaseException) -> None:
    with Replacement(path) as part:
        part.write_text("half")
        raise error


def test_written_in_new_folders_and_nothing_stays_beside(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "größer\n")
    write_bytes(tmp_path / "a" / "b.txt", b"1\n")
    write_text(tmp_path / "a" / "c.txt", "größer\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"1\n"
    assert (tmp_path / "a" / "c.txt").read_bytes() == "größer\n".encode()
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.txt", "c.txt"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), MissingDataError("x")])
def test_a_failure_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)):
        write_half(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_errors_of_the_disk_are_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(No space"):
        write_half(tmp_path / "a.txt", OSError(errno.ENOSPC, "No space left on device"))
    assert list(tmp_path.iterdir()) == []
    error = write_failure(Path("out"), OSError(errno.ENOSPC, "No space left on device"))
    assert str(error) == (
        "out: cannot be written (No space left on device); free some space or choose another disk"
    )


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=r"file/a\.txt: cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "")
    with pytest.raises(OutputError, match=r"folder: cannot be written \(Is a directory\)"):
        write_text(tmp_path / "folder", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_what_may_be_replaced(tmp_path: Path) -> None:
    file, folder, pipe = tmp_path / "a.txt", tmp_path / "folder", Path("/dev/null")
    check_file(file, overwrite=False)
    file.write_text("")
    folder.mkdir()
    with pytest.raises(OutputError, match=r"a\.txt: exists already.*--overwrite"):
        check_file(file, overwrite=False)
    check_file(file, overwrite=True)
    with pytest.raises(OutputError, match="is a folder; name a file"):
        check_file(folder, overwrite=True)
    with pytest.raises(OutputError, match="is no plain file"):
        check_file(pipe, overwrite=True)
