"""Generated test sequences in strata, each of them hard in one way.

The seeds are far from those of training (small) and validation (1,000,003 and on), so that no
sequence, sprite or place here was ever seen. A stratum is a row of `STRATA`: what it does not name
is as in `BASE`, which is an easy scene.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import clip_to_frame
from mohart.errors import ConfigError, did_you_mean
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame
from mohart.synth.scenes.scene import Bank

STARTED_FROM = 0.3  # visibility in the first frame from which an object is given
SEED = 2_000_003
VALIDATION_APART = 1_500_000  # of validation's seeds from those
BASE = Generator(
    objects=(3, 7),
    size=(0.1, 0.4),
    camera=0.3,
    alike=0.0,
    scenery=0.1,
    leaving=0.05,
    scaling=0.1,
)


@dataclass(frozen=True)
class Stratum:
    """Sequences of one kind, by number.

    Attributes:
        name: one word.
        about: what is hard about them.
        generator: draws them.
        frames: of a sequence, T.
        inside: whether the boxes of the first frame end at its edge, as people draw them.
    """

    name: str
    about: str
    generator: Generator
    frames: int
    inside: bool = False

    def draw(self, number: int, bank: Bank | None = None) -> Drawn:
        """Sequence `number`, from 0; the same always.

        Args:
            number: of the sequence.
            bank: of this stratum's generator, kept by the caller to save time.
        """
        scene = self.generator.scene(number, self.frames, bank)
        labelled = list(scene.frames())
        boxes = np.array([item.boxes for item in labelled])
        visibility = np.array([item.visibility for item in labelled])
        size = self.generator.width, self.generator.height
        inside = inside_frame(boxes.reshape(-1, 4), *size).reshape(visibility.shape)
        if self.inside:
            boxes[0] = clip_to_frame(boxes[0], *size)
        return Drawn([item.frame for item in labelled], boxes, np.where(inside, visibility, 0))


class Drawn(NamedTuple):
    """A sequence in memory; T frames, N objects.

    Attributes:
        frames: T pictures, uint8 BGR [H, W, 3].
        boxes: [T, N, 4] float64 xyxy pixels, amodal (but see `Stratum.inside`).
        visibility: [T, N] in [0, 1]: the share of the object that can be seen, 0 outside the frame.
    """

    frames: list[NDArray[np.uint8]]
    boxes: NDArray[np.float64]
    visibility: NDArray[np.float64]


def _stratum(
    name: str, about: str, seed: int, frames: int = 60, inside: bool = False, **changes: Any
) -> Stratum:
    return Stratum(name, about, replace(BASE, seed=SEED + seed, **changes), frames, inside)


STRATA = (
    _stratum(
        "occlusion",
        "scenery in front, objects that do not avoid each other",
        1,
        scenery=1.0,
        interaction=0.0,
        objects=(5, 9),
    ),
    _stratum("look-alikes", "objects that look alike", 2, alike=1.0, objects=(4, 8)),
    _stratum("camera", "the camera pans, zooms and shakes", 3, camera=1.0),
    _stratum("small", "objects of 12 to 22 pixels", 4, size=(0.05, 0.09)),
    _stratum("scale", "objects that grow and shrink", 5, scaling=1.0),
    _stratum("fast", "low frame rates and high speeds", 6, frame_rate=(5.0, 9.0), speed=1.6),
    _stratum("crowded", "twelve to eighteen objects", 7, objects=(12, 18), size=(0.08, 0.25)),
    _stratum(
        "traffic",
        "roads in perspective; vehicles come in, turn and leave",
        9,
        inside=True,
        street=1.0,
        traffic=1.0,
        alike=0.4,
        leaving=0.4,
        passing=0.3,
        size=(0.08, 0.35),
    ),
    _stratum("long", "300 frames", 8, frames=300, leaving=0.0),
)


def choose_strata(text: str, *, validation: bool = False) -> tuple[Stratum, ...]:
    """`all`, `none`, or names separated by commas -> strata in the order of the table.

    Args:
        text: the choice.
        validation: sequences of other seeds, for choosing weights or settings by.

    Raises:
        ConfigError: an unknown name.
    """
    strata = tuple(_validation(stratum) for stratum in STRATA) if validation else STRATA
    known = {stratum.name: stratum for stratum in strata}
    if text in ("all", "none"):
        return strata if text == "all" else ()
    wanted = [name.strip() for name in text.split(",")]
    for name in wanted:
        if name not in known:
            raise ConfigError(f"unknown stratum '{name}'{did_you_mean(name, known)}")
    return tuple(stratum for stratum in strata if stratum.name in wanted)


def _validation(stratum: Stratum) -> Stratum:
    seed = stratum.generator.seed + VALIDATION_APART
    about = f"{stratum.about}; validation"
    return replace(stratum, about=about, generator=replace(stratum.generator, seed=seed))
