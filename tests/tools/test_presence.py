"""tools/presence.py: what is counted of states against the truth."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from mohart.synth.scenes.strata import Drawn
from mohart.tracking.baselines.static import StaticTracker

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("presence", ROOT / "tools" / "presence.py")
assert SPEC is not None
assert SPEC.loader is not None
presence = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(presence)


def row(active: bool, there: bool, iou: float, gone: bool = False) -> dict[str, Any]:
    return {"id": 1, "active": active, "there": there, "iou": iou, "gone": gone}


def test_frames_and_returns() -> None:
    rows = [
        *[row(True, True, 0.8)] * 5,
        row(True, True, 0.1),  # on something else
        *[row(False, False, 0.0)] * presence.AWAY,
        row(True, True, 0.6),  # back
        *[row(False, True, 0.6)] * (presence.AWAY - 1),
        row(True, True, 0.6),  # was not away for long
        *[row(False, False, 0.0, gone=True)] * presence.AWAY,
        *[row(True, False, 0.0, gone=True)] * 3,
    ]
    found = presence.count(rows)
    assert dict(found) == {
        "there": 17, "after": 13, "active right": 7, "active wrong": 1, "active gone": 3,
        "return right": 1, "return wrong": 1,
    }  # fmt: skip
    summary = presence.summary(found)
    assert summary["precision of active"] == 7 / 11
    assert summary["active while there"] == 7 / 17
    assert summary["active while gone"] == 3 / 13


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
