"""What a person is told when a run of `mohart track` is over."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from mohart.cli.terminal.say import counted

if TYPE_CHECKING:
    from mohart.session.feed import DetectionFeed
    from mohart.session.report import Report
    from mohart.tracking.protocol import Tracker

MANY = 100  # objects from which one should know what they cost


def remarks(
    tracker: Tracker, feed: DetectionFeed | None, drawn: int, note: str | None
) -> list[str]:
    """What one should know of the way in which it was tracked.

    Args:
        tracker: that was used.
        feed: where detections came from.
        drawn: number of boxes in the first frame.
        note: on the choice of boxes.
    """
    found = [note] if note else []
    if tracker.takes_detections and tracker.name != "mohart" and feed is None:
        found.append(
            f"{tracker.name} moves boxes by detections alone, and there are none; give "
            f"--detections or --detector"
        )
    if drawn > MANY:
        found.append(f"{drawn} objects: time and memory grow with their number")
    return found


def summary(report: Report, args: Namespace) -> str:
    """What was followed, and where the files are."""
    from mohart.session.tally import format_rows

    states = ", ".join(f"{count} {state}" for state, count in report.states.items() if count)
    lines = [
        f"{counted(report.objects, 'object')} over frames {report.first_frame} to "
        f"{report.last_frame} of {report.source} with {report.tracker}: "
        f"{report.frames_per_second:.1f} frames/s; at the end {states or 'no objects'}",
        *([fates_line(dict(report.detections))] if report.detections else []),
        *format_rows([dict(row) for row in report.per_object]),
        f"tracks  {report.output / 'tracks.txt'}",
    ]
    if not args.no_video and (report.output / "video.mp4").is_file():  # the disk may be full
        lines.append(f"video   {report.output / 'video.mp4'}")
    if args.fates:
        lines.append(f"fates   {report.output / 'fates.csv'}")
    return "\n".join([*lines, f"report  {report.output / 'run.json'}"])


def fates_line(counts: dict[str, Any]) -> str:
    """`812 detections in 80 frames: 700 matched, 30 born, 82 dropped (most: class not wanted)`."""
    fates = ", ".join(f"{count} {kind}" for kind, count in counts["fates"].items())
    reasons = counts.get("dropped_because") or {}
    most = max(reasons, key=lambda reason: reasons[reason], default=None)
    return (
        f"{counted(counts['detections'], 'detection')} in {counted(counts['frames'], 'frame')}"
        f"{': ' if fates else ''}{fates}{'' if most is None else f' (most: {most})'}"
    )
