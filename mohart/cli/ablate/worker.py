"""A worker of `mohart ablate`: python -m mohart.cli.ablate.worker; each cell is a process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mohart.ablation.pool import Job, run_jobs
from mohart.aliases import Progress
from mohart.fleet.serve import serve

CELL = ("-m", "mohart.cli.ablate.cell")


def carry_out(content: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Train and test one cell.

    Args:
        content: `cell`, its folder; `log`, the file its output is appended to; `device`.
        progress: not told: the cell's log says how far it is.

    Returns:
        `code` of the process: 0 done, 2 failed, 130 stopped, below 0 killed by that signal.
    """
    command = (sys.executable, *CELL, content["cell"], "--device", content["device"])
    job = Job(content["cell"], (*command, "--end-with-parent"), Path(content["log"]))
    outcome = run_jobs([job], 1)
    return {"code": 130 if outcome.stopped else outcome.codes[job.name]}


if __name__ == "__main__":
    serve(carry_out, {})
