"""What `mohart ablate` says while it runs: cells done, rate, time left; on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mohart.ablation.cells import CellFolder
from mohart.ablation.pool import Progress
from mohart.cli.terminal.progress import EVERY_SECONDS
from mohart.errors import MohartError
from mohart.files import write_text

LIVE_SECONDS = 1.0


class AblationProgress:
    """Told about the jobs several times a second; shows a line now and then.

    Rate and time left come from training steps, so that they are known long before the first cell
    is done. A failed cell is told at once, with the place of its log.

    Args:
        folders: name -> folder of the cells that are to be run.
        steps: name -> training steps of each.
        done: number of cells that were done before.
    """

    def __init__(
        self, folders: Mapping[str, CellFolder], steps: Mapping[str, int], done: int
    ) -> None:
        self._folders, self._steps, self._before = folders, steps, done
        self._live = sys.stderr.isatty()
        self._start = self._last = time.monotonic()
        self._already = {name: folder.steps for name, folder in folders.items()}
        self._told: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        """Show what is new."""
        for name in progress.failed:
            if name not in self._told:
                self._told.add(name)
                self._line(f"failed: {name}; see {self._folders[name].log}", end="\n")
        now = time.monotonic()
        if now - self._last < (LIVE_SECONDS if self._live else EVERY_SECONDS):
            return
        self._last = now
        self._line(self.text(progress), end="" if self._live else "\n")

    def text(self, progress: Progress) -> str:
        """`cells 3 of 40, 1 failed; 2 running (…); 12 cells/h, 2:58:10 left`."""
        total = sum(self._steps.values())
        made = sum(self._steps[n] for n in (*progress.done, *progress.failed))
        now = {name: self._folders[name].steps for name in progress.running}
        gone = made + sum(now.values()) + sum(self._already[n] for n in progress.waiting)
        ahead = gone - sum(self._already.values())  # in this sitting
        rate = ahead / max(time.monotonic() - self._start, 1e-9)  # steps per second
        parts = [f"cells {self._before + len(progress.done)} of {self._before + len(self._steps)}"]
        if progress.failed:
            parts[0] += f", {len(progress.failed)} failed"
        if now:
            shown = ", ".join(f"{name} {step}/{self._steps[name]}" for name, step in now.items())
            parts.append(f"running {shown}")
        if rate > 0:
            hourly = 3600 * rate * len(self._steps) / total
            parts.append(f"{hourly:.1f} cells/h, {_clock((total - gone) / rate)} left")
        return "; ".join(parts)

    def close(self) -> None:
        """Leave the live line."""
        if self._live:
            sys.stderr.write("\n")

    def _line(self, text: str, *, end: str) -> None:
        sys.stderr.write(("\r\x1b[K" if self._live else "") + text + end)
        sys.stderr.flush()


def run_here(
    folders: Mapping[str, CellFolder],
    work: Callable[[CellFolder], bool],
    report: Callable[[Progress], None],
) -> Progress:
    """Cells one by one in this process; an error of one is written to its log.

    Args:
        folders: name -> folder with an order.
        work: carries it out; False where a signal stopped it.
        report: called after every cell.
    """
    progress = Progress(list(folders))
    while progress.waiting and not progress.stopped:
        name = progress.waiting[0]
        try:
            progress.stopped = not work(folders[name])
        except MohartError as error:
            write_text(folders[name].log, f"error: {error}\n")
            progress.failed.append(name)
        else:
            if not progress.stopped:
                progress.done.append(name)
        if not progress.stopped:
            progress.waiting.pop(0)
        report(progress)
    return progress


def failed_cell(log: Path) -> str:
    """The last line of a log, which says why."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(max(seconds, 0)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
