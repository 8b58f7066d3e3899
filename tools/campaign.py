"""Attack the product by the thousand: damaged files, damaged media, kills at random moments.

    python tools/campaign.py texts --cases 100000
    python tools/campaign.py files --cases 10000
    python tools/campaign.py media --cases 500
    python tools/campaign.py kills --cases 200
    python tools/campaign.py table --markdown table.md

texts: annotations, boxes, detections, configurations, `seqinfo.ini`, shown to what reads them.
files: weights, checkpoints, ONNX, runs and cells with damaged files in them. media: videos and
images, truncated and with flipped bits, and headers that promise gigabytes, through `mohart track`.
kills: KILL, TERM, INT and HUP at random moments of track, train, ablate, convert and app; what was
there before must be whole, and going on must give what an undisturbed run gives.

Every case depends on the seed and its number alone. They are kept in --work, so that the same
command goes on after it was stopped, and `table` tells of all. A finding is an exception that is no
MohartError, a crash, more than 20 s, more than 3 GB, or a result that is lost; exit code 1 then.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from faults.ledger import Case, Ledger, read_ledgers
from faults.tables import findings, table
from faults.watch import watch

from mohart.cli.terminal.progress import show_progress

AREAS = ("texts", "files", "media", "kills", "table")
USUAL = {"texts": 100_000, "files": 10_000, "media": 500, "kills": 200, "table": 0}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=AREAS)
    parser.add_argument("--cases", type=int, metavar="N", help=f"in all (default {USUAL})")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--only", metavar="TEXT", help="areas with this in their name alone")
    parser.add_argument("--data", type=Path, metavar="DIR", help="real files for eval as well")
    parser.add_argument("--work", type=Path, default=Path("out/campaign"), metavar="DIR")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Do the cases that are missing, and tell of them; 1 where there is a finding."""
    args = parse(arguments)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.what == "table":
        cases = read_ledgers(args.work)
    else:
        cases = [case for area in _areas(args) for case in area]
    text = table(cases)
    print(text)
    for line in findings(cases):
        print(line)
    if args.markdown:
        args.markdown.write_text(text + "\n", "utf-8")
    return 1 if any(case.is_finding for case in cases) else 0


def _areas(args: argparse.Namespace) -> Iterator[list[Case]]:
    """The cases of one area after the other."""
    shares = {n: s for n, s in _shares(args.what).items() if args.only is None or args.only in n}
    wanted = USUAL[args.what] if args.cases is None else args.cases
    for name, share in shares.items():
        count = max(1, round(wanted * share / sum(shares.values())))
        file = "".join(c if c.isalnum() else "-" for c in f"{args.what}-{name}")
        ledger = Ledger(args.work / f"{file}-{args.seed}.jsonl")
        missing = ledger.missing(count)
        if missing:
            with show_progress(name, "cases") as progress:
                for _ in ledger.take(_do(args, name, missing)):
                    progress(
                        count - len(ledger.missing(count))
                        if len(missing) < 500
                        else len(ledger.cases),
                        count,
                    )
        yield [case for case in ledger.cases if case.number < count]


def _shares(what: str) -> Mapping[str, int]:
    """Areas and their shares of all cases."""
    match what:
        case "texts":
            from faults.texts import TEXTS

            return {name: target.share for name, target in TEXTS.items()}
        case "files":
            from faults.binaries import FILES

            return {name: target.share for name, target in FILES.items()}
        case "media":
            from faults.media import MEDIA

            return MEDIA
        case _:
            from faults.kills import KILLS

            return {name: kill.share for name, kill in KILLS.items()}


def _do(args: argparse.Namespace, name: str, numbers: list[int]) -> Iterator[Case]:
    """The cases of these numbers."""
    folder = Path(tempfile.mkdtemp(prefix="campaign."))
    try:
        if args.what == "texts":
            from faults.texts import TEXTS

            yield from watch(name, TEXTS[name].prepare(folder, args.data), numbers, args.seed)
        elif args.what == "files":
            from faults.binaries import FILES

            yield from watch(name, FILES[name].prepare(folder, args.data), numbers, args.seed)
        elif args.what == "media":
            from faults.media import attack

            yield from attack(name, folder, numbers, args.seed)
        else:
            from faults.kills import kill_at_random

            yield from kill_at_random(name, folder, numbers, args.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
