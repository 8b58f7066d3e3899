"""Draw three frames of twelve generated clips with their labels, as a configuration makes them.

Usage: python tools/contact_sheet.py [OUT.jpg] [--seed N] [--config FILE] [--photographs DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.assembly.data import build_generator
from mohart.config.loader import load_config
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.scene import Labelled

ROOT = Path(__file__).parents[1]
SHOWN = (0, 16, 32)  # frames of each clip


def main() -> None:
    """Draw and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=ROOT / "docs" / "generated.jpg")
    parser.add_argument("--seed", type=int, default=5, help="of the stream (5)")
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "default.yaml")
    parser.add_argument("--photographs", metavar="DIR", help="textures are cut out of them")
    args = parser.parse_args()
    changes = [f"data.generator.photographs={args.photographs}"] if args.photographs else []
    generator = build_generator(load_config(args.config, changes), args.seed)
    cv2.imwrite(str(args.out), draw(generator), [cv2.IMWRITE_JPEG_QUALITY, 82])


def draw(generator: Generator) -> NDArray[np.uint8]:
    """[H, W, 3] the sheet."""
    strips, bank = [], generator.bank()
    for number in range(12):
        drawn = list(generator.scene(number, SHOWN[-1] + 1, bank).frames())
        strips.append(np.hstack([labelled(drawn[t]) for t in SHOWN]))
    sheet = np.vstack([np.hstack(strips[k : k + 2]) for k in range(0, 12, 2)])
    shrunk = cv2.resize(sheet, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.uint8)


def labelled(drawn: Labelled) -> NDArray[np.uint8]:
    """The frame with its boxes: green where visible, red where hidden."""
    frame = drawn.frame.copy()
    for box, seen in zip(drawn.boxes.astype(int), drawn.visibility, strict=True):
        colour = (0, int(255 * seen), int(255 * (1 - seen)))
        cv2.rectangle(frame, box[:2].tolist(), box[2:].tolist(), colour, 1)
    result: NDArray[np.uint8] = frame
    return result


if __name__ == "__main__":
    main()
