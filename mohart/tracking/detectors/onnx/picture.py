"""Preprocessing (letterbox, resizing) of frames for a network, and its boxes back on the frame.

Conventions: frames uint8 BGR [H, W, 3], boxes xyxy pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError

PAD = 114
MULTIPLE = 32  # sides of inputs that may have any size
LARGEST = 8192  # side of an input, pixels
Fit = Literal["corner", "centre", "stretch"]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a frame becomes an input; the published recipes of the known families are `PRESETS`.

    Attributes:
        fit: `corner` and `centre` keep the shape of things and fill up with grey at the right and
            bottom, or on both sides; `stretch` fills the input.
        rgb: whether red comes first; otherwise blue does, as in the frame.
        mean: subtracted, in the order of the channels, values 0..255.
        std: divided by, after that.
    """

    fit: Fit = "centre"
    rgb: bool = True
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)


PRESETS = {
    "yolox": Preparation(fit="corner", rgb=False, std=(1.0, 1.0, 1.0)),
    "yolo": Preparation(),
    "rtmdet": Preparation(
        fit="corner", rgb=False, mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395)
    ),
    "ssd": Preparation(fit="stretch", mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5)),
}


class Placement(NamedTuple):
    """Where the frame lies on the input: input = frame * scale + shift, for x and y.

    Attributes:
        scale: [2].
        shift: [2] pixels of the input.
        frame_size: width, height.
        input_size: width, height.
    """

    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    frame_size: tuple[int, int]
    input_size: tuple[int, int]

    def to_frame(self, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """Boxes [M, 4] on the input as boxes on the frame, cut at its edges."""
        points = (boxes.reshape(-1, 2, 2) - self.shift) / self.scale
        return points.clip(0, self.frame_size).reshape(-1, 4).astype(np.float32)


def input_size(
    frame_size: tuple[int, int], fixed: tuple[int | None, int | None], size: int | None, usual: int
) -> tuple[int, int]:
    """Width and height of the input.

    Args:
        frame_size: width, height.
        fixed: width and height that the network demands; None where any will do.
        size: the longer side that the user wants; None leaves it to the network.
        usual: the longer side where neither says one.

    Returns:
        What the network demands; otherwise a size in the frame's proportions, sides in multiples
        of 32.

    Raises:
        ConfigError: the user wants a size that the network does not take, or none at all.
    """
    if size is not None and size < MULTIPLE:
        raise ConfigError(f"size: expected at least {MULTIPLE} pixels, got {size}")
    width, height = fixed
    asked = (size, "size") if size is not None else (usual, "the file's imgsz")
    for pixels, where in (asked, (width, "the network's input"), (height, "the network's input")):
        if pixels is not None and pixels > LARGEST:
            raise ConfigError(f"{where}: expected at most {LARGEST} pixels, got {pixels}")
    if width is not None and height is not None:
        if size not in (None, max(width, height)):
            raise ConfigError(
                f"size={size}: this network takes {width}x{height} only; leave it out, or export "
                "the network with that size"
            )
        return width, height
    longer = size or usual
    scale = longer / max(frame_size)
    sides = [max(MULTIPLE, -(-round(side * scale) // MULTIPLE) * MULTIPLE) for side in frame_size]
    return width or sides[0], height or sides[1]


def prepare(
    frame_bgr: NDArray[np.uint8],
    size: tuple[int, int],
    recipe: Preparation,
    *,
    dtype: str = "float32",
    channels_last: bool = False,
) -> tuple[NDArray[Any], Placement]:
    """The input of a network.

    Args:
        frame_bgr: uint8 [H, W, 3].
        size: width, height of the input.
        recipe: how.
        dtype: of the input; `uint8` is not normalised.
        channels_last: whether the input is [1, H, W, 3].

    Returns:
        [1, 3, H, W] or [1, H, W, 3], and where the frame lies on it.
    """
    height, width = frame_bgr.shape[:2]
    scale = np.array([size[0] / width, size[1] / height])
    if recipe.fit != "stretch":
        scale[:] = scale.min()
    inner = [max(1, round(side * s)) for side, s in zip((width, height), scale, strict=True)]
    scale = np.array([inner[0] / width, inner[1] / height])
    room = [size[0] - inner[0], size[1] - inner[1]]
    left, top = (room[0] // 2, room[1] // 2) if recipe.fit == "centre" else (0, 0)
    canvas = np.full((size[1], size[0], 3), PAD, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        frame_bgr, (inner[0], inner[1]), interpolation=cv2.INTER_LINEAR
    )
    if recipe.rgb:
        canvas = canvas[..., ::-1]
    blob: NDArray[Any] = canvas
    if dtype != "uint8":
        mean, std = np.array(recipe.mean, np.float32), np.array(recipe.std, np.float32)
        blob = (canvas.astype(np.float32) - mean) / std
    if not channels_last:
        blob = blob.transpose(2, 0, 1)
    placement = Placement(scale, np.array([left, top], np.float64), (width, height), size)
    return np.ascontiguousarray(blob[None], dtype), placement
