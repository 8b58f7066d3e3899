"""What a name stands for: a file, a folder, a pattern of images, a camera, an address."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import cv2

from mohart.errors import MissingDataError
from mohart.formats.mot.seqinfo import FrameEntries, read_frame_entries
from mohart.video.camera import CameraReader, quiet_opencv
from mohart.video.container import open_file, open_pipe, open_url
from mohart.video.film import FilmReader
from mohart.video.images import ImageReader, StackReader, count_pages
from mohart.video.live import LiveReader
from mohart.video.series import IMAGE_SUFFIXES, Series, find_series, match_series
from mohart.video.source import FrameSource
from mohart.video.stamps import sane_rate

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".flv"}
)
FILES = ("http", "https")
STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "tcp", "udp")
WAIT = 10.0  # seconds for an answer from the network
AGAIN = {"reconnect": "1", "reconnect_delay_max": "8"}  # where a line breaks midway
PAGED = (".tif", ".tiff")
COVERS = ("poster", "folder", "cover", "thumb", "thumbnail", "fanart", "backdrop", "banner")


def open_source(source: str | Path) -> FrameSource:
    """Open a video file, a folder of images, a MOT sequence folder, a camera or a stream.

    Args:
        source: a path, a pattern of image names such as `frames/a_*.png` or `frames/%06d.png`, an
            address (`rtsp://...`, `https://...`), `-` for stdin, or a camera index such as `"0"`
            (unless a file of that name exists). A folder is read as a MOT sequence when it has
            `seqinfo.ini` or `img1/`, else as the images in it in natural order (img2 before
            img10), else as the one video in it. Images that are numbered one by one keep their
            numbers where some are missing.

    Returns:
        The source, positioned before its first frame; close it, or use it in a `with`.

    Raises:
        MissingDataError: nothing is there, or the folder holds neither images nor a video, or more
            than one thing that could be meant.
        FormatError: an address cannot be opened; or something is there, but no frame can be read,
            or `seqinfo.ini` is damaged.
    """
    if source == "-":
        return _open_film(FilmReader(open_pipe(sys.stdin.buffer, "stdin")), "stdin")
    if re.match(r"[a-z][a-z0-9+]+://", str(source), re.IGNORECASE):
        return _open_address(str(source))
    path = Path(source)
    if path.is_dir():
        return _open_folder(path)
    if path.is_file():
        return _open_file(path)
    if str(source).isdigit():
        return _open_camera(int(str(source)))
    series = None if path.exists() else match_series(str(source))
    if series:
        return _open_series(path.absolute().parent.name, series)
    what = "is neither a file nor a folder" if path.exists() else "no such file or folder"
    raise MissingDataError(
        f"{source}: {what}; expected a video file, a folder of images, a MOT "
        f"sequence folder, a pattern such as frames/*.png, or a camera index such as 0"
    )


def _open_file(path: Path, info: FrameEntries | None = None) -> FrameSource:
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return _open_image(path)
    name = path.absolute().parent.name if info else path.stem
    return _open_film(FilmReader(open_file(path)), name, info.frame_rate if info else None)


def _open_film(reader: FilmReader, name: str, rate: float | None = None) -> FrameSource:
    return FrameSource(
        name,
        reader,
        length=reader.estimate,
        exact=reader.length is not None,
        frame_rate=rate or reader.timing.rate,
        even=reader.timing.even,
    )


def _open_address(url: str) -> FrameSource:
    """A file on the network to its end, or a stream as long as it goes on."""
    kind, _, rest = url.partition("://")
    kind = kind.lower()
    parts = [part for part in re.split(r"[/?#]", rest) if part]
    name = re.sub(r"[^\w.-]+", "_", Path(parts[-1]).stem if parts else kind) or kind
    if kind in FILES:
        return _open_film(FilmReader(open_url(url, seconds=WAIT, options=AGAIN)), name)
    if kind not in STREAMS:
        known = ", ".join((*FILES, *STREAMS))
        raise MissingDataError(f"{url}: expected an address of {known}, got {kind}")
    options = {"rtsp_transport": "tcp"} if kind.startswith("rtsp") else {}
    live = LiveReader(lambda: FilmReader(open_url(url, seconds=WAIT, options=options)), url)
    return FrameSource(name, live, length=None, frame_rate=live.rate)


def _open_image(path: Path) -> FrameSource:
    """One image: the pages of it, or a video of one frame."""
    pages = count_pages(path) if path.suffix.lower() in PAGED else 1
    if pages > 1:
        return FrameSource(path.stem, StackReader(path, pages), length=pages, frame_rate=None)
    reader = ImageReader([path])
    others = sum(
        other.suffix.lower() == path.suffix.lower() and not other.name.startswith(".")
        for other in path.absolute().parent.iterdir()
    )
    if others > 1:
        pattern = path.parent / f"*{path.suffix}"
        reader.notes.append(f"this is one image of {others}; for all of them name '{pattern}'")
    return FrameSource(path.stem, reader, length=1, frame_rate=None)


def _open_series(name: str, series: Series, rate: float | None = None) -> FrameSource:
    reader = ImageReader(series.paths)
    source = FrameSource(name, reader, length=len(series.paths), frame_rate=rate)
    reader.notes += series.notes
    return source


def _open_camera(index: int) -> FrameSource:
    with quiet_opencv():
        capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        raise MissingDataError(
            f"camera {index}: cannot be opened; is it plugged in, free and allowed for this user? "
            f"(a file or folder named '{index}' does not exist either)"
        )
    rate = sane_rate(capture.get(cv2.CAP_PROP_FPS))
    reader = CameraReader(capture, f"camera {index}")
    return FrameSource(f"camera{index}", reader, length=None, frame_rate=rate)


def _open_folder(folder: Path) -> FrameSource:
    name = folder.resolve().name
    info = read_frame_entries(folder / "seqinfo.ini")
    rate = info.frame_rate if info else None
    inside = find_series(folder / (info.image_dir if info else "img1"))
    if inside:
        return _open_series(name, inside, rate)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
    videos = [p for p in files if not p.name.startswith(".") and p.is_file()]
    images = find_series(folder, ignore=COVERS if videos else ())
    if images and not videos:
        only = images.paths[0]
        if len(images.paths) == 1 and only and only.suffix.lower() in PAGED:
            return _open_image(only)
        return _open_series(name, images, rate)
    if images:
        raise MissingDataError(
            f"{folder}: holds a video ({videos[0].name}) and images ({images.first}); name the "
            f"video, or the images by a pattern such as '{folder}/*{Path(images.first).suffix}'"
        )
    if len(videos) == 1:
        return _open_file(videos[0], info or FrameEntries())
    if videos:
        listed = ", ".join(p.name for p in videos[:5])
        raise MissingDataError(f"{folder}: holds {len(videos)} videos ({listed}); name one of them")
    below = sorted(p.name for p in folder.iterdir() if p.is_dir() and (p / "img1").is_dir())
    below += sorted(p.parent.name for p in folder.glob("*/img1.*"))
    if below:
        raise MissingDataError(
            f"{folder}: holds sequences ({', '.join(below[:5])}{', ...' if below[5:] else ''}); "
            f"name one of them, such as {folder / below[0]}"
        )
    raise MissingDataError(
        f"{folder}: no images and no video in it; expected image files (jpg, png, bmp, ...), "
        f"img1/ with images, or one video file"
    )
