"""Containers of video: which of their streams is the video, and what they say of it."""

from __future__ import annotations

from collections.abc import Mapping
from errno import EIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import av

from mohart.errors import FormatError
from mohart.video.stamps import PLAUSIBLE, Timing, judge_timing, sane_rate

POINTERS = ("concat", "hls", "dash", "sdp", "imf", "rtsp")  # texts that name other files
PROBED = 200  # packets whose stamps are looked at first
PROBED_BYTES = 32 << 20
CHUNK_BYTES = 8  # that a frame of an AVI takes at least, also an empty one
COVER = 0x400  # AV_DISPOSITION_ATTACHED_PIC
Error = av.error.FFmpegError


class Opened(NamedTuple):
    """A container with a video in it.

    Attributes:
        container: an `av.container.InputContainer`.
        stream: the one that is the video.
        origin: what to call it in messages.
        timing: what is believed about rate and stamps.
        file: to be closed with the container, where there is one.
        whole: whether it has all the bytes that the head of an AVI promises.
        most: frames that a file of this size can hold at all; None where nobody knows.
    """

    container: Any
    stream: Any
    origin: str
    timing: Timing
    file: BinaryIO | None = None
    whole: bool = False
    most: int | None = None


def open_file(path: Path) -> Opened:
    """A video file.

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
    stream = _film(container, str(path))
    timing = _probe_timing(path, stream)
    most = path.stat().st_size // CHUNK_BYTES if kind == "avi" else None
    return Opened(container, stream, str(path), timing, file, _is_whole_avi(path), most)


def open_pipe(file: BinaryIO, origin: str) -> Opened:
    """What comes through a pipe, such as stdin: MPEG-TS, Matroska, H.264, MJPEG, fragmented mp4.

    Raises:
        FormatError: no video that can be read without seeking.
    """
    try:
        container = av.open(file)
    except (Error, ValueError) as error:
        raise FormatError(
            f"{origin}: not a video that can be read from a pipe; MPEG-TS and Matroska can, an mp4 "
            f"has to be a file"
        ) from error
    stream = _film(container, origin)
    return Opened(container, stream, origin, _claimed_timing(stream))


def open_url(url: str, *, seconds: float, options: Mapping[str, str]) -> Opened:
    """A video on the network.

    Args:
        url: such as `rtsp://camera/stream` or `https://example.org/clip.mp4`.
        seconds: to wait for an answer, and for every packet.
        options: of FFmpeg's protocol.

    Raises:
        FormatError: it cannot be reached, or is no video.
    """
    try:
        container = av.open(url, timeout=seconds, options=dict(options))
    except (Error, ValueError) as error:
        raise FormatError(f"{url}: {_why_not(error, seconds)}") from error
    stream = _film(container, url)
    return Opened(container, stream, url, _claimed_timing(stream))


def _why_not(error: Exception, seconds: float) -> str:
    """What to say of an address that FFmpeg does not open."""
    if isinstance(error, av.error.ProtocolNotFoundError):
        return "this build of FFmpeg does not speak that protocol; try rtsp, http or udp"
    if isinstance(error, av.error.InvalidDataError):
        return "something answers, but no video; expected a video file or stream at this address"
    why = getattr(error, "strerror", None) or error
    if isinstance(error, av.error.ExitError):  # what we asked for, once the time was up
        why = f"no answer within {seconds:g} seconds"
    elif getattr(error, "errno", None) == EIO:  # what FFmpeg says of a name that nobody knows
        why = "no such server"
    return (
        f"cannot be opened ({why}); expected a video file or stream at this address; is it right, "
        f"is the server running and not behind a login or firewall, and does it play elsewhere?"
    )


def _film(container: Any, origin: str) -> Any:
    """The stream of a container that is the video; closes the container where there is none."""
    films = [stream for stream in container.streams.video if not is_cover(stream)]
    films = [stream for stream in films if stream.codec_context is not None]
    if not films:
        covers = len(container.streams.video)
        container.close()
        what = "holds a cover picture and no video" if covers else "holds no video that can be read"
        raise FormatError(f"{origin}: {what}; does it play elsewhere?")
    best = container.streams.best("video")
    index = None if best is None else best.index
    return next((s for s in films if s.index == index), films[0])


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


def _claimed_timing(stream: Any) -> Timing:
    """Where the stamps cannot be looked at first; rates that are ticks are not believed."""
    rate = sane_rate(float(stream.average_rate or stream.guessed_rate or 0))
    return Timing(rate if rate is not None and rate <= PLAUSIBLE else None)


def _probe_timing(path: Path, stream: Any) -> Timing:
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


def _is_whole_avi(path: Path) -> bool:
    """Whether a file has all the bytes that the head of an AVI promises."""
    with path.open("rb") as file:
        head = file.read(8)
    return head[:4] == b"RIFF" and path.stat().st_size >= 7 + int.from_bytes(head[4:], "little")
