"""tools/presence.py and tools/returns.py: what is counted against the truth."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.metrics.evaluate import ScoredSequence
from mohart.structures import Tracks
from mohart.synth.scenes.strata import Drawn
from mohart.tracking.baselines.static import StaticTracker

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
presence, counts, returns = (
    importlib.import_module(name) for name in ("presence", "presence_counts", "returns")
)


def row(active: bool, there: bool, iou: float, gone: bool = False) -> dict[str, Any]:
    said = {"active": active, "confidence": float(active)}
    return {"id": 1, "there": there, "iou": iou, "gone": gone, **said}


def test_frames_and_returns() -> None:
    rows = [
        *[row(True, True, 0.8)] * 5,
        row(True, True, 0.1),  # on something else
        *[row(False, False, 0.0)] * counts.AWAY,
        row(True, True, 0.6),  # back
        *[row(False, True, 0.6)] * (counts.AWAY - 1),
        row(True, True, 0.6),  # was not away for long
        *[row(False, False, 0.0, gone=True)] * counts.AWAY,
        *[row(True, False, 0.0, gone=True)] * 3,
    ]
    found = counts.count(rows)
    assert {name: n for name, n in found.items() if not name.startswith("since")} == {
        "there": 17,
        "after": 13,
        "active right": 7,
        "active wrong": 1,
        "active gone": 3,
        "return right": 1,
        "return wrong": 1,
        "came back": 1,
        "false presences": 1,
    }
    summary = counts.summary(found)
    assert summary["precision of active"] == 7 / 11
    assert summary["active while there"] == 7 / 17
    assert summary["active while gone"] == 3 / 13
    assert summary["false presences per 1,000 frames"] == 1000 / 13


def test_calibration_by_time_since_the_last_sure_look() -> None:
    sure, unsure = {"confidence": 0.95}, {"confidence": 0.5}
    rows = [
        {**row(True, True, 0.8), **sure},
        {**row(True, True, 0.1), **unsure},  # one frame after that
        {**row(False, False, 0.0), **unsure},
        {**row(True, True, 0.6), **sure},
        *[{**row(True, True, 0.6), **unsure}] * 7,
    ]
    found = counts.calibrate(rows)
    frames = [found[f"since {low} frames"] for low in counts.SINCE]
    assert frames == [2, 2 + 5, 2, 0, 0]
    assert [found[f"since {low} right"] for low in counts.SINCE] == [2, 5, 2, 0, 0]
    assert found["since 6 said"] == 1.0
    assert counts.calibration_table(found) == [
        "      0 to 0 frames:       2, said 0.950, right 1.000",
        "      1 to 5 frames:       7, said 0.500, right 0.714",
        "     6 to 15 frames:       2, said 0.500, right 1.000",
    ]


def test_labelled_video(moving_boxes: Sequence, tmp_path: Path) -> None:
    write_mot_sequence(tmp_path / "one", moving_boxes, video=True)
    (tmp_path / "one" / "img1.mp4").rename(tmp_path / "one" / "video.mp4")
    ((name, drawn),) = presence.real_videos(tmp_path)
    assert (name, len(drawn.frames)) == ("one", moving_boxes.length)
    assert drawn.boxes.shape == (moving_boxes.length, 3, 4)  # the ignored one is left out
    assert drawn.visibility[:, 0].tolist() == [1.0] * moving_boxes.length
    rows = presence.follow(drawn, StaticTracker())
    assert {r["id"] for r in rows} == {0, 1}  # the third is hidden


@pytest.mark.parametrize(
    ("away", "late", "there", "expected"),
    [
        (counts.AWAY, 3, 20, (1, 1)),
        (counts.AWAY, 12, 20, (1, 0)),  # too late
        (counts.AWAY - 1, 0, 20, (0, 0)),  # not away for long
        (counts.AWAY, 0, counts.AWAY - 1, (0, 0)),  # not back for long
    ],
)
def test_who_is_followed_again(away: int, late: int, there: int, expected: tuple[int, int]) -> None:
    rows = [
        *[row(True, True, 0.8)] * 5,
        *[row(False, False, 0.0)] * away,
        *[row(False, True, 0.8)] * late,
        *[row(True, True, 0.8)] * (there - late),
        *[row(False, False, 0.0, gone=True)] * 40,
    ]
    other = [{**one, "id": 2} for one in [row(True, True, 0.8)] * 60]
    found = counts.came_back([*rows, *other])
    assert (found["came back"], found["followed again"]) == expected


def test_who_is_drawn_when() -> None:
    frames = [np.zeros((60, 80, 3), np.uint8)] * (presence.EVERY + 3)
    boxes = np.tile([[10.0, 10, 30, 40], [40, 10, 60, 40]], (len(frames), 1, 1))
    visibility = np.ones((len(frames), 2))
    visibility[:50, 1] = 0  # comes in later
    visibility[20:, 0] = 0  # leaves for good
    rows = presence.follow(Drawn(frames, boxes, visibility), StaticTracker())
    assert [sum(r["id"] == n for r in rows) for n in (0, 1)] == [presence.EVERY + 2, 2]
    assert sum(r["gone"] for r in rows) == presence.EVERY + 2 - 19
    assert {r["iou"] for r in rows if r["there"]} == {1.0}


def run(identity: list[list[int]], seen: list[list[bool]], left: list[list[float]]) -> Any:
    """What was said, [N][T] each; boxes are 20 wide and begin at `left`."""
    ids, there = np.array(identity).T, np.array(seen).T
    x = np.array(left, float).T
    boxes = np.stack([x, 0 * x, x + 20, 0 * x + 40], -1)
    nothing = Tracks.empty()
    scored = ScoredSequence.from_tracks("one", nothing, nothing, length=len(ids))
    return returns.Run(ids, there, boxes, scored)


GAP = [True] * 10 + [False] * 15 + [True] * 10


@pytest.mark.parametrize(
    ("after", "kind"), [(1, "right"), (2, "wrong"), (7, "new"), (-1, "not found")]
)
def test_returns_by_what_became_of_the_identity(after: int, kind: str) -> None:
    first = [1] * 10 + [-1] * 15 + [after] * 10
    other = [2] * 35
    said = run([first, other], [GAP, [True] * 35], [[0] * 35, [200] * 35])
    assert dict(returns.count_returns(said)) == {kind: 1}


def test_a_short_gap_is_no_return() -> None:
    seen = [True] * 10 + [False] * returns.AWAY + [True] * 10
    ids = [1] * 10 + [-1] * returns.AWAY + [3] * 10
    said = run([ids[:29]], [[True] * 10 + [False] * 9 + [True] * 10], [[0] * 29])
    assert not returns.count_returns(said)
    assert dict(returns.count_returns(run([ids], [seen], [[0] * 30]))) == {"new": 1}


@pytest.mark.parametrize(
    ("ends", "kind"), [((1, 2), "kept"), ((2, 1), "exchanged"), ((1, 3), "other")]
)
def test_crossings(ends: tuple[int, int], kind: str) -> None:
    way = [float(x) for x in range(0, 101, 5)]
    ids = [[start] * 11 + [end] * 10 for start, end in zip((1, 2), ends, strict=True)]
    said = run(ids, [[True] * 21] * 2, [way, way[::-1]])
    assert dict(returns.count_crossings(said)) == {kind: 1}


def test_recall_precision_and_their_interval() -> None:
    some = [Counter(right=3, wrong=1, new=1, kept=2), Counter(right=1, exchanged=2)]
    told = returns.summary(some)
    assert (told["returns"], told["recall"], told["precision"]) == (6, 4 / 6, 4 / 5)
    assert told["F1"] == pytest.approx(2 * 4 / (4 + 1 + 6))
    assert (told["kept"], told["exchanged"]) == (0.5, 0.5)
    low, high = returns.interval(some, "F1")
    assert low <= told["F1"] <= high


def test_weights_that_are_not_there_are_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        presence.main(["--model", "nosuch", "--sequences", "1"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: nosuch: no such weights")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sequences", "0"], "expected at least one sequence of two frames"),
        (["--frames", "1"], "expected at least one sequence of two frames"),
        (["--json", "nowhere/x.json"], "--json nowhere/x.json: there is no such folder"),
        (["--detections", "--knob", "bad"], "--knob bad: expected NAME=VALUE"),
        (["--detections", "--knob", "nosuch=1"], "no knob 'nosuch'"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_measured(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        presence.main(words)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""
