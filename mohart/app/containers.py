"""Which uploads are videos at all, by their first bytes and their header.

FFmpeg opens more than videos: a text file can be a playlist that names other files of this machine.
So a file is refused by its first bytes before any decoder sees it, and by its header's size of a
frame before any frame is decoded.
"""

from __future__ import annotations

from pathlib import Path

import av

from mohart.app.places import RefusalError

SIGNATURE_BYTES = 400
MAX_PIXELS = 8192 * 8192 // 2  # of one frame: 8K and a little more
MAX_SIDE = 16_384
BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
FORMATS = {"mov", "mp4", "avi", "matroska", "webm", "mpeg", "mpegts", "flv", "asf"}
KNOWN = "mp4, mov, m4v, avi, mkv, webm, mpg, ts, flv or wmv"


def video_ending(head: bytes) -> str | None:
    r"""The ending for a file that starts so; None where it is no video of a known kind.

    Args:
        head: at least the first 400 bytes, or the whole file where it is shorter.

    >>> video_ending(b"\0\0\0\x20ftypisom"), video_ending(b"#EXTM3U"), video_ending(b"")
    ('.mp4', None, None)
    """
    if head[4:8] in BOXES:
        return ".mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return ".avi"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return ".mkv"
    if head[:4] in (b"\0\0\x01\xba", b"\0\0\x01\xb3"):
        return ".mpg"
    if head[:4] == b"FLV\x01":
        return ".flv"
    if head[:4] == b"\x30\x26\xb2\x75":
        return ".wmv"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return ".ts"
    return None


def check_header(path: Path) -> None:
    """Make sure that a file is a video with frames of a bearable size, before one is decoded.

    Raises:
        RefusalError: it is not.
    """
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            names = set(container.format.name.split(","))
            sizes = [
                (stream.codec_context.width, stream.codec_context.height)
                for stream in container.streams.video
            ]
    except (OSError, ValueError) as error:
        raise RefusalError(
            415, "the file is damaged or no video; does it play elsewhere?"
        ) from error
    if not names & FORMATS:
        raise RefusalError(415, f"'{min(names)}' is no video format that is taken here: {KNOWN}")
    if not sizes:
        raise RefusalError(415, "there is no video in the file, only sound or data")
    for width, height in sizes:
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise RefusalError(
                415, f"frames of {width}x{height} pixels are too large; scale the video down first"
            )
