"""mohart.config.bench: the list of real sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.config.bench import USUAL_SETS, load_real_sets
from mohart.errors import ConfigError, MissingDataError


def test_a_list_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "bench.yaml").write_text(
        "- {name: mine-60, source: a.mp4, gt: a.txt}\n"
        "- {name: far, source: b/img1, gt: b/gt.txt, window: 150, min_area: 200}\n"
    )
    first, second = load_real_sets(tmp_path)
    assert (first.name, first.source, first.window, first.min_area) == ("mine-60", "a.mp4", 60, 0)
    assert (second.gt, second.window, second.min_area) == ("b/gt.txt", 150, 200)


def test_without_a_list_the_usual_sets(tmp_path: Path) -> None:
    (tmp_path / "pets09-s2l1" / "gt").mkdir(parents=True)
    (tmp_path / "pets09-s2l1" / "gt" / "gt.txt").touch()
    assert load_real_sets(tmp_path) == USUAL_SETS
    assert [item.name for item in USUAL_SETS] == ["pets-60", "pets-150", "highway-60"]
    assert [item.window for item in USUAL_SETS] == [60, 150, 60]


def test_without_both_every_folder_with_video_and_truth(tmp_path: Path) -> None:
    for name, video in (("run", "video.mp4"), ("ant", "video.avi"), ("no-truth", "video.mp4")):
        (tmp_path / name / "gt").mkdir(parents=True)
        (tmp_path / name / video).touch()
        if name != "no-truth":
            (tmp_path / name / "gt" / "gt.txt").touch()
    found = load_real_sets(tmp_path)
    assert [(item.name, item.source) for item in found] == [
        ("ant", "ant/video.avi"),
        ("run", "run/video.mp4"),
    ]
    assert all((item.window, item.min_area) == (100, 200.0) for item in found)


def test_a_folder_whose_name_is_no_word_is_named(tmp_path: Path) -> None:
    (tmp_path / "my run" / "gt").mkdir(parents=True)
    (tmp_path / "my run" / "video.mp4").touch()
    (tmp_path / "my run" / "gt" / "gt.txt").touch()
    with pytest.raises(ConfigError, match=r"my run: .*must be one word; rename it, or write bench"):
        load_real_sets(tmp_path)


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"no bench\.yaml and no folders with video\.mp4"):
        load_real_sets(tmp_path)


GOOD = "source: a, gt: b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("sets: 3", "expected a list of sets"),
        ("- 7", "set 1: expected settings (key: value), got 7 (int)"),
        ("- {name: a, source: b}", "set 1.gt: missing"),
        (f"- {{name: a, {GOOD}, windw: 3}}", "set 1.windw: unknown key; did you mean 'window'"),
        (f"- {{name: 3, {GOOD}}}", "set 1.name: expected str, got 3 (int)"),
        (f"- {{name: a/b, {GOOD}}}", "expected one word, got 'a/b'"),
        (f"- {{name: a, {GOOD}, window: 1}}", "a window of at least 2 frames"),
        (f"- {{name: a, {GOOD}, window: long}}", "set 1.window: expected int, got 'long' (str)"),
        (f"- {{name: a, {GOOD}}}\n- {{name: a, {GOOD}}}", "a name is there twice: a, a"),
    ],
)
def test_errors(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_real_sets(tmp_path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="none: no such folder"):
        load_real_sets(tmp_path / "none")
