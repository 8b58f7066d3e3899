"""Keep measured results: the JSON of a benchmark -> docs/results/kept/BOARD.json.

    mohart bench --trackers mohart,csrt --real ../shared/data --strata none --json all.json
    python tools/keep_results.py boxes all.json --machine '2 cores, no GPU' \
        --command 'mohart bench --trackers mohart,csrt --real $DATA --strata none --json all.json'
    python tools/keep_results.py detections online.json --machine ... --command ...
    python tools/write_pages.py

The file may be of `mohart bench --json` or of `tools/benchmark_online.py --json`; which one is seen
from its content. BOARD is made if it is not there (with --title). Results of the same set and
tracker are replaced, all others stay, so a board can be filled by several runs on several days.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pages.kept import KEPT, SCHEMA, board_of, load_board
from pages.sources import kept_of_bench, kept_of_online

from mohart.errors import ConfigError, FormatError, MissingDataError, MohartError
from mohart.files import write_text

ROOT = Path(__file__).parents[1]


def commit_of(root: Path) -> str:
    """The commit that is checked out, short.

    Raises:
        ConfigError: files differ from it, so that it does not say what was measured.
    """
    git = ["git", "-C", str(root)]
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no", "mohart", "tools"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")[0]
    if changed:
        raise ConfigError(f"the source has changes ({changed.strip()}); commit, or say --commit")
    found = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def merge(old: dict[str, Any], new: dict[str, Any], run: dict[str, str]) -> dict[str, Any]:
    """A board's content with new results in the place of older ones of the same set and tracker.

    Args:
        old: content of the kept file.
        new: `sets`, `results`, `differences`, `calibration` of one run, results without a letter.
        run: commit, date, machine, command of that run.
    """
    letter = next(x for x in map(chr, range(ord("a"), ord("z") + 1)) if x not in old["measured"])
    done = {(row["set"], row["tracker"]) for row in new["results"]}
    results = [row for row in old["results"] if (row["set"], row["tracker"]) not in done]
    results += [{**row, "measured": letter} for row in new["results"]]
    sets = {item["name"]: item for item in [*old["sets"], *new["sets"]]}
    changed = {item["set"] for item in new["differences"]} | {name for name, _ in done}
    differences = [item for item in old.get("differences", ()) if item["set"] not in changed]
    calibration = old.get("calibration")
    if new["calibration"]:
        calibration = {**new["calibration"], "measured": letter}
    measured = {**old["measured"], letter: run}
    used = {row["measured"] for row in results}
    used |= {calibration["measured"]} if calibration else set()
    content = {
        **old,
        "measured": {key: value for key, value in measured.items() if key in used},
        "sets": list(sets.values()),
        "results": results,
        "differences": [*differences, *new["differences"]],
    }
    return {**content, "calibration": calibration} if calibration else content


def main(arguments: list[str] | None = None) -> int:
    """Write the board."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("board", help="name of the file in docs/results/kept, without .json")
    parser.add_argument("source", type=Path, help="what the benchmark wrote")
    parser.add_argument("--machine", required=True, help="where: cores, processor, GPU")
    parser.add_argument("--command", required=True, help="the line that measured it")
    parser.add_argument("--commit", help="(default: the one that is checked out)")
    parser.add_argument("--date", help="(default: today)")
    parser.add_argument("--title", help="of a new board")
    parser.add_argument("--kept", type=Path, default=KEPT, help="folder of the boards")
    args = parser.parse_args(arguments)
    path = args.kept / f"{args.board}.json"
    if not args.source.is_file():
        raise MissingDataError(f"{args.source}: no such file")
    try:
        given = json.loads(args.source.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FormatError(f"{args.source}:{error.lineno}: not JSON: {error.msg}") from error
    if "sets" in given and "summary" in given:
        new, order = kept_of_bench(given), "iou"
    elif "results" in given and "trackers" in given:
        new, order = kept_of_online(given), "HOTA"
    else:
        raise FormatError(f"{args.source}: neither of `mohart bench` nor of benchmark_online.py")
    if path.is_file():
        load_board(path)
        old = json.loads(path.read_text(encoding="utf-8"))
    elif args.title:
        old = {
            "schema": SCHEMA,
            "title": args.title,
            "order": order,
            "measured": {},
            "sets": [],
            "results": [],
        }
    else:
        raise ConfigError(f"{path} is not there yet; give the new board a --title")
    run = {
        "commit": args.commit or commit_of(ROOT),
        "date": args.date or datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "machine": args.machine,
        "command": args.command,
    }
    content = merge(old, new, run)
    board_of(path, content)
    write_text(path, json.dumps(content, indent=1) + "\n")
    print(f"{path}: {len(new['results'])} results kept")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MohartError as error:
        sys.exit(f"error: {error}")
