"""What the user should know about a run, in sentences."""

from __future__ import annotations

from mohart.session.follow import Follower
from mohart.session.interruption import Ending
from mohart.video import FrameSource


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
    if not source.frame_rate_known:
        found.append(f"the source does not say its frame rate; {source.frame_rate:g} is assumed")
    if feed:
        ended = not interrupted and (asked is None or done < asked)
        found += feed.warnings(ended=ended)
    return tuple(found)
