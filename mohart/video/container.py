"""Containers of video: which of their streams is the video, and what they say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import av

from mohart.errors import FormatError
from mohart.video.stamps import Timing, judge_timing

POINTERS = ("concat", "hls", "dash", "sdp", "imf", "rtsp")  # texts that name other files
PROBED = 200  # packets whose stamps are looked at first
PROBED_BYTES = 32 << 20
COVER = 0x400  # AV_DISPOSITION_ATTACHED_PIC
Error = av.error.FFmpegError


def open_container(path: Path) -> tuple[Any, Any, BinaryIO | None]:
    """The container, the stream of it that is the video, and a file to close where there is one.

    Raises:
        FormatError: no video, or a text that names other files.
    """
    file = None if _is_text(str(path)) else path.open("rb")
    try:
        container = av.open(str(path) if file is None else file)
    except (Error, ValueError) as error:
        if file is not None:
            file.close()
        raise _refusal(path) from error
    kind = container.format.name
    if any(part in POINTERS for part in kind.split(",")):
        container.close()
        raise FormatError(f"{path}: is no video but a text that names other files ({kind})")
    films = [stream for stream in container.streams.video if not is_cover(stream)]
    films = [stream for stream in films if stream.codec_context is not None]
    if not films:
        covers = len(container.streams.video)
        container.close()
        what = "holds a cover picture and no video" if covers else "holds no video that can be read"
        raise FormatError(f"{path}: {what}; does it play elsewhere?")
    best = container.streams.best("video")
    index = None if best is None else best.index
    return container, next((s for s in films if s.index == index), films[0]), file


def _is_text(name: str) -> bool:
    """Whether a name is text; on Linux any bytes may be one."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refusal(path: Path) -> FormatError:
    empty = path.stat().st_size == 0
    what = "the file is empty" if empty else "not a video that FFmpeg can open"
    return FormatError(
        f"{path}: {what}; it may be damaged or cut short (an mp4 without its index); does it "
        f"play elsewhere?"
    )


def is_cover(stream: Any) -> bool:
    """Whether a stream is a picture beside a film, as music and downloads have it."""
    return bool(int(getattr(stream, "disposition", 0)) & COVER)


def duration_of(container: Any, stream: Any) -> float | None:
    """Seconds, as the stream or else the container says; None where neither does."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1e6


def probe_timing(path: Path, stream: Any) -> Timing:
    """What to believe about rate and stamps, by a look at the first packets."""
    claimed = stream.average_rate or stream.guessed_rate
    stamps: list[float] = []
    try:
        with av.open(str(path)) as container:
            size = 0
            for packet in container.demux(container.streams[stream.index]):
                size += packet.size
                if packet.pts is not None and packet.time_base is not None:
                    stamps.append(float(packet.pts * packet.time_base))
                if len(stamps) >= PROBED or size >= PROBED_BYTES:
                    break
    except (Error, ValueError):
        pass  # what is there tells enough
    return judge_timing(None if claimed is None else float(claimed), stamps)


def is_whole_avi(path: Path) -> bool:
    """Whether a file has all the bytes that the head of an AVI promises."""
    with path.open("rb") as file:
        head = file.read(8)
    return head[:4] == b"RIFF" and path.stat().st_size >= 7 + int.from_bytes(head[4:], "little")
