"""Settings of toy worlds (docs of mohart.synth.worlds), told apart by `kind`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class FreeConfig:
    """Objects that do not interact."""

    kind: Literal["free"] = "free"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 5)
    size: tuple[float, float] = (0.14, 0.22)  # diameter, of the frame's height
    speed: float = 0.03  # of the frame's height per frame


@dataclass(frozen=True, kw_only=True)
class CollideConfig:
    """Equal sizes collide, others pass."""

    kind: Literal["collide"] = "collide"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (5, 5)
    size: tuple[float, float] = (0.2, 0.28)  # the two diameters, of the frame's height
    speed: float = 0.05  # of the frame's height per frame


@dataclass(frozen=True, kw_only=True)
class ForcesConfig:
    """Attraction and repulsion by colours."""

    kind: Literal["forces"] = "forces"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 4)
    size: tuple[float, float] = (0.16, 0.16)  # diameter, of the frame's height
    speed: float = 0.02  # of the frame's height per frame
    recolour: float = 1.0  # probability per object and frame of a new colour
    quiet: int = 6  # last frames without new colours: as many as are predicted


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """A camera that shakes."""

    kind: Literal["camera"] = "camera"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (4, 5)
    size: tuple[float, float] = (0.1, 0.28)  # diameter, of the frame's height
    speed: float = 0.012  # of the frame's height per frame
    shake: float = 0.05  # standard deviation along each axis, of the frame's height


@dataclass(frozen=True, kw_only=True)
class BendConfig:
    """Circles, and a colour that says which way in training but not in the test."""

    kind: Literal["bend"] = "bend"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (3, 3)
    size: tuple[float, float] = (0.16, 0.16)  # diameter, of the frame's height
    speed: float = 0.04  # of the frame's height per frame
    turn: float = 0.25  # radians per frame
    bias: float = 0.95  # probability that the colour fits, in training and validation
    bias_test: float = 0.5  # in the test


@dataclass(frozen=True, kw_only=True)
class CrowdConfig:
    """Walkers with goals."""

    kind: Literal["crowd"] = "crowd"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (5, 8)
    size: tuple[float, float] = (0.09, 0.13)  # diameter, of the frame's height
    speed: float = 0.025  # of the frame's height per frame


@dataclass(frozen=True, kw_only=True)
class RecordedConfig:
    """Real walkers from files of `frame id x y`."""

    folder: str
    kind: Literal["recorded"] = "recorded"
    width: int = 96
    height: int = 96
    objects: tuple[int, int] = (2, 8)
    size: tuple[float, float] = (0.09, 0.11)  # diameter, of the frame's height
    view: float = 8.0  # metres that the frame's height shows
    between: int = 2  # frames from one recorded moment to the next
    every: int = 1  # only every so many recorded moments count


WorldConfig = (
    FreeConfig
    | CollideConfig
    | ForcesConfig
    | CameraConfig
    | BendConfig
    | CrowdConfig
    | RecordedConfig
)
