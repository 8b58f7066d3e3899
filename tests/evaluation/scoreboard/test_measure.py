"""The benchmark: its sets, its keys, and that nothing is measured twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError, MissingDataError
from mohart.evaluation.initialised.windows import Window
from mohart.evaluation.scoreboard.key import result_path, tracker_identity
from mohart.evaluation.scoreboard.measure import measure
from mohart.evaluation.scoreboard.sets import GeneratedSet, VideoSet, generated_window
from mohart.metrics.compare import compare
from mohart.structures import TrackedObjects
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.strata import Drawn, Stratum
from mohart.tracking.baselines.static import StaticTracker

TINY = Generator(seed=5, width=64, height=64, objects=(1, 2), leaving=0.0, camera=0.0)


def stratum(name: str = "tiny", **changes: Any) -> Stratum:
    return Stratum(name, "for tests", replace(TINY, **changes), 4)


class Counter(StaticTracker):
    """A static tracker that counts its starts, with details of its own."""

    def __init__(self, weights: str = "w1") -> None:
        super().__init__()
        self.starts = 0
        self.details = {"sha256": weights, "weights": "where it lies"}

    def init(self, frame_bgr: Any, boxes_xyxy: Any, ids: Any = None) -> TrackedObjects:
        self.starts += 1
        return super().init(frame_bgr, boxes_xyxy, ids)


@pytest.fixture
def video(tmp_path: Path) -> VideoSet:
    """Nine frames in windows of 4; two objects, one of them small."""
    (tmp_path / "frames").mkdir()
    for t in range(9):
        cv2.imwrite(str(tmp_path / "frames" / f"{t}.png"), np.full((48, 64, 3), 9 * t, np.uint8))
    rows = [f"{t},1,{t},4,20,30,1,1,1\n{t},2,40,4,5,5,1,1,1\n" for t in range(1, 10)]
    (tmp_path / "gt.txt").write_text("".join(rows))
    return VideoSet(
        name="real", source=tmp_path / "frames", gt=tmp_path / "gt.txt", length=4, min_area=100
    )


def windows(bench_set: GeneratedSet | VideoSet) -> list[Window]:
    frames: list[int] = []
    found = list(bench_set.windows(frames.append))
    assert sum(frames) == bench_set.frames()
    return found


def test_who_is_started_and_which_frames_count() -> None:
    boxes = np.tile([-3.0, 0, 9, 12], (3, 4, 1))
    visibility = np.array([[1, 0.3, 0.29, 0], [0.25, 0.26, 1, 1], [0, 1, 1, 1]])
    window = generated_window(
        "s-0001", Drawn([np.zeros((9, 9, 3), np.uint8)] * 3, boxes, visibility)
    )
    assert window.ids.tolist() == [1, 2]
    assert window.present.tolist() == [[True, True], [False, True], [False, True]]
    assert np.array_equal(window.truth, np.tile([0, 0, 9, 9], (3, 2, 1)))  # inside the frame


def test_generated_windows() -> None:
    found = windows(GeneratedSet(stratum(), 3))
    assert [window.name for window in found] == ["tiny-0000", "tiny-0001", "tiny-0002"]
    assert all(len(window.frames) == 4 and window.present[0].all() for window in found)


def test_windows_of_a_video_may_overlap(video: VideoSet) -> None:
    often = replace(video, stride=2)
    found = list(often.windows(lambda _: None))
    assert [window.first_frame for window in found] == [0, 2, 4]
    assert all(len(window.frames) == 4 for window in found)
    assert replace(often, max_windows=2).frames() == 6
    assert often.definition() != video.definition()
    assert "one every 2" in often.about


def test_a_stratum_in_which_nobody_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = Drawn([np.zeros((9, 9, 3), np.uint8)], np.zeros((1, 1, 4)), np.zeros((1, 1)))
    monkeypatch.setattr(Stratum, "draw", lambda *_: nobody)
    with pytest.raises(ConfigError, match="nobody is visible at the start of its first 2"):
        windows(GeneratedSet(stratum(), 2))


def test_windows_of_a_video(video: VideoSet) -> None:
    found = list(video.windows(lambda _: None))
    assert [window.name for window in found] == ["frames@0001", "frames@0005"]
    assert [window.ids.tolist() for window in found] == [[1], [1]]  # 5 x 5 is too small
    assert (video.frames(), replace(video, max_windows=1).frames()) == (9, 4)
    assert len(list(replace(video, max_windows=1).windows(lambda _: None))) == 1
    with pytest.raises(MissingDataError, match=r"real set 'real': .*none does not exist"):
        replace(video, gt=video.gt.with_name("none"))
    video.gt.write_text("30,1,4,4,20,30,1,1,1\n")
    with pytest.raises(ConfigError, match="real set 'real': no window of 4 frames starts"):
        list(video.windows(lambda _: None))


def test_the_key_knows_what_a_result_was_measured_with(video: VideoSet, tmp_path: Path) -> None:
    def key(bench_set: GeneratedSet | VideoSet, tracker: Counter) -> str:
        path = result_path(
            tmp_path,
            bench_set.name,
            "t",
            definition=bench_set.definition(),
            identity=tracker_identity(tracker),
        )
        assert path.parent == tmp_path / bench_set.name
        return path.name

    plain = GeneratedSet(stratum(), 2)
    before = key(video, Counter())
    assert key(plain, Counter()) == key(GeneratedSet(stratum(), 2), Counter())
    elsewhere = Counter()
    elsewhere.details = {"sha256": "w1", "weights": "moved"}
    assert key(plain, elsewhere) == key(plain, Counter())
    others = [
        key(plain, Counter("w2")),
        key(GeneratedSet(stratum(), 3), Counter()),
        key(GeneratedSet(stratum(speed=2.0), 2), Counter()),
        key(replace(video, min_area=0.0), Counter()),
        before,
    ]
    assert len({key(plain, Counter()), *others}) == 6
    video.gt.write_text(video.gt.read_text() + "9,3,4,4,20,30,1,1,1\n")
    assert key(video, Counter()) != before


def test_the_key_knows_what_photographs_show_and_not_where_they_lie(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    picture = np.zeros((8, 8, 3), np.uint8)
    assert cv2.imwrite(str(tmp_path / "a" / "x.png"), picture)
    before = GeneratedSet(stratum(photographs=str(tmp_path / "a")), 2).definition()
    assert before != GeneratedSet(stratum(), 2).definition()
    moved = (tmp_path / "a").rename(tmp_path / "b")
    bench_set = GeneratedSet(stratum(photographs=str(moved)), 2)
    assert bench_set.definition() == before
    assert cv2.imwrite(str(moved / "x.png"), picture + 1)
    assert bench_set.definition() != before


@pytest.mark.slow
def test_results_are_kept_and_used(video: VideoSet, tmp_path: Path) -> None:
    sets = [video, GeneratedSet(stratum(), 2)]
    mine, rival = Counter("w1"), Counter("rival")
    reports: list[tuple[int, int | None]] = []
    first = measure(
        sets,
        {"mine": mine, "rival": rival},
        tmp_path / "out",
        progress=lambda done, total: reports.append((done, total)),
    )
    assert reports[-1] == (17, 17)
    assert (mine.starts, rival.starts) == (6, 6)  # 4 windows, and a warm-up for each set
    assert len(list((tmp_path / "out").glob("*/*.json"))) == 4
    again = measure(sets, {"mine": mine, "rival": rival}, tmp_path / "out")
    assert again == first
    assert (mine.starts, rival.starts) == (6, 6)

    other = Counter("w2")  # new weights: the rival is not measured again
    newer = measure(sets, {"mine": other, "rival": rival}, tmp_path / "out")
    assert (other.starts, rival.starts) == (6, 6)
    assert newer["tiny"]["rival"] == first["tiny"]["rival"]
    assert newer["tiny"]["mine"]["identity"]["details"] == {"sha256": "w2"}
    assert len(list((tmp_path / "out").glob("*/*.json"))) == 6
    measure(sets[1:], {"mine": other, "rival": rival}, tmp_path / "out", again=["rival"])
    assert (other.starts, rival.starts) == (6, 9)


def test_a_kill_costs_one_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = [GeneratedSet(stratum("one"), 1), GeneratedSet(stratum("two", seed=6), 1)]
    drawn: list[str] = []
    draw = Stratum.draw

    def draw_or_die(self: Stratum, number: int, bank: Any = None) -> Drawn:
        drawn.append(self.name)
        if drawn == ["one", "two"]:
            raise KeyboardInterrupt
        return draw(self, number, bank)

    monkeypatch.setattr(Stratum, "draw", draw_or_die)
    with pytest.raises(KeyboardInterrupt):
        measure(sets, {"t": Counter()}, tmp_path)
    assert [path.parent.name for path in tmp_path.rglob("*.json")] == ["one"]
    assert list(measure(sets, {"t": Counter()}, tmp_path)) == ["one", "two"]
    assert drawn == ["one", "two", "two"]


@pytest.mark.slow
def test_content_of_a_result(tmp_path: Path) -> None:
    bench_set = GeneratedSet(stratum(), 2)
    content = measure([bench_set], {"t": Counter()}, tmp_path)["tiny"]["t"]
    assert json.loads(next(tmp_path.rglob("*.json")).read_text()) == content
    assert [row["sequence"] for row in content["rows"]] == ["tiny-0000", "tiny-0001", "COMBINED"]
    assert content["dataset"]["sequences"] == {"tiny-0000": 4, "tiny-0001": 4}
    assert "at most 25% visible" in " ".join(content["protocol"]["ignore_rules"])
    objects = sum(len(window.ids) for window in windows(bench_set))
    assert sum(content["calibration"]["answers"]) == 3 * objects  # hidden ones as well
    found = compare(content, content, resamples=10)
    assert next(d for d in found if d.score == "IoU").difference == 0


def test_real_video_does_not_know_who_is_hidden(video: VideoSet, tmp_path: Path) -> None:
    assert measure([video], {"t": Counter()}, tmp_path)["real"]["t"]["calibration"] is None


def test_results_on_other_windows_are_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same definition drew something else, on another kind of machine for example."""
    bench_set = GeneratedSet(stratum(), 1)
    measure([bench_set], {"a": Counter()}, tmp_path)
    draw = GeneratedSet.windows

    def shifted(self: GeneratedSet, advance: Any) -> Iterator[Window]:
        for window in draw(self, advance):
            yield replace(window, truth=window.truth + 1)

    monkeypatch.setattr(GeneratedSet, "windows", shifted)
    with pytest.raises(ConfigError, match="tiny: a and b were measured on different windows"):
        measure([bench_set], {"a": Counter(), "b": Counter()}, tmp_path)
