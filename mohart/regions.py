"""Places in the picture that a person has marked: lines to be crossed, and zones (polygons).

Conventions: points x, y in pixels of the frame. A line has a left and a right side, as somebody
has who walks from its first point to its second; y points downwards, so on a line from left to
right the right side is below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError

Points = NDArray[np.float64]
Anchor = Literal["foot", "centre"]
ANCHORS: tuple[Anchor, ...] = ("foot", "centre")


@dataclass(frozen=True)
class Line:
    """A counting line.

    Attributes:
        name: what events call it.
        points: [2, 2] from where to where.

    Raises:
        ConfigError: both points are the same.
    """

    name: str
    points: Points

    def __post_init__(self) -> None:
        if self.points.shape != (2, 2) or not np.hypot(*(self.points[1] - self.points[0])) > 0:
            raise ConfigError(f"line '{self.name}': expected two points that differ")

    def side(self, point: Points) -> float:
        """Pixels from the (endless) line: above 0 to its right, below 0 to its left."""
        along = self.points[1] - self.points[0]
        away = np.asarray(point, np.float64) - self.points[0]
        return float(along[0] * away[1] - along[1] * away[0]) / float(np.hypot(*along))

    def is_met(self, before: Points, after: Points) -> bool:
        """Whether the way from one point to another leads between the two ends."""
        start, end = self.side(before), self.side(after)
        if start == end:
            return False
        share = start / (start - end)
        met = np.asarray(before) + share * (np.asarray(after) - np.asarray(before))
        along = self.points[1] - self.points[0]
        place = float((met - self.points[0]) @ along) / float(along @ along)
        return 0 <= share <= 1 and 0 <= place <= 1


@dataclass(frozen=True)
class Zone:
    """An area.

    Attributes:
        name: what events call it.
        points: [K, 2] corners in order, K >= 3; the last one is joined with the first.

    Raises:
        ConfigError: fewer corners, or no area.
    """

    name: str
    points: Points

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or len(self.points) < 3 or self.area == 0:
            raise ConfigError(f"zone '{self.name}': expected at least three corners with an area")

    @property
    def area(self) -> float:
        """Square pixels."""
        return float(cv2.contourArea(self.points.astype(np.float32)))

    def depth(self, point: Points) -> float:
        """Pixels from the border: above 0 inside, below 0 outside."""
        x, y = (float(v) for v in point)
        return float(cv2.pointPolygonTest(self.points.astype(np.float32), (x, y), True))

    def holds(self, points: Points) -> NDArray[np.bool_]:
        """[N] whether points [N, 2] lie inside, or on the border."""
        return np.array([self.depth(point) >= 0 for point in points], bool)


@dataclass(frozen=True)
class Regions:
    """Everything that is marked in a picture; names are unique.

    Attributes:
        lines: to be crossed.
        zones: to be entered and left.
        anchor: the point of a box that counts: `foot`, the middle of its lower edge, or `centre`.
        size: width and height of the picture in which it was drawn; None: not known.

    Raises:
        ConfigError: two have one name.
    """

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    anchor: Anchor = "foot"
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        names = [line.name for line in self.lines] + [zone.name for zone in self.zones]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"regions: two are named '{twice}'; give each a name of its own")

    def check_size(self, width: int, height: int) -> None:
        """Make sure that it was drawn in a picture of this size.

        Raises:
            ConfigError: in another one.
        """
        if self.size is not None and self.size != (width, height):
            raise ConfigError(
                f"regions: drawn in a picture of {self.size[0]}x{self.size[1]}, but the video has "
                f"{width}x{height}; draw them in a frame of the video"
            )


def anchors(boxes: NDArray[np.floating], anchor: Anchor) -> Points:
    """[N, 2] the point that counts of every box [N, 4] xyxy."""
    boxes = np.asarray(boxes, np.float64)
    y = boxes[:, 3] if anchor == "foot" else (boxes[:, 1] + boxes[:, 3]) / 2
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, y], 1)
