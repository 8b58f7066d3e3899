"""`mohart configs`: the configurations that come with mohart."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.cli.terminal.say import say

EPILOG = """\
examples:
  mohart configs ls
  mohart configs cp toy                       ./toy.yaml, to be changed
  mohart configs cp worlds/forces mine.yaml
  mohart train toy                            a name does wherever a file does
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "configs",
        help="list or copy the configurations that come with mohart",
        description="List or copy the configurations that come with mohart.",
        epilog=EPILOG,
    )
    what = parser.add_subparsers(dest="what", metavar="ls|cp", required=True)
    listing = what.add_parser("ls", help="print names and what they are for")
    listing.set_defaults(run=run_ls, parser=listing)
    copying = what.add_parser("cp", help="copy one, with the weights that it starts from")
    copying.add_argument("name", metavar="NAME", help="see ls")
    copying.add_argument(
        "target",
        nargs="?",
        type=Path,
        metavar="FILE|DIR",
        help="default: NAME.yaml in the current folder",
    )
    copying.set_defaults(run=run_cp, parser=copying)


def run_ls(_: Namespace) -> int:
    """Print a line for each: its name and the first line of its head."""
    from mohart.config.shipped import shipped_configs

    found = shipped_configs()
    width = max(map(len, found), default=0)
    for name, path in found.items():
        first = path.read_text(encoding="utf-8").splitlines()[0]
        say(f"{name:{width}}  {first.lstrip('# ')}")
    return 0


def run_cp(args: Namespace) -> int:
    """Copy a configuration and what it needs; print what was written."""
    from mohart.config.loader import load_config
    from mohart.config.shipped import SUFFIX, shipped_configs
    from mohart.errors import MissingDataError, did_you_mean
    from mohart.files import check_file, write_bytes

    found = shipped_configs()
    name = args.name.removesuffix(SUFFIX)
    if name not in found:
        raise MissingDataError(f"{args.name}: no such configuration{did_you_mean(name, found)}")
    source = found[name]
    target = args.target or Path(source.name)
    if target.is_dir():
        target = target / source.name
    text, copies = source.read_text(encoding="utf-8"), {target: b""}
    start = load_config(source).train.start_from
    if start is not None and Path(start).is_file():  # the head of another one says how to make it
        named = Path(start).name
        text = re.sub(r"(start_from: ).*", rf"\g<1>{named}", text)
        copies[target.with_name(named)] = Path(start).read_bytes()
    copies[target] = text.encode("utf-8")
    for path in copies:
        check_file(path, overwrite=False)
    for path, content in copies.items():
        write_bytes(path, content)
        say(path)
    return 0
