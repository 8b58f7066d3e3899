"""mohart.evaluation.scoreboard.board, its text and its picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError, OutputError
from mohart.evaluation.scoreboard.board import Board, build_scoreboard, is_settled
from mohart.evaluation.scoreboard.report import draw_scoreboard
from mohart.evaluation.scoreboard.text import format_scoreboard
from mohart.metrics.calibration import count_answers
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.window import WindowOverlap

EARLY_RUN = {"time": "2026-01-01T00:00:00+00:00", "host": "h"}
LATE_RUN = {"time": "2026-01-02T00:00:00+00:00", "host": "h"}


def content(
    tracker: str,
    mean: float,
    *,
    length: int = 20,
    decay: float = 0.0,
    run: dict[str, str] = LATE_RUN,
    calibrated: bool = True,
) -> dict[str, Any]:
    """A result file: 12 windows with 2 objects; IoU falls by `decay` per frame."""
    rows, names = [], {}
    for n in range(12):
        hardness = np.random.default_rng(n).normal(0, 0.1)
        noise = np.random.default_rng([n, len(tracker)]).normal(0, 0.02, (length, 2))
        iou = np.clip(mean + hardness + noise - decay * np.arange(length)[:, None], 0.01, 1)
        iou[0] = np.nan
        fields = count_window(WindowOverlap(iou, np.zeros(iou.shape, bool)))
        timing = {"frames": length, "seconds": 0.5, "cpu_seconds": 0.25}
        names[f"v-{n}"] = length
        row = {"tracker": tracker, "class": "object", "sequence": f"v-{n}"}
        rows.append({**row, "fields": {**fields, **timing}})
    rows.append({**rows[0], "sequence": "COMBINED"})
    shape = (length, 2)
    counts = count_answers(
        np.full(shape, 0.75), np.full(shape, "active"), np.full(shape, 0.9), np.ones(shape, bool)
    )
    return {
        "protocol": {"name": "initialised"},
        "dataset": {"sequences": names, "truth_sha256": "0"},
        "rows": rows,
        "calibration": counts if calibrated else None,
        "measured": run,
    }


def board(**changes: Any) -> Board:
    results = {
        "real": {
            "mohart": content("mohart", 0.6, calibrated=False, run=EARLY_RUN),
            "csrt": content("csrt", 0.5, run=LATE_RUN, calibrated=False),
        },
        "long": {
            "static": content("static", 0.4, length=120, decay=0.003),
            "mohart": content("mohart", 0.6, length=120, decay=0.002),
            "csrt": content("csrt", 0.62, length=120, decay=0.001),
        },
    }
    about = {"real": "a video", "long": "120 frames"}
    return build_scoreboard(results, about, resamples=200, **changes)


def test_tables_and_summary() -> None:
    found = board()
    real, long = found["sets"]
    assert (real["name"], real["windows"], real["objects"], real["pairs"]) == ("real", 12, 24, 456)
    assert list(long["trackers"]) == ["csrt", "mohart", "static"]  # the best first
    row = real["trackers"]["mohart"]
    assert row["iou"]["low"] < row["iou"]["value"] < row["iou"]["high"]
    assert (row["fps"], row["fps_cpu"]) == (40, 80)
    first, second = found["summary"]
    assert (first["set"], first["rival"], second["rival"]) == ("real", "csrt", "csrt")
    expected = row["iou"]["value"] - real["trackers"]["csrt"]["iou"]["value"]
    assert first["difference"] == pytest.approx(expected, abs=1e-9)
    # hardness is shared, so the paired interval is far narrower than that of a tracker alone
    width = first["high"] - first["low"]
    assert 0 < first["low"] < first["difference"] < first["high"]
    assert width < 0.3 * (row["iou"]["high"] - row["iou"]["low"])
    assert second["high"] < 0
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_endurance_by_hand() -> None:
    rows = {row["tracker"]: row for row in board()["endurance"]}
    assert list(rows) == [
        "csrt",
        "mohart",
        "static",
    ]  # only the long set, the best at the end first
    assert rows["mohart"]["early_frames"] == [28, 32]
    assert rows["mohart"]["late_frames"] == [116, 120]
    # t = frame - 1, so the means are over t = 27 ... 31 and 115 ... 119
    counts = [row["fields"] for row in content("mohart", 0.6, length=120, decay=0.002)["rows"][:-1]]
    early, late = (
        sum(sum(c["iou_at"][a:b]) for c in counts) / sum(sum(c["pairs_at"][a:b]) for c in counts)
        for a, b in ((27, 32), (115, 120))
    )
    assert rows["mohart"]["early"] == pytest.approx(early)
    assert rows["mohart"]["late"] == pytest.approx(late)
    assert rows["mohart"]["ratio"] == pytest.approx(late / early)
    assert rows["mohart"]["low"] < late / early < rows["mohart"]["high"]


def test_calibration_counts_only_sets_that_know_who_is_hidden() -> None:
    found = board()["calibration"]
    assert found["error"] == pytest.approx(0.25)
    assert list(found["error_by_set"]) == ["long"]
    assert found["states"]["held"] == {"answers": 238, "active": 1, "predicted": 0, "lost": 0}
    assert found["reliability"][7]["answers"] == 238
    assert board(subject="nobody")["calibration"] is None


def test_text() -> None:
    lines = format_scoreboard(board()).splitlines()
    assert lines[0] == "real (a video): 12 windows, 24 objects, 456 boxes"
    assert lines[1].split()[-3:] == ["fps", "cpu", "fps"]
    assert lines[2].split()[0] == "mohart"
    assert lines[2].split()[-4:] == ["40", "a", "80", "a"]  # two runs in this table
    assert next(line for line in lines if line.startswith("static")).split()[-2:] == ["240", "480"]
    summary = [line for line in lines if line.startswith("real ")][1]
    assert summary.endswith("*")
    assert "ahead in 1 of 2 sets, in 1 of them with a *" in lines
    assert any("speeds come from different runs (a = 2026-01-01" in line for line in lines)
    assert any("expected calibration error 0.250 (10 bins)" in line for line in lines)
    assert not any("intervals too narrow" in line for line in lines)
    alone = format_scoreboard(board(subject="nobody"))
    assert "against the best rival" not in alone
    assert "calibration" not in alone


def test_few_windows_settle_nothing() -> None:
    row = {"windows": 5, "difference": 0.2, "low": 0.1, "high": 0.3}
    assert is_settled(row)
    assert is_settled({**row, "low": -0.3, "high": -0.1})
    assert not is_settled({**row, "low": -0.1})
    assert not is_settled({**row, "windows": 4})
    assert not is_settled({**row, "low": None, "high": None})


@pytest.mark.slow
def test_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.image import imread

    draw_scoreboard(tmp_path / "b.png", board())
    assert imread(tmp_path / "b.png")[..., :3].std() > 0.05
    draw_scoreboard(tmp_path / "b.svg", board(subject="nobody"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "b.svg"]
    with pytest.raises(OutputError, match=r"b\.png"):
        draw_scoreboard(tmp_path / "b.png" / "c.png", board())  # a file is no folder


def test_results_of_different_data_are_refused() -> None:
    other = content("csrt", 0.5)
    other["dataset"]["truth_sha256"] = "1"
    with pytest.raises(ConfigError, match="datasets differ in truth_sha256"):
        build_scoreboard({"s": {"mohart": content("mohart", 0.6), "csrt": other}}, {"s": ""})
