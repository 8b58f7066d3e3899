"""Compare settings of the encoder of video.mp4: time, size, and how close it is to what was drawn.

Usage: python tools/time_encoding.py [VIDEO ...] [--frames N] [--objects K] [--repeats R]

Boxes that move are drawn on the first frames of each video, as `mohart track` draws them; without a
video on a generated street of 1280x720. Every setting of `SETTINGS` then encodes them, with one
thread. A row each: milliseconds of processor time per frame (the best of R), kB per frame, and PSNR
(peak signal to noise ratio, dB) of the decoded frames against the drawn ones.
"""

from __future__ import annotations

import argparse
import io
import time
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame
from mohart.draw import Overlay, Trails, draw_tracks
from mohart.structures import ACTIVE, TrackedObjects
from mohart.synth.scenes.generator import Generator
from mohart.video import open_source
from mohart.video.writer import CODEC, ENCODING, to_yuv420

RATE = 25
SIZE = (1280, 720)


class Setting(NamedTuple):
    """How a video is encoded.

    Attributes:
        preset: of x264.
        quality: its constant rate factor, such as `crf=25`, or quantiser, such as `qp=26`.
        parameters: of x264, beside those of the preset.
        by_pyav: whether PyAV makes yuv420p of the frames; else `to_yuv420` does.
    """

    preset: str
    quality: str
    parameters: str = ""
    by_pyav: bool = False

    def options(self) -> dict[str, str]:
        """As PyAV takes them; with the code for the processor that is shipped."""
        shipped = ENCODING["x264-params"].split(":")
        parts = [part for part in shipped if part.startswith("asm=")]
        parts += [self.parameters] if self.parameters else []
        kind, _, value = self.quality.partition("=")
        named = {"preset": self.preset, kind: value}
        return {**named, "x264-params": ":".join(parts)} if parts else named


MOTION, SMOOTH = "subme=1", "no-deblock=0"
SETTINGS = {
    "superfast, crf 23, by PyAV (at first)": Setting("superfast", "crf=23", by_pyav=True),
    "superfast, crf 23": Setting("superfast", "crf=23"),
    "ultrafast, crf 25": Setting("ultrafast", "crf=25"),
    "ultrafast, crf 25, deblock, subme 1 (before)": Setting(
        "ultrafast", "crf=25", f"{MOTION}:{SMOOTH}"
    ),
    "ultrafast, qp 25, deblock, subme 1": Setting("ultrafast", "qp=25", f"{MOTION}:{SMOOTH}"),
    "ultrafast, qp 26, deblock, subme 1 (shipped)": Setting(
        "ultrafast", "qp=26", f"{MOTION}:{SMOOTH}"
    ),
    "ultrafast, qp 27, deblock, subme 1": Setting("ultrafast", "qp=27", f"{MOTION}:{SMOOTH}"),
    "ultrafast, qp 26": Setting("ultrafast", "qp=26"),
}


def read_frames(path: Path | None, count: int) -> list[Frame]:
    """The first frames of a video, with even sides; None: of a generated street."""
    if path is None:
        generator = Generator(seed=0, width=SIZE[0], height=SIZE[1], objects=(14, 14))
        return [drawn.frame for drawn in generator.scene(0, count).frames()]
    with open_source(path) as source:
        frames = [frame for _, frame in zip(range(count), source, strict=False)]
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    return [frame[:height, :width] for frame in frames]


def draw_on(frames: list[Frame], objects: int) -> list[Frame]:
    """Copies of frames with boxes, labels and trails of objects that move."""
    height, width = frames[0].shape[:2]
    rng, trails, shown = np.random.default_rng(0), Trails(), []
    corner = rng.uniform((0, 0), (0.8 * width, 0.8 * height), (objects, 2))
    speed = np.tile(rng.normal(0, 1.5, (objects, 2)), 2)
    boxes = np.hstack([corner, corner + np.array([width / 32, height / 9])])
    for number, frame in enumerate(frames):
        tracks = TrackedObjects(
            (boxes + number * speed).astype(np.float32),
            np.arange(1, objects + 1),
            np.ones(objects, np.float32),
            np.full(objects, ACTIVE),
        )
        trails.update(tracks)
        overlay = Overlay(frame_rate=RATE)
        shown.append(np.ascontiguousarray(draw_tracks(frame, tracks, trails, overlay, number)))
    return shown


def encode(frames: list[Frame], setting: Setting) -> tuple[float, bytes]:
    """Milliseconds of processor time per frame, conversion included, and the file."""
    file = io.BytesIO()
    began = time.process_time()
    with av.open(file, "w", format="mp4") as container:
        stream = cast(
            "av.VideoStream",
            container.add_stream(CODEC, rate=RATE, options=setting.options()),
        )
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.thread_count = "yuv420p", 1
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, frame in enumerate(frames):
            if setting.by_pyav:
                picture = av.VideoFrame.from_ndarray(frame, format="bgr24")
            else:
                picture = av.VideoFrame.from_numpy_buffer(to_yuv420(frame), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return 1000 * (time.process_time() - began) / len(frames), file.getvalue()


def likeness(frames: list[Frame], video: bytes) -> float:
    """PSNR in dB of a video against the frames that it was made of."""
    errors = []
    with av.open(io.BytesIO(video)) as container:
        for frame, picture in zip(frames, container.decode(video=0), strict=True):
            decoded: NDArray[np.uint8] = picture.to_ndarray(format="bgr24")
            errors.append(float(np.square(decoded.astype(np.float32) - frame).mean()))
    return float(10 * np.log10(255**2 / np.mean(errors)))


def main(argv: list[str] | None = None) -> None:
    """Print a table for each video."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("videos", type=Path, nargs="*", metavar="VIDEO")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--objects", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    for path in args.videos or [None]:
        frames = draw_on(read_frames(path, args.frames), args.objects)
        print(f"{path or 'generated street'}, {len(frames)} frames")
        best: dict[str, float] = {}
        videos: dict[str, bytes] = {}
        for _ in range(args.repeats):  # in turn, so that what slows down one slows down all
            for name, setting in SETTINGS.items():
                took, videos[name] = encode(frames, setting)
                best[name] = min(took, best.get(name, np.inf))
        for name, video in videos.items():
            size, close = len(video) / 1000 / len(frames), likeness(frames, video)
            print(f"{name:<46}{best[name]:6.2f} ms{size:8.2f} kB{close:7.2f} dB")


if __name__ == "__main__":
    main()
