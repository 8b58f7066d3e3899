"""mohart's `sort` and `bytetrack` against those of the library `trackers`, detections everywhere.

    python tools/validate_baselines.py --rivals-python rivals/bin/python --real ../shared/data \
        --json tests/tracking/baselines/trackers_2.6.1.json

Default settings on both sides, the same detections in every frame, results of both as MOT text,
scored by the same code as `mohart eval mot`. Exit code 1 where a sequence differs by more than one
point of HOTA. The file of --json keeps the library's numbers;
tests/tracking/baselines/test_reference.py holds the trackers to them without the library.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from online_bench.rivals import installed
from online_bench.runs import own_entry, rival_entries
from online_bench.scoring import COLUMNS
from online_bench.sets import load_set

from mohart.errors import MohartError
from mohart.metrics.scores import COMBINED

ALLOWED = 1.0  # points of HOTA


def per_sequence(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Sequence -> column -> value, without the combined row."""
    return {
        row["sequence"]: {name: float(row["scores"][name] or 0) for name in COLUMNS}
        for row in scores["rows"]
        if row["sequence"] != COMBINED
    }


def main(arguments: list[str] | None = None) -> int:
    """Run both sides, print both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rivals-python", type=Path, required=True, metavar="PATH")
    parser.add_argument("--real", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--work", type=Path, default=Path("online-bench"), metavar="DIR")
    parser.add_argument("--sets", default="pets,highway,mot17", metavar="LIST")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(arguments)
    work = args.work.absolute()
    version, _ = installed(args.rivals_python)
    kept: dict[str, dict[str, dict[str, float]]] = {"sort": {}, "bytetrack": {}}
    largest = 0.0
    print(f"{'':10} {'':15} {'HOTA':>13} {'':6} {'MOTA':>13} {'IDF1':>13} {'switches':>11}")
    print(f"{'tracker':10} {'sequence':15} {'ours theirs':>13} {'':6} {'ours theirs':>13}")
    for set_name in args.sets.split(","):
        data = load_set(set_name, args.real.absolute(), work)
        for name, reference in kept.items():
            own = own_entry(data, name, None, 1, work)
            entries = rival_entries(
                data, args.rivals_python, version, [name], 1, work, defaults_only=True
            )
            theirs = per_sequence(next(e for e in entries if e.view == "online").scores)
            ours = per_sequence(own.scores) if own else {}
            for sequence, numbers in theirs.items():
                mine = ours[sequence]
                apart = mine["HOTA"] - numbers["HOTA"]
                largest = max(largest, abs(apart))
                pairs = [f"{mine[c]:6.2f} {numbers[c]:6.2f}" for c in ("HOTA", "MOTA", "IDF1")]
                switches = f"{mine['IDSW']:5.0f} {numbers['IDSW']:5.0f}"
                print(
                    f"{name:10} {sequence:15} {pairs[0]} {apart:+6.2f} {pairs[1]} {pairs[2]} "
                    f"{switches}"
                )
            reference |= theirs
    print(f"largest difference of HOTA: {largest:.3f} (allowed: {ALLOWED})")
    if args.json:
        args.json.write_text(json.dumps({"trackers": version, **kept}, indent=1) + "\n")
    return 0 if largest <= ALLOWED else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MohartError as error:
        sys.exit(f"error: {error}")
