"""What a training says while it runs: rate, time left, loss, validation; on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str, dict[str, float]], None]


@contextmanager
def report_training(steps: int) -> Iterator[Report]:
    """A function that is told about steps and validations.

    On a terminal the last step stays on one line; elsewhere every report is a line of its own.

    Args:
        steps: of the whole training.
    """
    start = time.monotonic()
    first: list[float] = []
    live = sys.stderr.isatty()

    def report(kind: str, numbers: dict[str, float]) -> None:
        step, end = numbers["step"], "" if live else "\n"
        if kind == "validation":
            text = (
                f"step {step:.0f}: validation IoU {numbers['iou']:.3f} "
                f"(late {numbers['iou_last']:.3f}, box that never moves {numbers['static']:.3f})"
            )
            _line(text, end="\n", live=live)
            return
        if kind == "calibration":
            _line(f"calibrating {step:.0f}/{numbers['of']:.0f}", end=end, live=live)
            return
        if kind == "uncalibrated":
            text = "not calibrated: all answers are right, or all wrong; see log.jsonl"
            _line(text, end="\n", live=live)
            return
        if not first:
            first.append(step)
        rate = max(1e-9, (step - first[0]) / (time.monotonic() - start + 1e-9))
        left = "?" if step == first[0] else _duration((steps - step) / rate)
        text = (
            f"step {step:.0f}/{steps} loss {numbers['loss']:.3f} IoU {numbers.get('iou', 0):.3f} "
            f"{rate:.2f} steps/s, left {left}"
        )
        _line(text, end=end, live=live)

    yield report
    if live:
        sys.stderr.write("\n")


def _line(text: str, *, end: str, live: bool) -> None:
    sys.stderr.write(("\r\x1b[K" if live else "") + text + end)
    sys.stderr.flush()


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
