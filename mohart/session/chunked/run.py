"""One video through one tracker, chunk by chunk, from wherever an earlier sitting has left it.

Identities, beliefs, templates and what was counted go over a border in the tracker's state, so all
chunks together are the one run without any. A process that goes on from chunk to chunk keeps what
it has open; one that takes over behind a border passes over the frames before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mohart.aliases import Progress
from mohart.draw import Overlay
from mohart.errors import ConfigError
from mohart.keyframes import Keyframes
from mohart.regions import Regions
from mohart.session.chunked.join import Joint, join_chunks
from mohart.session.chunked.sitting import Sitting
from mohart.session.chunked.store import ChunkStore, Tables
from mohart.session.feed import DetectionFeed
from mohart.session.interruption import Interrupts, PlainInterrupts
from mohart.session.report import Report
from mohart.session.resume import computed_anywhere
from mohart.session.run import total_frames
from mohart.session.timing import Stages
from mohart.tracking.corrections import Resumable
from mohart.tracking.protocol import Tracker, refuse_detections
from mohart.versions import __version__
from mohart.video import FrameSource

# options that change nothing but how, where and when it is computed
NO_MATTER = (
    "chunk",
    "events",
    "jobs",
    "ray",
    "attempts",
    "no_video",
    "overwrite",
    "output",
    "json",
    "device",
)


def track_in_chunks(
    source: FrameSource,
    tracker: Tracker,
    keyframes: Keyframes,
    *,
    reopen: Callable[[], FrameSource],
    chunk_seconds: float,
    output: Path,
    feed: DetectionFeed | None = None,
    init_frame: int | None = None,
    frames: int | None = None,
    every: int = 1,
    video: bool = True,
    overwrite: bool = False,
    include_lost: bool = False,
    with_classes: bool = False,
    fates: bool = False,
    regions: Regions | None = None,
    progress: Progress | None = None,
    earlier: None = None,
    details: Mapping[str, Any] | None = None,
    interrupts: Interrupts | None = None,
) -> Report:
    """As `mohart.session.run.track_video`, with the same result, and what is done stays done.

    Called again with the same arguments after whatever end, also on another machine that sees the
    same files, it goes on behind the last chunk that is complete.

    Args:
        source: frames, not read yet.
        tracker: that keeps states; it is started here.
        keyframes: boxes and ends, in frames of the source; with a `feed` there may be none.
        reopen: opens the source anew: its frames are read once more for video.mp4.
        chunk_seconds: of the video, in one chunk.
        output: the folder to make; chunks are in a hidden folder beside it until then.
        feed: see `track_video`, as all that follow.
        init_frame: the frame to begin with.
        frames: how many to track.
        every: only every N-th.
        video: whether to write video.mp4.
        overwrite: whether an earlier result may be replaced.
        include_lost: rows of lost objects in tracks.txt.
        with_classes: classes in tracks.txt.
        fates: write fates.csv.
        regions: whose events are counted in the end; they may change from call to call.
        progress: told about frames; those that are drawn in the end count once more.
        earlier: chunks are the only earlier part that there can be.
        details: put into run.json as they are.
        interrupts: decides when an interruption may arrive.

    Raises:
        ConfigError: the tracker keeps no states, or as for `track_video`.
        OutputError: as for `track_video`.
        KeyboardInterrupt: before the first frame was tracked, or while results were joined.
    """
    if not isinstance(tracker, Resumable):
        raise ConfigError(
            f"chunks: tracker '{tracker.name}' keeps no state to go on from; take one that does, "
            "such as mohart, or leave --chunk out"
        )
    if not chunk_seconds * source.frame_rate >= every:
        raise ConfigError(f"chunks of {chunk_seconds:g} s: expected at least one frame in each")
    if regions:
        regions.check_size(source.width, source.height)
    if feed and not tracker.takes_detections:
        refuse_detections(tracker.name, feed)
    start = (keyframes.first or 0) if init_frame is None else init_frame
    rows = Tables(include_lost=include_lost, with_classes=with_classes, fates=fates)
    facts = {
        "source": source.name,
        "tracker": tracker.name,
        "width": source.width,
        "height": source.height,
        "frame_rate": source.frame_rate,
        "first_frame": start + 1,
        "every": every,
    }
    store = ChunkStore(output)
    with store.held():
        plan = {**facts, **rows, "frames": frames, "version": __version__}
        plan |= _computation(tracker, keyframes, feed, details or {})
        done = store.begin(json.loads(json.dumps(plan)))
        total = total_frames(source, start, frames, every)
        if total is not None and video:
            total *= 2
        detect = ["detect"] if feed else []
        stages = Stages("decode", "init", *detect, "track", "write", "draw", "encode")
        sitting = Sitting(
            source,
            tracker,
            keyframes,
            feed,
            start,
            frames,
            every,
            rows,
            stages,
            store,
            lambda n: progress(n, total) if progress else None,
            interrupts or PlainInterrupts(),
        )
        chunks = sitting.go_on(done, max(1, round(chunk_seconds * source.frame_rate / every)))
        joint = Joint(
            output=output,
            store=store,
            chunks=chunks,
            keyframes=keyframes,
            facts=facts,
            rows=rows,
            details=details or {},
            stages=stages,
            overwrite=overwrite,
            regions=regions,
            overlay=Overlay(
                names=feed.detector.classes if feed else {}, frame_rate=source.frame_rate
            ),
        )
        return join_chunks(
            joint,
            reopen=reopen if video else None,
            shown=sitting.shown,
            interrupts=sitting.interrupts,
        )


def _computation(
    tracker: Resumable,
    keyframes: Keyframes,
    feed: DetectionFeed | None,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """All else that decides what comes out."""
    options = {k: v for k, v in details.get("options", {}).items() if k not in NO_MATTER}
    columns = (keyframes.frame, keyframes.track_id, keyframes.boxes, keyframes.end)
    return {
        "options": options,
        "keyframes": [column.tolist() for column in columns],
        "model": computed_anywhere(dict(tracker.details)),
        "detector": None if feed is None else [feed.detector.details, feed.every],
    }
