"""Tracking with detections in every frame or now and then, against the library `trackers`.

    python -m venv rivals && rivals/bin/pip install trackers==2.6.1 opencv-python-headless
    python tools/benchmark_online.py --rivals-python rivals/bin/python --real ../shared/data \
        --json online.json --markdown online.md

The same detections for everybody. mohart's trackers are called in every frame, without detections
where the detector is silent. Rivals are called in every frame (with no detections in the frames
between), or only in the frames that have detections: as they are, moved on at constant velocity, or
with their gaps filled afterwards, which needs the future. Results are kept in --work, so that only
what is new is run. Sets: `pets`, `highway` (real, reported only), `test` (generated, reported
only), `validation` (generated, to choose settings on), `mot17` (labels only, no pictures).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from online_bench.overview import overview
from online_bench.rivals import installed
from online_bench.runs import Entry, own_entry, rival_entries
from online_bench.sets import load_set
from online_bench.tables import against_rivals, as_json, in_lines, table

from mohart.errors import MohartError
from mohart.weights.names import CHOICE


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--work", type=Path, default=Path("online-bench"), metavar="DIR")
    parser.add_argument(
        "--rivals-python",
        type=Path,
        metavar="PATH",
        help="python that has `trackers`; without it only mohart's run",
    )
    parser.add_argument("--sets", default="pets,highway,test", metavar="LIST")
    parser.add_argument("--every", default="1,5,10", metavar="LIST")
    parser.add_argument("--trackers", default="mohart,iou,sort,bytetrack", metavar="LIST")
    parser.add_argument("--rivals", metavar="LIST", help="(all that the library has)")
    parser.add_argument("--defaults", action="store_true", help="rivals with defaults only")
    parser.add_argument("--model", metavar="NAME|FILE", help=f"weights of mohart: {CHOICE}")
    parser.add_argument("--sequences", type=int, default=21, metavar="N", help="generated (21)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing, print the tables."""
    args = parse(arguments)
    work = args.work.absolute()
    version, rivals = "", list[str]()
    if args.rivals_python:
        version, rivals = installed(args.rivals_python)
        rivals = args.rivals.split(",") if args.rivals else rivals
        print(f"rivals: trackers {version}: {', '.join(rivals)}\n")
    measured, pages = [], []
    for set_name in args.sets.split(","):
        data = load_set(set_name, args.real.absolute(), work, count=args.sequences)
        found: dict[int, list[Entry]] = {}
        for every in (int(text) for text in args.every.split(",")):
            entries: list[Entry] = []
            for name in args.trackers.split(","):
                model = args.model if name == "mohart" else None
                entry = own_entry(data, name, model, every, work)
                if entry is None:
                    print(f"{name} takes no detections: left out", file=sys.stderr)
                else:
                    entries.append(entry)
            if rivals:
                entries += rival_entries(
                    data,
                    args.rivals_python,
                    version,
                    rivals,
                    every,
                    work,
                    defaults_only=args.defaults,
                )
            print(table(data, every, entries))
            compared = against_rivals(data, entries, args.trackers.split(",")[0])
            print(in_lines(compared))
            measured.append(as_json(data, every, entries, compared))
            found[every] = entries
        pages.append(overview(data, found))
    if args.json:
        args.json.write_text(
            json.dumps({"trackers": version, "results": measured}, indent=1) + "\n"
        )
    if args.markdown:
        args.markdown.write_text("\n".join(pages))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MohartError as error:
        sys.exit(f"error: {error}")
