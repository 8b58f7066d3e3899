"""Options of `mohart track` that say what is written, and where."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path


def add_output_options(parser: ArgumentParser) -> None:
    """Add -o, --overwrite and what decides which files there are."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for the results (default: out/NAME-OF-SOURCE)",
    )
    parser.add_argument("--no-video", action="store_true", help="write no video.mp4")
    parser.add_argument(
        "--include-lost", action="store_true", help="write rows of lost objects to tracks.txt too"
    )
    parser.add_argument(
        "--events",
        type=Path,
        metavar="REGIONS.json",
        help="count who crosses lines, enters and leaves zones: events.csv; the file has lines and "
        "zones in pixels, by hand or from LabelMe",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace DIR if it holds earlier results"
    )
