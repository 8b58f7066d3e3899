"""`mohart doctor`: is everything here, and does it track?"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace, _SubParsersAction
from dataclasses import asdict
from typing import TYPE_CHECKING

from mohart.cli.terminal.say import say

if TYPE_CHECKING:
    from mohart.assembly.doctor import Finding

EPILOG = """\
examples:
  mohart doctor                    a line per thing, and what to do where something is missing
  mohart doctor --json             the same for programs, and for reports of faults
exit codes: 0 it works, 1 something is broken
"""
MARKS = {"ok": "  ", "note": "! ", "broken": "X "}


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="look at the installation: libraries, codecs, engines, threads, GPU, a self test",
        description="Look at the installation and track a few frames.",
        epilog=EPILOG,
    )
    parser.add_argument("--no-test", action="store_true", help="track nothing")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(run=run, parser=parser)


def run(args: Namespace) -> int:
    """Print what was found; 1 where something is broken."""
    from mohart.assembly.doctor import examine

    found = []
    for finding in examine(test=not args.no_test):
        found.append(finding)
        if not args.json:
            _print(finding)
    works = all(finding.state != "broken" for finding in found)
    if args.json:
        say(json.dumps({"works": works, "findings": [asdict(f) for f in found]}, indent=2))
    else:
        say("\nall is well" if works else "\nbroken: see the lines with X")
    return 0 if works else 1


def _print(finding: Finding) -> None:
    say(f"{MARKS[finding.state]}{finding.what:13} {finding.said}", flush=True)
    if finding.fix:
        say(f"{'':15} {finding.fix}", flush=True)
