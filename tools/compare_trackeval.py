"""Hold `mohart eval kitti` against TrackEval on the same files: equal numbers, and how fast.

    python tools/compare_trackeval.py --kitti ../shared/data/kitti --tracker CIWT --repeats 5

Numbers: TrackEval's own pipeline (dataset class, evaluator, metric classes) in this process, every
field of every sequence and of COMBINED. Speed: whole processes, `mohart eval kitti` and TrackEval's
script with the same files in turn, so that both see the same machine; medians are compared.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mohart.evaluation.files.input import load_kitti
from mohart.evaluation.files.scoring import score
from mohart.metrics.scores import COMBINED

TRACKEVAL_COMBINED = "COMBINED_SEQ"


def trackeval_folders(kitti: Path, tracker: str, root: Path) -> dict[str, str]:
    """TrackEval's layout of the same files, and the settings that point to it."""
    shutil.copytree(kitti / "results" / tracker, root / "trackers" / tracker / "data")
    return {
        "GT_FOLDER": str(kitti),
        "TRACKERS_FOLDER": str(root / "trackers"),
        "OUTPUT_FOLDER": str(root / "output"),
        "TRACKERS_TO_EVAL": tracker,
    }


def largest_difference(kitti: Path, tracker: str, settings: dict[str, str]) -> tuple[int, float]:
    """Number of fields compared, and the largest absolute difference."""
    import trackeval

    quiet = {"PRINT_CONFIG": False}
    with redirect_stdout(io.StringIO()):
        dataset = trackeval.datasets.Kitti2DBox(
            {**settings, **quiet, "TRACKERS_TO_EVAL": [tracker]}
        )
        evaluator = trackeval.Evaluator(
            {
                **quiet,
                "PRINT_RESULTS": False,
                "OUTPUT_SUMMARY": False,
                "OUTPUT_DETAILED": False,
                "PLOT_CURVES": False,
                "TIME_PROGRESS": False,
            }
        )
        metrics = trackeval.metrics
        wanted = [metrics.HOTA(), metrics.CLEAR(dict(quiet)), metrics.Identity(dict(quiet))]
        result: dict[str, Any] = evaluator.evaluate([dataset], wanted)[0]["Kitti2DBox"][tracker]
    scores = score(load_kitti(kitti / "label_02", kitti / "results" / tracker)).scores
    fields, largest = 0, 0.0
    for row in scores.rows:
        sequence = TRACKEVAL_COMBINED if row.sequence == COMBINED else row.sequence
        for found in result[sequence][row.class_name].values():
            for name, value in found.items():
                difference = np.asarray(value, float) - np.asarray(row.fields[name], float)
                fields, largest = fields + 1, max(largest, float(np.abs(difference).max()))
    return fields, largest


class Cost(NamedTuple):
    """What a whole process took, in seconds: on the clock, and of the processor."""

    wall: float
    cpu: float


def cost(command: list[str]) -> Cost:
    """Run a command with one thread; its output is thrown away."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)


def report(runs: dict[str, list[Cost]]) -> None:
    """Medians, and the ratio of every pair to the first command."""
    first = next(iter(runs.values()))
    for label, found in runs.items():
        parts = []
        for what in Cost._fields:
            times = [getattr(c, what) for c in found]
            pairs = [t / getattr(own, what) for t, own in zip(times, first, strict=True)]
            parts.append(
                f"{what} {statistics.median(times):6.2f} s, {statistics.median(pairs):5.2f} x "
                f"({min(pairs):.2f} to {max(pairs):.2f})"
            )
        print(f"{label:40} {'   '.join(parts)}")


def main() -> int:
    """Compare and print; exit code 1 where the numbers differ by more than 1e-9."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kitti", type=Path, required=True, metavar="DIR")
    parser.add_argument("--tracker", default="CIWT", metavar="NAME")
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = trackeval_folders(args.kitti, args.tracker, Path(folder))
        fields, largest = largest_difference(args.kitti, args.tracker, settings)
        print(f"{args.tracker}: {fields} fields compared, largest difference {largest:.1e}")

        given = [word for pair in settings.items() for word in (f"--{pair[0]}", pair[1])]
        script = [sys.executable, "-m", "trackeval.cli.run_kitti", *given]
        ours = [sys.executable, "-c", "from mohart.cli.main import entry; entry()", "eval", "kitti"]
        ours += ["--gt", str(args.kitti / "label_02")]
        ours += ["--results", str(args.kitti / "results" / args.tracker)]
        commands = {
            "mohart eval kitti": ours,
            "TrackEval run_kitti, as it comes": script,
            "TrackEval run_kitti, without its plots": [*script, "--PLOT_CURVES", "False"],
        }
        runs: dict[str, list[Cost]] = {label: [] for label in commands}
        for _ in range(args.repeats):
            for label, command in commands.items():
                runs[label].append(cost(command))
    print(
        f"whole processes in turn, medians of {args.repeats}, ratios of pairs (lowest to highest)"
    )
    report(runs)
    return 1 if largest > 1e-9 else 0


if __name__ == "__main__":
    raise SystemExit(main())
