"""Which videos are meant, what they are called, and which boxes belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.cli.many.belongings import find_belongings
from mohart.cli.many.sources import Video, find_videos, is_many
from mohart.errors import ConfigError, MissingDataError


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(*sources: object) -> dict[str, str]:
    return {video.name: Path(video.source).name for video in find_videos([*map(str, sources)])}


def test_a_folder_of_videos_and_sequences_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "c10.mp4", "c2.AVI", "notes.txt", ".c3.mp4", "._c2.AVI", "deep/c9.mp4")
    make(tmp_path, "MOT-02/img1/000001.jpg", "MOT-04/seqinfo.ini", "images/1.png")
    assert list(found(tmp_path)) == ["c2", "c10", "images", "MOT-02", "MOT-04"]
    assert is_many(str(tmp_path))
    assert not is_many(str(tmp_path / "MOT-02"))
    assert not is_many(str(tmp_path / "images"))
    assert not is_many(str(tmp_path / "deep"))  # the one video in it
    assert not is_many(str(tmp_path / "c10.mp4"))
    assert found(tmp_path / "MOT-02") == {"MOT-02": "MOT-02"}


def test_patterns_and_names_each_once(tmp_path: Path) -> None:
    make(tmp_path, "a/x.mp4", "a/y.mp4", "b/c/z.mp4", "b/pic.png")
    pattern = str(tmp_path / "**/*.mp4")
    assert is_many(pattern)
    assert not is_many(str(tmp_path / "b/*.png"))  # frames of one video
    assert list(found(pattern, tmp_path / "a/x.mp4")) == ["x", "y", "z"]
    assert list(found(tmp_path / "b/c/z.mp4", tmp_path / "a")) == ["z", "x", "y"]


def test_equal_names_get_their_folders_and_endings(tmp_path: Path) -> None:
    make(tmp_path, "v/a/1.mp4", "v/b/1.mp4", "v/b/2.mp4", "v/b/2.avi")
    names = [v.name for v in find_videos([str(tmp_path / "v/a"), str(tmp_path / "v/b")])]
    assert names == ["a/1", "b/1", "b/2.avi", "b/2.mp4"]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("nothing.mp4", MissingDataError, "nothing.mp4: no such video, folder or pattern"),
        ("no*.mp4", MissingDataError, "no such video"),
        ("empty", MissingDataError, "no videos in it"),
        ("0", ConfigError, "0: cannot be one of many"),
        ("-", ConfigError, "cannot be one of many"),
        ("rtsp://cam/1", ConfigError, "cannot be one of many"),
    ],
)
def test_no_videos(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    error: type[Exception],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises(error, match=message):
        find_videos([source])


def videos(folder: Path) -> list[Video]:
    return [Video(str(folder / f"v/{name}.mp4"), name) for name in ("a", "b")]


def test_a_folder_with_a_file_for_each(tmp_path: Path) -> None:
    make(tmp_path, "boxes/a.csv", "boxes/b/gt/gt.txt", "det/a/det/det.txt", "det/b.json")
    boxes = find_belongings("init", str(tmp_path / "boxes"), videos(tmp_path))
    assert boxes == [str(tmp_path / "boxes/a.csv"), str(tmp_path / "boxes/b/gt/gt.txt")]
    found = find_belongings("detections", str(tmp_path / "det"), videos(tmp_path))
    assert found == [str(tmp_path / "det/a/det/det.txt"), str(tmp_path / "det/b.json")]


def test_a_pattern(tmp_path: Path) -> None:
    make(tmp_path, "v/a.txt", "v/b.txt", "v/a.mp4.csv", "v/b.mp4.csv")
    boxes = find_belongings("init", "{folder}/{name}.txt", videos(tmp_path))
    assert boxes == [str(tmp_path / "v/a.txt"), str(tmp_path / "v/b.txt")]
    assert find_belongings("init", "{source}.csv", videos(tmp_path))[1] == str(
        tmp_path / "v/b.mp4.csv"
    )


def test_one_table_for_all(tmp_path: Path) -> None:
    make(tmp_path, "all.json", "seq/det/det.txt")
    table = str(tmp_path / "all.json")
    assert find_belongings("detections", table, videos(tmp_path)) == [table] * 2
    assert find_belongings("init", table, videos(tmp_path)[:1]) == [table]
    with pytest.raises(ConfigError, match="boxes of one video; give a folder"):
        find_belongings("init", table, videos(tmp_path))
    folder = str(tmp_path / "seq")
    assert find_belongings("detections", folder, videos(tmp_path)[:1]) == [folder]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    make(tmp_path, "boxes/a.csv", "twice/a.csv", "twice/a.txt", "twice/b.csv")
    with pytest.raises(MissingDataError, match=r"nothing for 1 videos \(b; expected .* b\.csv\)"):
        find_belongings("init", str(tmp_path / "boxes"), videos(tmp_path))
    with pytest.raises(MissingDataError, match=r"nothing for 2 videos \(x/a, x/b\)"):
        find_belongings("init", "x/{name}", videos(tmp_path))
    with pytest.raises(ConfigError, match=r"both a\.csv and a\.txt for a; say which by a pattern"):
        find_belongings("init", str(tmp_path / "twice"), videos(tmp_path))
    with pytest.raises(ConfigError, match=r"'\{nam\}'; did you mean 'name'"):
        find_belongings("init", "x/{nam}", videos(tmp_path))
