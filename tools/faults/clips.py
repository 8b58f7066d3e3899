"""Small videos and images of many kinds, and headers that promise gigabytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 96, 72
LENGTH = 24
VIDEOS = (  # ending, codec
    *(("mp4", "libx264"), ("mkv", "libx264"), ("avi", "mpeg4"), ("avi", "mjpeg")),
    *(("webm", "libvpx"), ("ts", "mpeg2video"), ("mov", "libx264"), ("gif", "gif")),
)
IMAGES = ("png", "jpg", "tif", "webp", "bmp")
HUGE = 100_000


def picture(t: int) -> NDArray[np.uint8]:
    """A block on its way over a pattern."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    found = np.stack([(x * 3) % 200, (y * 5) % 200, (x + y) % 200], -1).astype(np.uint8)
    found[20:50, 2 * t + 4 : 2 * t + 24] = (40, 220, 240)
    return found


def write_clip(path: Path, codec: str) -> None:
    """A video of `LENGTH` frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = WIDTH, HEIGHT
        kinds = {"mjpeg": "yuvj420p", "gif": "rgb8"}
        stream.pix_fmt = kinds.get(codec, "yuv420p")
        for t in range(LENGTH):
            frame = av.VideoFrame.from_ndarray(picture(t), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def video_bytes(folder: Path) -> list[tuple[str, bytes]]:
    """Name and content of a clip per kind."""
    found = []
    for number, (ending, codec) in enumerate(VIDEOS):
        path = folder / f"whole{number}.{ending}"
        write_clip(path, codec)
        found.append((f"clip.{ending}", path.read_bytes()))
    return found


def image_bytes(ending: str, t: int) -> bytes:
    """One picture as a file."""
    done, data = cv2.imencode(f".{ending}", picture(t))
    assert done  # noqa: S101  # OpenCV writes all of them
    return bytes(data)


def _png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def promising(folder: Path) -> list[tuple[str, bytes]]:
    """Small files whose headers say that they are huge: name, content."""
    thin = zlib.compress(bytes(3 * HUGE + 1))
    found = [
        ("a.png", _png(HUGE, HUGE, thin)),
        ("b.png", _png(32_000, 32_000, zlib.compress(bytes(32_000 * 3 + 1)))),
        ("c.png", _png(2**31 - 1, 2**31 - 1, thin)),
        ("a.ppm", b"P6 100000 100000 255\n" + bytes(1000)),
        ("b.pgm", b"P5 100000 100000 255\n" + bytes(1000)),
        ("a.y4m", b"YUV4MPEG2 W100000 H100000 F25:1 Ip A1:1 C420\nFRAME\n" + bytes(1000)),
        ("b.y4m", b"YUV4MPEG2 W30000 H30000 F25:1 Ip A1:1 C420\nFRAME\n" + bytes(1000)),
        ("a.bmp", _patched(image_bytes("bmp", 0), HUGE)),
        ("a.tif", _patched(image_bytes("tif", 0), HUGE)),
        ("a.jpg", _patched(image_bytes("jpg", 0), 65_500)),
        ("a.webp", _patched(image_bytes("webp", 0), 16_000)),
        ("a.gif", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";"),
    ]
    for name, data in video_bytes(folder):
        for size in (16_000, 60_000):
            found.append((f"{size}-{name}", _patched(data, size)))
    return found


def _patched(data: bytes, size: int) -> bytes:
    """Width and height replaced wherever they stand side by side, in any width and order."""
    for form in ("<HH", ">HH", "<II", ">II"):
        for pair in ((WIDTH, HEIGHT), (HEIGHT, WIDTH)):
            if size < 65_536 or form[1] == "I":
                data = data.replace(struct.pack(form, *pair), struct.pack(form, size, size))
    for tag, side in ((256, WIDTH), (257, HEIGHT)):  # TIFF has an entry for each
        for kind, form in ((3, "<HHIHH"), (4, "<HHII")):
            old = struct.pack(form, tag, kind, 1, side, *([0] if kind == 3 else []))
            data = data.replace(old, struct.pack("<HHII", tag, 4, 1, size))
    return data
