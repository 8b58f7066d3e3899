"""mohart.session.outputs: all or nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mohart.errors import OutputError
from mohart.session.outputs import OutputFolder, write_failure


def fill(path: Path, *, overwrite: bool = False, fail: bool = False) -> None:
    with OutputFolder(path, overwrite=overwrite) as folder:
        (folder.part / "tracks.txt").write_text("new")
        assert not path.exists() or (path / "tracks.txt").read_text() == "old"
        if fail:
            raise OutputError(f"{folder.part}/tracks.txt: cannot write")


def test_appears_when_complete(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "out")
    assert (tmp_path / "a" / "out" / "tracks.txt").read_text() == "new"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["out"]


def test_failure_leaves_nothing_and_names_the_folder_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"out/tracks\.txt: cannot write") as caught:
        fill(tmp_path / "out", fail=True)
    assert ".part" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_existing_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tracks.txt").write_text("old")
    with pytest.raises(OutputError, match=r"exists already.*--overwrite"):
        fill(out)
    with pytest.raises(OutputError):
        fill(out, overwrite=True, fail=True)
    assert (out / "tracks.txt").read_text() == "old"
    fill(out, overwrite=True)
    assert (out / "tracks.txt").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_things_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match=r"will not be replaced.*thesis\.tex"):
        OutputFolder(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="is not a folder"):
        OutputFolder(tmp_path / "thesis.tex", overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        OutputFolder(tmp_path / "file" / "out")


def test_disk_full_is_told_plainly() -> None:
    error = write_failure(Path("out"), OSError(errno.ENOSPC, "No space left on device"))
    assert str(error) == (
        "out: cannot write: No space left on device; free some space or choose another disk with -o"
    )
