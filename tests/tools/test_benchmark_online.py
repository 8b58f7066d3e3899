"""tools/benchmark_online.py and what it is made of, without the library that it compares with."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mohart.formats.mot.tracks import write_mot
from mohart.formats.score_file import read_scores
from mohart.metrics.compare import compare
from mohart.structures import Tracks
from mohart.tracking.baselines.presets import SortTracker

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(autouse=True)
def tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def tracks(*rows: tuple[int, int, float]) -> Tracks:
    """(frame, id, x) -> a box of 10 x 20 there."""
    boxes = [[x, 5.0, x + 10, 25.0] for _, _, x in rows]
    return Tracks.from_columns([r[0] for r in rows], [r[1] for r in rows], boxes)


def as_rows(found: Tracks) -> list[tuple[int, int, float]]:
    return list(
        zip(found.frame.tolist(), found.track_id.tolist(), found.boxes[:, 0].tolist(), strict=True)
    )


def test_gaps_are_filled_by_straight_lines() -> None:
    scoring = load("online_bench.scoring")
    found = scoring.filled(tracks((0, 1, 0), (4, 1, 8), (2, 2, 50)))
    assert as_rows(found) == [(0, 1, 0), (1, 1, 2), (2, 1, 4), (2, 2, 50), (3, 1, 6), (4, 1, 8)]
    assert len(scoring.filled(Tracks.empty())) == 0


def test_coasting_uses_the_past_alone() -> None:
    scoring = load("online_bench.scoring")
    found = scoring.coasted(tracks((0, 1, 0), (3, 1, 6), (6, 1, 6)), 3, 8)
    # no speed at first, then 2 per frame, then none; nothing after the last frame
    assert as_rows(found) == [
        (0, 1, 0),
        (1, 1, 0),
        (2, 1, 0),
        (3, 1, 6),
        (4, 1, 8),
        (5, 1, 10),
        (6, 1, 6),
        (7, 1, 6),
    ]


def test_the_grid_has_the_default_first() -> None:
    rivals = load("online_bench.rivals")
    for name in rivals.AXES:
        grid = rivals.grid(name)
        assert len(grid) == 8
        assert grid[0] == {}
        assert len({json.dumps(settings, sort_keys=True) for settings in grid}) == 8
    assert rivals.grid("unheard-of") == [{}]
    assert rivals.in_words({}) == "default"
    assert rivals.in_words({"a": 0.5, "b": 1}) == "a=0.5, b=1"


@pytest.fixture
def small_set(tmp_path: Path) -> object:
    """Two objects that walk for twelve frames, detected exactly; labels only."""
    sets = load("online_bench.sets")
    found = []
    for name in ("one", "two"):
        truth = tracks(*[(t, n, 40.0 * n + 2 * t) for t in range(12) for n in (1, 2)])
        det = tmp_path / name / "det.txt"
        det.parent.mkdir()
        write_mot(det, truth, kind="det")
        found.append(sets.OnlineSequence(name, None, det, truth, 12, 160, 40, 10.0))
    return sets.OnlineSet("small", "a small set", "mot15", tuple(found))


def test_a_tracker_is_asked_now_and_then(small_set: object) -> None:
    own = load("online_bench.own")
    sequence = small_set.sequences[0]  # type: ignore[attr-defined]
    every, _ = own.follow(SortTracker(confirm_after=1), sequence, 1)
    assert len(every) == 24
    now_and_then, _ = own.follow(SortTracker(confirm_after=1), sequence, 3)
    assert len(now_and_then) == 24  # predicted between
    np.testing.assert_allclose(now_and_then.boxes, every.boxes, atol=4)


@pytest.mark.slow
def test_results_are_kept(small_set: object, tmp_path: Path) -> None:
    runs, scoring = load("online_bench.runs"), load("online_bench.scoring")
    entry = runs.own_entry(small_set, "bytetrack", None, 1, tmp_path)
    # confirmed with the second frame: 11 of 12
    assert scoring.combined(entry.scores)["MOTA"] == pytest.approx(100 * 11 / 12)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = runs.own_entry(small_set, "bytetrack", None, 1, tmp_path)
    assert again.scores == entry.scores
    assert kept == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert runs.own_entry(small_set, "static", None, 1, tmp_path) is None
    kept = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("bytetrack-*.json")]
    assert sorted(name.rpartition("-")[0] for name in kept) == [
        "results/small-every-1/bytetrack-online",
        "runs/small/one/bytetrack",
        "runs/small/two/bytetrack",
    ]
    content = read_scores(next(tmp_path.glob("results/small-every-1/*.json")))
    assert content["identity"]["name"] == "bytetrack"
    assert compare(content, content)  # what `mohart eval --compare` takes


def test_what_is_kept_depends_on_data_rate_and_settings(small_set: object, tmp_path: Path) -> None:
    runs = load("online_bench.runs")
    sequence = small_set.sequences[0]  # type: ignore[attr-defined]
    plain = runs.rival_identity("2.6.1", "sort", {}, "online")
    others = [
        runs.rival_identity("2.6.2", "sort", {}, "online"),
        runs.rival_identity("2.6.1", "sort", {"minimum_iou_threshold": 0.1}, "online"),
        runs.rival_identity("2.6.1", "sort", {}, "sparse"),
    ]
    places = {runs._run(small_set, sequence, "sort", 1, one, tmp_path).path for one in others}
    places |= {runs._run(small_set, sequence, "sort", n, plain, tmp_path).path for n in (1, 5)}
    assert len(places) == 5
    sequence.det.write_text(sequence.det.read_text().replace("0.0", "1.0", 1) + "\n")
    assert runs._run(small_set, sequence, "sort", 1, plain, tmp_path).path not in places


@pytest.mark.slow
def test_tables_have_the_default_and_the_best_of_each_rival(
    small_set: object, tmp_path: Path
) -> None:
    runs, tables = load("online_bench.runs"), load("online_bench.tables")
    sure = runs.own_entry(small_set, "bytetrack", None, 1, tmp_path)
    slow = runs.own_entry(small_set, "sort", None, 1, tmp_path)
    entries = [
        sure,
        runs.Entry("sort", True, 1, "online", {}, slow.scores),
        runs.Entry("sort", True, 1, "online", {"minimum_consecutive_frames": 1}, sure.scores),
        runs.Entry("sort", True, 1, "interpolated", {}, slow.scores),
    ]
    text = tables.table(small_set, 5, entries)
    assert text.startswith("a small set; detections in every 5th frame")
    assert "mohart: bytetrack" in text
    assert "best of 2: minimum_consecutive_frames=1" in text
    online, offline = tables.against_rivals(small_set, entries, "bytetrack")
    assert online["best"]["HOTA"] == pytest.approx(online["own"]["HOTA"])
    assert offline["best"]["HOTA"] < offline["own"]["HOTA"]
    assert offline["paired"]["sort"]["HOTA"]["low"] > 0
    assert "bytetrack against the best online rival: HOTA" in tables.in_lines([online])
    assert tables.as_json(small_set, 1, entries, [online])["rows"][1]["rival"] is True


def test_the_overview_has_a_line_per_tracker(small_set: object, tmp_path: Path) -> None:
    runs, overview = load("online_bench.runs"), load("online_bench.overview")
    entry = runs.own_entry(small_set, "bytetrack", None, 1, tmp_path)
    rival = runs.Entry("sort", True, 5, "coasted", {}, entry.scores)
    page = overview.overview(small_set, {1: [entry, rival], 5: [rival]}).splitlines()
    assert page[2].count("|") == 11
    assert page[4].startswith("| **bytetrack** | ")
    assert page[4].endswith(" | - | - | - | - | - | - |")  # nothing filled, nothing at every 5th
    assert page[5].startswith("| trackers: sort | - | - | - | - | - | - | - | ")
    assert page[5].endswith(" | - |")


def test_the_tool_says_what_is_missing(tmp_path: Path) -> None:
    from mohart.errors import MissingDataError

    tool = load("benchmark_online")
    work = ["--work", str(tmp_path), "--real", str(tmp_path)]
    with pytest.raises(MissingDataError, match=r"video\.avi is missing; check --real"):
        tool.main([*work, "--sets", "pets"])
    with pytest.raises(MissingDataError, match="unknown set 'pats'"):
        tool.main([*work, "--sets", "pats"])
