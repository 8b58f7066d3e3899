"""What is said while many videos are tracked: how many are done, frames per second, time left."""

from __future__ import annotations

import time

from mohart.cli.terminal.progress import Display, clock
from mohart.fleet.crew import State

SHOWN = 4  # videos at work


class ManyProgress:
    """Told about the tasks several times a second; tells a display.

    Args:
        done: number of videos that were complete before.
        display: shows it.
    """

    def __init__(self, done: int, display: Display) -> None:
        self._before, self._display = done, display
        self._start = time.monotonic()
        self._told = 0

    def __call__(self, state: State) -> None:
        """Show what is new."""
        for outcome in state.outcomes[self._told :]:
            answer = outcome.answer or {}
            if answer.get("code") != 0:
                why = answer.get("message") or "; ".join(outcome.lost)
                self._display.tell(f"{outcome.task.name}: {why}")
        self._told = len(state.outcomes)
        share = self._share(state)
        whole = self._before + state.total
        self._display.show(self.text(state), (self._before + share * state.total) / whole)

    def text(self, state: State) -> str:
        """`videos 3 of 10; 812 frames, 45.6/s; cam1 30 %, cam2 12 %; 0:12:33 left`."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        whole = [outcome.answer or {} for outcome in state.outcomes]
        frames = sum(int((answer.get("report") or {}).get("frames", 0)) for answer in whole)
        frames += sum(done for done, _ in state.running.values())
        parts = [f"videos {self._before + len(whole)} of {self._before + state.total}"]
        parts.append(f"{frames} frames, {frames / seconds:.1f}/s")
        running = [
            f"{name} {done / total:.0%}" if total else f"{name} {done}"
            for name, (done, total) in list(state.running.items())[:SHOWN]
        ]
        if running:
            more = f" and {len(state.running) - SHOWN} more" if len(state.running) > SHOWN else ""
            parts.append(", ".join(running) + more)
        share = self._share(state)
        if 0 < share < 1:
            parts.append(f"{clock(seconds * (1 - share) / share)} left")
        return "; ".join(parts)

    def _share(self, state: State) -> float:
        """Of the tasks that is done, each counted as much as any other."""
        parts = sum(min(done / total, 1) for done, total in state.running.values() if total)
        return (len(state.outcomes) + parts) / max(state.total, 1)
