"""Results as files to take away: the formats and their names.

`mot` is the `tracks.txt` of `mohart track` itself, byte for byte, and `video` its `video.mp4`.
`csv` and `json` are its `tracks.csv`, so they have the states and lost objects, too; `kitti` and
`coco` are made of `tracks.txt`. Names that objects were given go along where the format has a place
for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mohart.app.jobs import RESULT
from mohart.app.places import RefusalError, plain_path
from mohart.data.annotation_files import render
from mohart.formats.annotation import Annotation
from mohart.formats.detect import Format
from mohart.formats.mot.annotation import read_mot_annotation
from mohart.formats.own.columns import read_csv


class Kind(NamedTuple):
    """A format of an export.

    Attributes:
        ending: of the file.
        media: its type.
        file: of the result that it is made of.
        format: into which it is made; None where the file is handed out as it is.
    """

    ending: str
    media: str
    file: str = "tracks.txt"
    format: Format | None = None


KINDS: Mapping[str, Kind] = {
    "mot": Kind(".txt", "text/plain; charset=utf-8"),
    "kitti": Kind("-kitti.txt", "text/plain; charset=utf-8", format="kitti"),
    "csv": Kind(".csv", "text/csv; charset=utf-8", "tracks.csv", "csv"),
    "json": Kind(".jsonl", "application/jsonl; charset=utf-8", "tracks.csv", "jsonl"),
    "coco": Kind("-coco.json", "application/json", format="coco-vid"),
    "video": Kind(".mp4", "video/mp4", "video.mp4"),
}


def exported(
    folder: Path, kind: str, video: Mapping[str, Any], names: Mapping[int, str]
) -> Path | str:
    """A result as a file that is there, or as the text of one.

    Args:
        folder: of the job.
        kind: one of `KINDS`.
        video: what is known about it, see `mohart.app.videos.Videos.about`.
        names: of objects, by their ids.

    Raises:
        RefusalError: there is no result (yet), or no such kind.
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise RefusalError(404, f"unknown format; known: {', '.join(KINDS)}")
    result = plain_path(folder, RESULT)
    path = plain_path(result, chosen.file)
    if not path.is_file():
        raise RefusalError(404, "there is no result yet; press Track, and wait for it")
    if chosen.format is None or (chosen.format == "csv" and not names):
        return path
    content = render([_record(path, video, names)], chosen.format, "results").content
    return content if isinstance(content, str) else content.decode()


def _record(path: Path, video: Mapping[str, Any], names: Mapping[int, str]) -> Annotation:
    """The tracks with what is known about the video, and the names of objects."""
    record = read_csv(path) if path.suffix == ".csv" else read_mot_annotation(path, kind="results")
    told = [names.get(number, "") for number in record.tracks.track_id.tolist()]
    return replace(
        record,
        name=Path(str(video["name"])).stem,
        width=int(video["width"]),
        height=int(video["height"]),
        frame_rate=float(video["frame_rate"]),
        length=int(video["frames"]),
        extras={**record.extras, "name": told} if any(told) else record.extras,
    )


def file_name(video: Mapping[str, Any], kind: str) -> str:
    """What the browser may call it: the video's name in plain letters, and an ending.

    >>> file_name({"name": "straße 1.mp4"}, "csv")
    'stra_e_1.csv'
    """
    stem = Path(str(video["name"])).stem[:60]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in stem)
    return (plain.strip("_") or "tracks") + KINDS[kind].ending
