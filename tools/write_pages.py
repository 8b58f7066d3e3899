"""Fill the generated parts of README.md and docs/ from what is kept, so that no number is typed.

    python tools/write_pages.py            # after new results were kept, or a record was added
    python tools/write_pages.py --check    # exit code 1 if a page is not what this would write

A generated part stands between `<!-- generated: WHAT -->` and `<!-- end -->`. WHAT is
`headline` (the README's table), `picture FILE TEXT` (absolute where setup.cfg has a `url`, because
a page of the package index shows no relative ones), `experiments` (the table of all records), or
`board NAME PART`: NAME is a file of docs/results/kept, PART is `tables`, `summary`,
`differences`, `calibration` or `runs`. `tools/keep_results.py` makes these files of what
`mohart bench --json` and `tools/benchmark_online.py --json` write.
"""

from __future__ import annotations

import argparse
import configparser
import re
import sys
from pathlib import Path

from pages.headline import headline
from pages.kept import KEPT, load_board
from pages.records import experiments
from pages.tables import calibration, differences, matrix, runs, set_tables, summary

from mohart.errors import ConfigError, MohartError
from mohart.files import write_text

ROOT = Path(__file__).parents[1]
PART = re.compile(r"<!-- generated: (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def generated(what: str, page: Path) -> str:
    """The text of a generated part.

    Args:
        what: the words of its marker.
        page: where it stands.

    Raises:
        ConfigError: nothing is called so.
        FormatError: what it is made of is damaged.
        MissingDataError: what it is made of is not there.
    """
    word, *rest = what.split(maxsplit=1)
    match word, rest:
        case "headline", []:
            return headline()
        case "experiments", []:
            return experiments(ROOT / "docs" / "experiments")
        case "picture", [text]:
            path, _, words = text.partition(" ")
            return picture(path, words, repository_url(ROOT / "setup.cfg"))
        case "board", [text]:
            return board_part(*text.split(maxsplit=1))
    raise ConfigError(f"{page.name}: nothing is called '{what}'; see tools/write_pages.py")


def board_part(name: str, part: str = "") -> str:
    """A part of a board as Markdown.

    Raises:
        ConfigError: no part is called so.
    """
    board = load_board(KEPT / f"{name}.json")
    match part:
        case "tables":
            return set_tables(board)
        case "matrix":
            return matrix(board)
        case "summary":
            return summary(board)
        case "differences":
            return differences(board)
        case "calibration":
            return calibration(board)
        case "runs":
            return runs(board)
    raise ConfigError(f"board {name}: no part '{part}'; see tools/write_pages.py")


def picture(path: str, words: str, url: str | None) -> str:
    """A picture in the README, `path` from the project's root."""
    return f"![{words}]({url + '/raw/HEAD/' if url else ''}{path})"


def repository_url(setup: Path) -> str | None:
    """The one place that says where the repository is: `url` in setup.cfg; None where it is not."""
    parser = configparser.ConfigParser()
    parser.read(setup, encoding="utf-8")
    return parser.get("metadata", "url", fallback="").rstrip("/") or None


def filled(text: str, page: Path) -> str:
    """A page with all its generated parts made anew."""
    return PART.sub(
        lambda m: f"<!-- generated: {m[1]} -->\n\n{generated(m[1], page)}\n\n<!-- end -->", text
    )


def pages() -> list[Path]:
    """All pages that may have generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def main(arguments: list[str] | None = None) -> int:
    """Write what differs; 1 with --check if something does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    args = parser.parse_args(arguments)
    old = 0
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = filled(text, page)
        if new != text:
            old += 1
            print(f"{page.relative_to(ROOT)}: {'is not up to date' if args.check else 'written'}")
            if not args.check:
                write_text(page, new)
    return 1 if args.check and old else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MohartError as error:
        sys.exit(f"error: {error}")
