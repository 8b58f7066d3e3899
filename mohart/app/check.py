"""`python -m mohart.app.check FOLDER`: decode a video once, front to back, and note every frame.

A process of its own: what a damaged file does to a decoder does not reach the server. It writes
`index.npz` (a checksum and a time per frame), `check.json` (the verdict) at the end, and
`progress.json` now and then.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.app.containers import check_header
from mohart.app.places import read_json, write_json
from mohart.errors import MohartError
from mohart.files import write_bytes
from mohart.video import FrameSource, open_source

CHECK, INDEX, PROGRESS = "check.json", "index.npz", "progress.json"
MAX_FRAMES = 1_000_000
MEMORY = 6 << 30  # bytes that a decoder may take
EVERY_SECONDS = 0.3


def checksum(frame_bgr: NDArray[np.uint8]) -> int:
    """CRC-32 of a frame's pixels, uint8 [H, W, 3]."""
    return zlib.crc32(np.ascontiguousarray(frame_bgr).data)


def check_video(folder: Path) -> dict[str, Any]:
    """Decode the video of a folder and write what was found; a broken one is an answer too.

    Returns:
        What `check.json` says: `status` (`ready` or `broken`), `problem` (a sentence or None),
        and for a ready one `width`, `height`, `frame_rate`, `frames`, `seconds`.

    Raises:
        OutputError: it cannot be written.
    """
    meta = read_json(folder / "meta.json") or {}
    path = Path(meta["path"]) if meta.get("path") else folder / str(meta.get("source"))
    try:
        if not meta.get("path"):
            check_header(path)
        with open_source(path) as source:
            verdict = _decode(folder, source)
    except MohartError as error:
        reason = " ".join(str(error).replace(str(path), "the video").split())
        verdict = {"status": "broken", "problem": reason}
    except MemoryError:
        verdict = {"status": "broken", "problem": "its frames do not fit into memory"}
    write_json(folder / CHECK, verdict)
    return verdict


def _decode(folder: Path, source: FrameSource) -> dict[str, Any]:
    sums: list[int] = []
    times: list[float] = []
    told = 0.0
    for frame in source:
        sums.append(checksum(frame))
        times.append(-1.0 if source.timestamp is None else source.timestamp)
        if time.monotonic() - told > EVERY_SECONDS:
            told = time.monotonic()
            write_json(folder / PROGRESS, {"done": len(sums), "total": source.length})
        if len(sums) >= MAX_FRAMES:
            return {"status": "broken", "problem": f"it has more than {MAX_FRAMES} frames"}
    file = io.BytesIO()
    np.savez(file, sums=np.array(sums, np.uint32), times=np.array(times))
    write_bytes(folder / INDEX, file.getvalue())
    return {
        "status": "ready",
        "problem": "; ".join([*filter(None, [source.problem]), *source.notes]) or None,
        "width": source.width,
        "height": source.height,
        "frame_rate": source.frame_rate,
        "frame_rate_known": source.frame_rate_known,
        "frames": len(sums),
        "seconds": max(times[-1], 0.0) if times else 0.0,
    }


def end_with_parent() -> None:
    """End this process at once when the one that started it is gone: stdin ends with it."""

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 1024):
                pass
        os._exit(70)

    threading.Thread(target=wait, daemon=True).start()


def main(folder: Path) -> int:
    """Check the video of a folder; 0 where that was possible, whatever was found."""
    end_with_parent()
    with contextlib.suppress(OSError, ValueError):  # the system's own limit may be lower
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    check_video(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
