"""What tools/presence.py counts: one row per object and frame, as its `follow` gives them."""

from __future__ import annotations

from collections import Counter
from typing import Any

AWAY = 10  # frames out of sight, at least, before a return
SOON = 30  # frames after a return in which it has to be found
RIGHT = 0.3  # IoU with the object
SURE = 0.9  # confidence of a sure look
SINCE = (0, 1, 6, 16, 61)  # frames since then, from which the calibration is told apart


def count(rows: list[dict[str, Any]]) -> Counter[str]:
    """Frames and returns of one sequence."""
    found: Counter[str] = Counter()
    hidden: Counter[int] = Counter()  # frames in a row that an object was not active
    false = set[int]()  # active after the end, in the frame before
    for row in rows:
        right = row["there"] and row["iou"] >= RIGHT
        kind = "right" if right else "gone" if row["gone"] else "wrong"
        found["there"] += row["there"]
        found["after"] += row["gone"]
        if row["active"] and row["gone"]:
            found["false presences"] += row["id"] not in false
            false.add(row["id"])
        else:
            false.discard(row["id"])
        if not row["active"]:
            hidden[row["id"]] += 1
            continue
        found[f"active {kind}"] += 1
        if hidden[row["id"]] >= AWAY:
            found["return right" if right else "return wrong"] += 1
        hidden[row["id"]] = 0
    return found + came_back(rows) + calibrate(rows)


def calibrate(rows: list[dict[str, Any]]) -> Counter[str]:
    """Frames, sums of what was said, and right boxes, by time since the last sure look."""
    found: Counter[str] = Counter()
    since: Counter[int] = Counter()
    for row in rows:
        track = row["id"]
        since[track] = 0 if row["confidence"] >= SURE else since[track] + 1
        start = max(low for low in SINCE if low <= since[track])
        found[f"since {start} frames"] += 1
        found[f"since {start} said"] += row["confidence"]
        found[f"since {start} right"] += row["there"] and row["iou"] >= RIGHT
    return found


def came_back(rows: list[dict[str, Any]]) -> Counter[str]:
    """Who was in truth away and is there again, and how many of them are followed again."""
    found: Counter[str] = Counter()
    for track in sorted({row["id"] for row in rows}):
        mine = [row for row in rows if row["id"] == track]
        there = [row["there"] for row in mine]
        for t in range(AWAY, len(mine)):
            if any(there[t - AWAY : t]) or not there[t]:
                continue
            soon = [row for row in mine[t : t + SOON] if row["there"]]
            if len(soon) < AWAY:
                continue
            right = sum(row["active"] and row["iou"] >= RIGHT for row in soon)
            found["came back"] += 1
            found["followed again"] += right >= len(soon) / 2
    return found


def summary(found: Counter[str]) -> dict[str, float]:
    """Shares of all sequences together."""
    active = sum(found[f"active {kind}"] for kind in ("right", "wrong", "gone"))
    after = max(found["after"], 1)
    return {
        "precision of active": found["active right"] / max(active, 1),
        "active while there": found["active right"] / max(found["there"], 1),
        "active while gone": found["active gone"] / after,
        "false presences per 1,000 frames": 1000
        * found["false presences"]
        / max(found["after"], 1),
        "returns right": float(found["return right"]),
        "returns wrong": float(found["return wrong"]),
        "came back": float(found["came back"]),
        "followed again": float(found["followed again"]),
    }


def calibration_table(found: Counter[str]) -> list[str]:
    """One line for each span of time since the last sure look."""
    lines = []
    for low, high in zip(SINCE, [*(n - 1 for n in SINCE[1:]), None], strict=True):
        frames = found[f"since {low} frames"]
        if frames:
            span = f"{low} to {high}" if high is not None else f"{low} and more"
            said, right = (found[f"since {low} {kind}"] / frames for kind in ("said", "right"))
            lines.append(f"{span:>12} frames: {frames:7.0f}, said {said:.3f}, right {right:.3f}")
    return lines
