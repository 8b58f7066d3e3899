"""Draw docs/images/tracked.jpg: six frames of the demo's video side by side.

Usage: make demo && python tools/demo_picture.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mohart.video import open_source

SHOWN = 6
COLUMNS = 3


def main(video: Path, out: Path) -> None:
    """Read the video, write the picture."""
    with open_source(video) as source:
        frames = list(source)
    chosen = [frames[t] for t in np.linspace(0, len(frames) - 1, SHOWN).astype(int)]
    rows = [np.hstack(chosen[k : k + COLUMNS]) for k in range(0, SHOWN, COLUMNS)]
    picture = cv2.resize(np.vstack(rows), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(out), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main(Path("out/demo/video.mp4"), Path("docs/images/tracked.jpg"))
