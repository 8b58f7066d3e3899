"""Which boxes or detections belong to which of many videos."""

from __future__ import annotations

import re
from pathlib import Path

from mohart.cli.many.sources import Video
from mohart.errors import ConfigError, MissingDataError, did_you_mean

FIELDS = ("name", "source", "folder")
INSIDE = {"init": ("gt/gt.txt",), "detections": ("det/det.txt",)}  # of a folder named like a video
ENDINGS = (".csv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xml")
SHOWN = 3


def find_belongings(option: str, given: str, videos: list[Video]) -> list[str]:
    """The file of every video, in order.

    Args:
        option: `init` or `detections`.
        given: a pattern with `{name}`, `{source}` or `{folder}`; a folder with a file, or a folder,
            named like each video; or one file, for all of them.
        videos: all of them.

    Raises:
        ConfigError: an unknown field, or two files for one video.
        MissingDataError: a video has none; names the first few.
    """
    if "{" in given:
        found = [_fill(option, given, video) for video in videos]
        missing = [(v, where) for v, where in zip(videos, found, strict=True) if not _there(where)]
        if missing:
            told = ", ".join(where for _, where in missing[:SHOWN])
            raise _missing(option, given, len(missing), told)
        return found
    inside = [Path(given) / name for name in INSIDE[option]]
    if not Path(given).is_dir() or any(path.is_file() for path in inside):
        if option == "init" and len(videos) > 1:
            raise ConfigError(
                f"--init {given}: boxes of one video; give a folder with a file named like each of "
                "them, or a pattern such as 'boxes/{name}.csv'"
            )
        return [given] * len(videos)  # detections may be a table of several videos
    chosen = {video.name: _choose(option, Path(given), video) for video in videos}
    without = [name for name, path in chosen.items() if path is None]
    if without:
        hint = f"; expected files such as {without[0]}{ENDINGS[0]}"
        raise _missing(option, given, len(without), ", ".join(without[:SHOWN]) + hint)
    return [str(chosen[video.name]) for video in videos]


def _fill(option: str, pattern: str, video: Video) -> str:
    fields = {
        "name": video.name,
        "source": video.source,
        "folder": str(Path(video.source).parent),
    }

    def fill(found: re.Match[str]) -> str:
        if found[1] not in fields:
            raise ConfigError(f"--{option}: '{found[0]}'{did_you_mean(found[1], FIELDS)}")
        return fields[found[1]]

    return re.sub(r"\{(\w*)\}", fill, pattern)


def _there(where: str) -> bool:
    return Path(where).exists()


def _choose(option: str, folder: Path, video: Video) -> Path | None:
    """The file of a video in a folder of them."""
    base = folder / video.name
    files = [path for ending in ENDINGS if (path := Path(f"{base}{ending}")).is_file()]
    files += [path for inner in INSIDE[option] if (path := base / inner).is_file()]
    if len(files) > 1:
        raise ConfigError(
            f"--{option} {folder}: both {files[0].name} and {files[1].name} for {video.name}; "
            f"say which by a pattern such as '{folder}/{{name}}{files[0].suffix}'"
        )
    return files[0] if files else None


def _missing(option: str, given: str, count: int, told: str) -> MissingDataError:
    more = f" and {count - SHOWN} more" if count > SHOWN else ""
    return MissingDataError(f"--{option} {given}: nothing for {count} videos ({told}{more})")
