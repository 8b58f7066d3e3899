"""What the user should know about a run, in sentences."""

from __future__ import annotations

import numpy as np

from mohart.keyframes import Keyframes
from mohart.session.follow import Follower
from mohart.session.interruption import Ending
from mohart.video import FrameSource

OUTSIDE = 0.25  # share of a side from which a box may have been meant as corners
SHOWN = 5  # boxes that are named


def odd_boxes(keyframes: Keyframes, width: int, height: int) -> list[str]:
    """Drawn boxes that were perhaps meant otherwise.

    Args:
        keyframes: what was drawn.
        width: of the frames, pixels.
        height: of the frames.
    """
    found = []
    boxes = keyframes.drawn
    for track, (x1, y1, x2, y2) in zip(boxes.track_id, boxes.boxes.tolist(), strict=True):
        w, h = x2 - x1, y2 - y1
        far = x2 - width > OUTSIDE * w or y2 - height > OUTSIDE * h
        if far and x1 < w <= width and y1 < h <= height:
            found.append(
                f"the box of id {track} reaches to {x2:g}, {y2:g}, far outside; if its numbers "
                f"are corners, its left, top, width, height are {x1:g},{y1:g},{w - x1:g},{h - y1:g}"
            )
    first: dict[tuple[int, ...], int] = {}
    rounded = np.rint(boxes.boxes).astype(int).tolist()
    for frame, track, box in zip(boxes.frame.tolist(), boxes.track_id, rounded, strict=True):
        other = first.setdefault((frame, *box), track)
        if other != track:
            found.append(f"ids {other} and {track} have the same box in frame {frame + 1}")
    more = len(found) - SHOWN
    return found if more <= 0 else [*found[:SHOWN], f"{more} more boxes are like these"]


def collect_warnings(
    source: FrameSource, run: Follower, asked: int | None, done: int, ending: Ending
) -> tuple[str, ...]:
    """What the user should know, one sentence each.

    Args:
        source: read as far as it was followed.
        run: that followed it.
        asked: number of frames that were wanted; None for all.
        done: number of frames that were followed.
        ending: why it came to its end.
    """
    feed, interrupted = run.feed, ending.interrupted
    found: list[str] = []
    frames = f"{done} frame{'' if done == 1 else 's'}"
    if source.problem:
        found.append(f"{source.problem}; what is there was tracked")
    found += source.notes
    if ending.failure:
        found.append(f"what was tracked before it failed, {frames}, is kept")
    elif interrupted:
        found.append(f"interrupted after {frames}; what was tracked is kept")
    elif asked is not None and done < asked and not source.problem:
        found.append(f"asked for {asked} frames, but the source ended after {done}")
    behind = int((run.keyframes.frame > run.number).sum())
    if behind and not interrupted:
        found.append(f"{behind} keyframes are behind frame {run.number + 1}, the last one tracked")
    found += [
        f"frame {frame + 1}: the end of id {track} changes nothing, it was not followed any more"
        for frame, track in run.unfollowed
    ]
    found += odd_boxes(run.keyframes, source.width, source.height)
    if not source.frame_rate_known:
        found.append(f"the source does not say its frame rate; {source.frame_rate:g} is assumed")
    if feed:
        ended = not interrupted and (asked is None or done < asked)
        found += feed.warnings(ended=ended)
    return tuple(found)
