"""Draw docs/generated.jpg: three frames of twelve clips as configs/default.yaml generates them.

Usage: python tools/contact_sheet.py [OUT.jpg [SEED [PHOTOGRAPHS]]]
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.build.data import build_generator
from mohart.config.loader import load_config
from mohart.data.synthetic.scene import Labelled

CONFIG = Path(__file__).parents[1] / "configs" / "default.yaml"
SHOWN = (0, 16, 32)  # frames of each clip


def main(out: Path, seed: int, photographs: str | None = None) -> None:
    """Draw and write the sheet."""
    changes = [] if photographs is None else [f"data.generator.photographs={photographs}"]
    generator = build_generator(load_config(CONFIG, changes), seed)
    strips = []
    for number in range(12):
        drawn = list(generator.scene(number, SHOWN[-1] + 1).frames())
        strips.append(np.hstack([labelled(drawn[t]) for t in SHOWN]))
    sheet = np.vstack([np.hstack(strips[k : k + 2]) for k in range(0, 12, 2)])
    sheet = cv2.resize(sheet, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(out), sheet, [cv2.IMWRITE_JPEG_QUALITY, 82])


def labelled(drawn: Labelled) -> NDArray[np.uint8]:
    """The frame with its boxes: green where visible, red where hidden."""
    frame = drawn.frame.copy()
    for box, seen in zip(drawn.boxes.astype(int), drawn.visibility, strict=True):
        colour = (0, int(255 * seen), int(255 * (1 - seen)))
        cv2.rectangle(frame, box[:2].tolist(), box[2:].tolist(), colour, 1)
    result: NDArray[np.uint8] = frame
    return result


if __name__ == "__main__":
    arguments = sys.argv[1:]
    target = Path(arguments[0]) if arguments else Path("docs/generated.jpg")
    main(target, int(arguments[1]) if len(arguments) > 1 else 1, *arguments[2:3])
