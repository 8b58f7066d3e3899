"""What a run over many videos is to do, on disk beside its results: `many.json`."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mohart.cli.many.belongings import find_belongings
from mohart.cli.many.options import OWN
from mohart.cli.many.sources import Video, find_videos
from mohart.errors import ConfigError, FormatError
from mohart.files import write_text
from mohart.formats.text import read_text
from mohart.versions import __version__

ORDER = "many.json"
PLACES = ("init", "detections")
# not of a single video, or decided for each
LEFT_OUT = ("run", "parser", "verb", "debug", "resume", "source", "output", "overwrite", "json")


@dataclass(frozen=True)
class Order:
    """All videos of a run, and how they are tracked.

    Attributes:
        videos: each with its name.
        own: the options that differ between videos, in the same order.
        options: that all have, by name.
    """

    videos: list[Video]
    own: list[dict[str, str]]
    options: dict[str, Any]

    def options_of(self, number: int, output: Path) -> dict[str, Any]:
        """Of one video, ready for JSON."""
        video = self.videos[number]
        places = {"source": video.source, "output": str(output / video.name)}
        return {**self.options, **self.own[number], **places}


def make_order(args: Namespace) -> Order:
    """What the command line asks for.

    Raises:
        ConfigError: an option cannot be meant for many videos.
        MissingDataError: a video is not there, or has no boxes or detections.
    """
    if args.source is None:
        raise ConfigError("what is to be tracked? Name videos (see: mohart track --help)")
    videos = find_videos([args.source, *args.more])
    if args.box and len(videos) > 1:
        raise ConfigError(
            f"--box: a box of one video, but there are {len(videos)}; give --init with a folder of "
            "files named like them"
        )
    own: list[dict[str, str]] = [{} for _ in videos]
    for name in PLACES:
        if (given := getattr(args, name)) is not None:
            for values, path in zip(own, find_belongings(name, str(given), videos), strict=True):
                values[name] = path
    left_out = {*LEFT_OUT, *PLACES, *OWN} - {"chunk"}
    options = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(args).items()
        if name not in left_out
    }
    return Order(videos, own, options)


def write_order(folder: Path, order: Order) -> None:
    """Put it beside the results.

    Raises:
        OutputError: it cannot be written.
    """
    content = {"mohart": __version__, **asdict(order)}
    write_text(folder / ORDER, json.dumps(content, indent=1) + "\n")


def read_order(folder: Path) -> Order:
    """What lies beside results.

    Raises:
        FormatError: it is damaged.
    """
    path = folder / ORDER
    try:
        content = json.loads(read_text(path))
        videos = [Video(**video) for video in content["videos"]]
        return Order(videos, content["own"], content["options"])
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(f"{path}: not what 'mohart track' wrote ({error})") from error
