"""mohart.folders: all or nothing, and nothing that is somebody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mohart.errors import OutputError
from mohart.folders import Kind, OutputFolder, check_folder, lock_folder

KIND = Kind(
    "mohart track",
    names=("tracks.txt", "img/[0-9].jpg", "run.json"),
    mark="run.json",
    said='"mohart"',
)
HOLD = """
import sys
from pathlib import Path
from mohart.folders import lock_folder
with lock_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def fill(path: Path, *, overwrite: bool = False, fail: bool = False, text: str = "new") -> None:
    with OutputFolder(path, KIND, overwrite=overwrite) as folder:
        (folder.part / "tracks.txt").write_text(text)
        (folder.part / "run.json").write_text('{"mohart": 1}')
        (folder.part / "img").mkdir()
        (folder.part / "img" / "1.jpg").write_text("")
        assert not (path / "tracks.txt").exists() or (path / "tracks.txt").read_text() == "old"
        if fail:
            raise OutputError(f"{folder.part}/tracks.txt: cannot write")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_appears_when_complete(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "out")
    assert (tmp_path / "a" / "out" / "tracks.txt").read_text() == "new"
    assert names(tmp_path / "a") == ["out"]


def test_failure_leaves_nothing_and_names_the_folder_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"out/tracks\.txt: cannot write") as caught:
        fill(tmp_path / "out", fail=True)
    assert "part" not in str(caught.value)
    assert names(tmp_path) == []


def test_an_earlier_result_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, text="old")
    with pytest.raises(OutputError, match=r"exists already.*--overwrite"):
        fill(out)
    with pytest.raises(OutputError):
        fill(out, overwrite=True, fail=True)
    assert (out / "tracks.txt").read_text() == "old"
    (out / ".DS_Store").write_text("")  # nobody's work
    (out / ".tracks.txt.4711.part").write_text("")
    fill(out, overwrite=True)
    assert (out / "tracks.txt").read_text() == "new"
    assert names(tmp_path) == ["out"]
    assert names(out) == ["img", "run.json", "tracks.txt"]


def test_an_empty_folder_is_filled_and_stays_the_same(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".DS_Store").write_text("")
    before = out.stat().st_ino
    with pytest.raises(OutputError):
        fill(out, fail=True)
    assert names(out) == [".DS_Store"]
    fill(out)
    assert names(out) == [".DS_Store", "img", "run.json", "tracks.txt"]
    assert out.stat().st_ino == before


@pytest.mark.parametrize(
    "stranger", ["thesis.tex", "img/notes.txt", "img/1.png", "photos/1.jpg", ".git/config"]
)
def test_a_folder_with_other_things_is_never_replaced(tmp_path: Path, stranger: str) -> None:
    out = tmp_path / "out"
    fill(out)
    (out / stranger).parent.mkdir(exist_ok=True)
    (out / stranger).write_text("years of work")
    with pytest.raises(OutputError, match=r"will not be replaced.*" + stranger):
        fill(out, overwrite=True)
    assert (out / stranger).read_text() == "years of work"


def test_names_alone_are_no_proof(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tracks.txt").write_text("of another tracker")
    with pytest.raises(OutputError, match=r"will not be replaced.*no run\.json of it"):
        fill(out, overwrite=True)
    (out / "run.json").write_text('{"runner": "of another program"}')
    with pytest.raises(OutputError, match=r"will not be replaced.*no run\.json of it"):
        fill(out, overwrite=True)
    assert names(out) == ["run.json", "tracks.txt"]


def test_files_links_and_the_current_folder_are_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, file, link = tmp_path / "out", tmp_path / "thesis.tex", tmp_path / "link"
    fill(out, text="old")
    file.write_text("years of work")
    link.symlink_to(out)
    for path in (file, link):
        with pytest.raises(OutputError, match="is not a folder"):
            fill(path, overwrite=True)
    (out / "img" / "2.jpg").symlink_to(file)
    fill(out, overwrite=True)  # a link of a name of ours goes, what it points to stays
    assert file.read_text() == "years of work"
    monkeypatch.chdir(out)
    for path in (Path(), out, out / "img" / ".."):
        with pytest.raises(OutputError, match="current folder"):
            fill(path, overwrite=True)
    monkeypatch.chdir(out / "img")
    with pytest.raises(OutputError, match="current folder"):
        fill(out, overwrite=True)
    assert (out / "tracks.txt").exists()


def test_an_empty_current_folder_may_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(Path())
    assert names(tmp_path) == ["img", "run.json", "tracks.txt"]


def test_another_process_keeps_out_until_it_ends_even_by_kill(tmp_path: Path) -> None:
    out = tmp_path / "out"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(OutputError, match=r"out: another process of mohart is writing here"):
        fill(out)
    holder.kill()
    holder.communicate()
    (tmp_path / ".out.mohart-part").mkdir()  # it would have left that, too
    (tmp_path / ".out.mohart-part" / "half.txt").write_text("")
    fill(out)
    assert names(tmp_path) == ["out"]
    assert names(out) == ["img", "run.json", "tracks.txt"]


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with lock_folder(tmp_path / "out"), pytest.raises(OutputError, match="another process"):
            fill(tmp_path / "out")
    assert names(tmp_path) == []


def test_a_kill_between_the_two_moves_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, text="old")
    out.rename(tmp_path / ".out.mohart-old")
    with pytest.raises(OutputError, match="exists already"):
        fill(out)
    assert names(tmp_path) == ["out"]
    assert (out / "tracks.txt").read_text() == "old"


def test_what_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = OutputFolder(out, KIND).__enter__()
    (folder.part / "run.json").write_text('{"mohart": 1}')
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="exists already"):
        folder.__exit__(None, None, None)
    assert names(tmp_path) == ["out"]
    assert names(out) == ["thesis.tex"]


def test_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        fill(tmp_path / "file" / "out")


def test_the_check_alone_makes_nothing(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b", KIND, overwrite=False)
    assert names(tmp_path) == []
