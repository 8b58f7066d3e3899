"""The lines of the guide's page on many videos are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mohart.cli.main import build_parser
from mohart.cli.options.epilog import EPILOG
from mohart.cli.track import check

GUIDE = Path(__file__).parents[3] / "docs/guide/many.md"


def test_every_line_parses() -> None:
    shown = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for block in shown for line in block.splitlines()]
    lines += [line.strip() for line in EPILOG.splitlines() if line.startswith("  mohart track ")]
    assert len(lines) > 20
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["mohart", "track"], line
        args = build_parser().parse_args(words[1:])
        if not args.resume:
            check(args, resumed=False)
