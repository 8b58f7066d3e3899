"""The sound of a source, put beside the pictures that were written of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from mohart.files import Replacement
from mohart.video.container import duration_of, is_cover

COPIED = ("aac", "mp3", "ac3", "eac3", "alac")  # that an mp4 may hold, and browsers play
CODEC = "aac"  # what others become
RATES = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)  # that it has
Error = av.error.FFmpegError


class Part(NamedTuple):
    """Which part of a source was written.

    Attributes:
        start: seconds from its first frame.
        seconds: length.
    """

    start: float
    seconds: float


def has_sound(source: Path) -> bool:
    """Whether a file has a stream of sound; False where it cannot be opened."""
    try:
        with av.open(str(source)) as container:
            return any(s.codec_context is not None for s in container.streams.audio)
    except (Error, OSError, ValueError):
        return False


def add_sound(video: Path, source: Path, part: Part) -> None:
    """Put the first stream of sound of a source into a video, which is replaced when all is well.

    Sound that an mp4 can hold is copied, other becomes AAC; it begins with the first whole packet.

    Args:
        video: an mp4 with pictures alone.
        source: the file that they are of.
        part: of the source.

    Raises:
        OutputError: the file cannot be written.
        ValueError: FFmpeg cannot read or code the sound; the video is as it was.
    """
    try:
        with Replacement(video) as place:
            _join(video, source, part, place)
    except (Error, StopIteration, IndexError, NotImplementedError) as error:
        # FFmpeg's; no sound with a known codec; no pictures; what PyAV cannot copy or resample:
        # all leave the video as it was, and the caller says that it has no sound
        raise ValueError(getattr(error, "strerror", None) or str(error)) from error


def _join(video: Path, source: Path, part: Part, place: Path) -> None:
    options = {"movflags": "+faststart"}
    with (
        av.open(str(video)) as pictures,
        av.open(str(source)) as heard,
        av.open(str(place), "w", format="mp4", options=options) as out,
    ):
        shown = pictures.streams.video[0]
        sound = next(s for s in heard.streams.audio if s.codec_context is not None)
        to_show: Any = out.add_stream_from_template(shown)
        copied = sound.codec_context.name in COPIED
        to_hear: Any
        if copied:
            to_hear = out.add_stream_from_template(sound)
        else:
            rate = sound.rate if sound.rate in RATES else RATES[0]
            layout = "mono" if sound.codec_context.channels == 1 else "stereo"
            to_hear = out.add_stream(CODEC, rate=rate, layout=layout)
        films = [s for s in heard.streams.video if not is_cover(s)]
        origin = _start_of(films[0]) if films else 0.0
        packets = _cut(heard, sound, origin + part.start, part.seconds)
        listened = packets if copied else _coded(packets, to_hear)
        timed = [_timed(pictures.demux(shown), to_show), _timed(listened, to_hear)]
        for _, packet in heapq.merge(*timed, key=lambda pair: pair[0]):
            out.mux(packet)


def _start_of(stream: Any) -> float:
    """Seconds at which a stream begins."""
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


def _cut(container: Any, stream: Any, start: float, seconds: float) -> Iterator[Any]:
    """Packets of a part, with stamps from its start on."""
    base = stream.time_base
    shift = round(start / float(base))
    if start > 1 and duration_of(container, stream):
        container.seek(max(0, shift), stream=stream)  # to before it
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        when = float((packet.pts - shift) * base)
        if when >= seconds:
            return
        if when >= 0:
            packet.pts -= shift
            packet.dts = packet.pts
            yield packet


def _coded(packets: Iterator[Any], stream: Any) -> Iterator[Any]:
    """Packets decoded and coded anew; stamps count from the first sample."""
    coder = stream.codec_context
    coder.open(strict=False)
    fitting = av.AudioResampler(
        format=coder.format,
        layout=coder.layout,
        rate=coder.sample_rate,
        frame_size=coder.frame_size,
    )
    samples = 0

    def stamped(frames: list[Any]) -> Iterator[Any]:
        nonlocal samples
        for frame in frames:
            frame.pts, frame.time_base = samples, Fraction(1, coder.sample_rate)
            samples += frame.samples
            yield from stream.encode(frame)

    for packet in packets:
        for frame in packet.decode():
            frame.pts = None
            yield from stamped(fitting.resample(frame))
    yield from stamped(fitting.resample(None))
    yield from stream.encode(None)


def _timed(packets: Iterator[Any], stream: Any) -> Iterator[tuple[float, Any]]:
    """Packets with their seconds, for a stream of the output."""
    for packet in packets:
        if packet.dts is not None and packet.size:
            seconds = float(packet.dts * packet.time_base)
            packet.stream = stream
            yield seconds, packet
