"""What `mohart ablate` says while it runs: cells done, rate, time left; on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mohart.ablation.cells import CellFolder
from mohart.ablation.pool import Progress
from mohart.cli.terminal.progress import Display, clock
from mohart.errors import MohartError
from mohart.files import write_text


class AblationProgress:
    """Told about the jobs several times a second; tells a display.

    Rate and time left come from training steps, so that they are known long before the first cell
    is done. A failed cell is told at once, with the place of its log.

    Args:
        folders: name -> folder of the cells that are to be run.
        steps: name -> training steps of each.
        done: number of cells that were done before.
        display: shows it.
    """

    def __init__(
        self,
        folders: Mapping[str, CellFolder],
        steps: Mapping[str, int],
        done: int,
        display: Display,
    ) -> None:
        self._folders, self._steps, self._before = folders, steps, done
        self._display = display
        self._start = time.monotonic()
        self._already = {name: folder.steps for name, folder in folders.items()}
        self._told: set[str] = set()

    def __call__(self, progress: Progress) -> None:
        """Show what is new."""
        for name in progress.failed:
            if name not in self._told:
                self._told.add(name)
                self._display.tell(f"failed: {name}; see {self._folders[name].log}")
        total = self._before + len(self._steps)
        ended = self._before + len(progress.done) + len(progress.failed)
        self._display.show(self.text(progress), ended / total)

    def text(self, progress: Progress) -> str:
        """`cells 3 of 40, 1 failed; running a 20/90, b 3/90; 12.0 cells/h, 2:58:10 left`."""
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
            parts.append(f"{hourly:.1f} cells/h, {clock((total - gone) / rate)} left")
        return "; ".join(parts)


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
