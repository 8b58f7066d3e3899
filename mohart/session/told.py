"""What the user should know about a run when it is over, one sentence each."""

from __future__ import annotations

from mohart.session.follow import Follower
from mohart.session.interruption import Ending
from mohart.video import FrameSource


def warnings_of(
    source: FrameSource, run: Follower, asked: int | None, done: int, ending: Ending
) -> list[str]:
    """What happened to the source, the keyframes and the detector.

    Args:
        source: at its end.
        run: likewise.
        asked: number of frames that were wanted; None: all.
        done: that were tracked.
        ending: why it ended.
    """
    feed, interrupted = run.feed, ending.interrupted
    found: list[str] = []
    if source.problem:
        found.append(f"{source.problem}; what is there was tracked")
    found += source.notes
    if ending.failure:
        found.append(f"{done} frames were tracked before it failed; they are kept")
    elif interrupted:
        found.append(f"interrupted after {done} frames; what was tracked is kept")
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
    return found
