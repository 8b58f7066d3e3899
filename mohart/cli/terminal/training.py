"""What a training says while it runs: rate, time left, loss, validation; on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mohart.aliases import Report
from mohart.cli.terminal.progress import clock, open_display


@contextmanager
def report_training(steps: int) -> Iterator[Report]:
    """A function that is told about steps and validations.

    On a terminal the last step stays on one line; elsewhere every report is a line of its own.

    Args:
        steps: of the whole training.
    """
    start: list[float] = []
    first: list[float] = []
    with open_display(every=0.0) as display:

        def report(kind: str, numbers: dict[str, float]) -> None:
            step = numbers["step"]
            if kind == "validation":
                display.tell(
                    f"step {step:.0f}: validation IoU {numbers['iou']:.3f} (late "
                    f"{numbers['iou_last']:.3f}, box that never moves {numbers['static']:.3f})"
                )
                return
            if kind == "calibration":
                total = numbers["of"]
                display.show(f"calibrating {step:.0f}/{total:.0f}", step / total)
                return
            if kind == "uncalibrated":
                display.tell("not calibrated: all answers are right, or all wrong; see log.jsonl")
                return
            if not first:
                first.append(step)
                start.append(time.monotonic())
            text = (
                f"step {step:.0f}/{steps} loss {numbers['loss']:.3f} "
                f"IoU {numbers.get('iou', 0):.3f}"
            )
            if step > first[0]:  # at the first nobody knows yet
                rate = (step - first[0]) / max(1e-9, time.monotonic() - start[0])
                text += f" {rate:.2f} steps/s, left {clock((steps - step) / rate)}"
            display.show(text, min(step / steps, 1.0))

        yield report
