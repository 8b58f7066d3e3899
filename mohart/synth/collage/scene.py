"""A scene put together from real pictures, and the clips that are cut from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats, Random
from mohart.synth.collage.actor import (
    Actor,
    Bend,
    Drawn,
    draw_bend,
    draw_creature,
    draw_part,
    prepare_cutout,
    recolour,
    solid_from,
)
from mohart.synth.collage.ground import draw_ground, draw_regions, measure_region, show_ground
from mohart.synth.collage.material import Material, Picture
from mohart.synth.collage.motion import Camera, Manner, Path, draw_camera, draw_path
from mohart.synth.collage.puppet import draw_puppet
from mohart.synth.collage.turning import draw_turning
from mohart.synth.scenes.degrade import draw_optics


class Labelled(NamedTuple):
    """All frames of a scene.

    Attributes:
        frames: [T, H, W, 3] uint8 BGR.
        boxes: [T, N, 4] float32 xyxy pixels, of the whole label, also where it is hidden; NaN where
            it is out of sight.
        visibility: [T, N] float32 share of the label that can be seen in the frame.
    """

    frames: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    visibility: NDArray[np.float32]


@dataclass(frozen=True)
class Collage:
    """Draws scenes by number: cut-outs that move over photographs and video.

    Attributes:
        material: what it is put together from.
        seed: every number below it is another, unrelated scene.
        width: of the frames, pixels.
        height: of the frames, pixels.
        size: smallest and largest object (square root of the box area), pixels.
        parts: probability that a box is around a part of an object, not the whole.
        regions: probability that some boxes are around places of the background.
        dishes: probability of a dish: many small look-alike animals seen from above.
        puppets: probability for each object to have limbs that swing.
        turning: probability for each other object to turn in space.
    """

    material: Material
    seed: int = 0
    width: int = 320
    height: int = 240
    size: tuple[float, float] = (14.0, 110.0)
    parts: float = 0.35
    regions: float = 0.25
    dishes: float = 0.12
    puppets: float = 0.0
    turning: float = 0.0

    def scene(self, number: int, frames: int) -> Labelled:
        """Scene `number`.

        Raises:
            FormatError: a picture is damaged.
        """
        rng = np.random.default_rng([self.seed, 11, number])
        dish = bool(rng.random() < self.dishes)
        actors = self._dish(rng, frames) if dish else self._cast(rng, frames)
        follow = actors[0].path.centre if not dish and rng.random() < 0.5 else None
        camera = draw_camera(rng, frames, self.width, self.height, follow)
        if dish and rng.random() < 0.8:
            still = np.tile((self.width / 2, self.height / 2), (frames, 1))
            camera = Camera(still, np.ones(frames), np.zeros(frames))
        ground = draw_ground(rng, self.material, self.width, self.height, frames, dish=dish)
        patches = list[Floats]()
        if not dish and rng.random() < self.regions:
            patches = draw_regions(rng, ground[0], self.width, self.height)
        front = self._front(rng, frames) if rng.random() < 0.4 else []
        shutter = float(rng.uniform(0.2, 1.0)) if rng.random() < 0.6 else 0.0
        shadow = float(rng.uniform(0.2, 0.5)) if rng.random() < 0.3 else 0.0
        drift = rng.integers(2, 14, 2)
        return self._film(
            rng,
            camera,
            ground,
            actors + front,
            patches,
            shutter,
            shadow,
            (int(drift[0]), int(drift[1])),
        )

    def _film(
        self, rng: Random, camera: Camera, ground: list[Picture], actors: list[Actor],
        patches: list[Floats], shutter: float, shadow: float, drift: tuple[int, int],
    ) -> Labelled:  # fmt: skip
        count = len(patches) + sum(len(actor.parts) for actor in actors)
        length, shape = len(camera.zoom), (self.height, self.width)
        frames = np.empty((length, *shape, 3), np.uint8)
        boxes = np.full((length, count, 4), np.nan, np.float32)
        seen = np.zeros((length, count), np.float32)
        optics = draw_optics(rng, self.width, self.height)
        gain = np.exp(
            np.cumsum(rng.normal(0, rng.choice([0.0, 0.01, 0.04]), length)).clip(-0.7, 0.5)
        )
        for t in range(length):
            frame = show_ground(
                ground[min(t, len(ground) - 1)], camera, t, shutter, self.width, self.height
            )
            owner = np.full(shape, -1, np.int16)
            drawn = [actor.draw(t, camera, self.width, self.height, shutter) for actor in actors]
            for number, one in enumerate(drawn):
                if one is not None:
                    _paste(frame, owner, one, number, shadow, drift)
            frame = cv2.convertScaleAbs(frame, alpha=float(gain[t])) if gain[t] != 1 else frame
            frames[t] = optics.apply(frame, rng)
            for k, patch in enumerate(patches):
                boxes[t, k], seen[t, k] = measure_region(patch, camera, t, owner)
            k = len(patches)
            for number, one in enumerate(drawn):
                for part in range(len(actors[number].parts)):
                    if one is not None:
                        boxes[t, k], seen[t, k] = _measure(one, part, owner, number)
                    k += 1
        return Labelled(frames, boxes, seen)

    def _cast(self, rng: Random, frames: int) -> list[Actor]:
        """Cut-outs, all different or alike, whole or in part labelled."""
        count = int(rng.integers(1, 7))
        alike = rng.random() < 0.35
        usual = float(np.exp(rng.uniform(*np.log(self.size))))
        pace = float(np.exp(rng.normal(np.log(0.09), 0.9)).clip(0.005, 0.6))
        actors: list[Actor] = []
        original = self.material.cutout(rng)
        for n in range(count):
            size = float(
                (usual * np.exp(rng.normal(0, 0.35))).clip(self.size[0], 1.4 * self.size[1])
            )
            if rng.random() < self.puppets:
                actors.append(self._puppet(rng, size, pace, frames))
                continue
            if self.turning and rng.random() < self.turning:
                actors.append(self._turning(rng, size, pace, frames))
                continue
            cutout = original if alike else self.material.cutout(rng)
            image = prepare_cutout(rng, cutout, size)
            image = recolour(rng, image, 0.06 if alike else 0.25)
            manner: Manner = rng.choice(
                ["glide", "bounce", "dart", "rest"], p=[0.6, 0.15, 0.15, 0.1]
            )
            path = draw_path(
                rng, frames, size, self.width, self.height, pace=pace, manner=manner,
                heading=bool(rng.random() < 0.07),
            )  # fmt: skip
            whole = np.where(image[..., 3] >= solid_from(image), 255, 0).astype(np.uint8)
            part = draw_part(rng, image) if rng.random() < self.parts and size > 30 else None
            labels = [whole] if part is None else [part]
            if part is not None and rng.random() < 0.15:
                labels = [whole, part]
            if n and rng.random() < 0.15:
                labels = []  # something else that moves
            actors.append(_actor(image, labels, path, draw_bend(rng, swims=False)))
        return actors

    def _puppet(self, rng: Random, size: float, pace: float, frames: int) -> Actor:
        """A body with limbs; its box is around all of it."""
        images = draw_puppet(rng, self.material, 0.7 * size, frames)
        path = draw_path(
            rng, frames, size, self.width, self.height, pace=pace, heading=False,
            manner="bounce" if rng.random() < 0.3 else "glide",
        )  # fmt: skip
        whole = np.where(images[..., 3] >= solid_from(images[0]), 255, 0).astype(np.uint8)
        return Actor(images, whole[None], path, draw_bend(rng, swims=False))

    def _turning(self, rng: Random, size: float, pace: float, frames: int) -> Actor:
        """Seen from one side after the other; its box is around all of it, or around an end."""
        images, whole, part = draw_turning(rng, self.material, size, frames)
        path = draw_path(
            rng, frames, size, self.width, self.height, pace=pace, heading=False,
            manner="bounce" if rng.random() < 0.2 else "glide",
        )  # fmt: skip
        labels = part if rng.random() < self.parts and size > 30 else whole
        return Actor(images, labels[None], path, draw_bend(rng, swims=False))

    def _dish(self, rng: Random, frames: int) -> list[Actor]:
        """Many small animals of a kind."""
        count, size = int(rng.integers(3, 15)), float(np.exp(rng.uniform(np.log(9), np.log(45))))
        cut = self.material.cutout(rng) if rng.random() < 0.25 else None
        body = draw_creature(rng, size) if cut is None else prepare_cutout(rng, cut, size)
        pace = float(np.exp(rng.normal(np.log(0.12), 0.8)).clip(0.01, 0.6))
        swims = bool(rng.random() < 0.7)
        bend = draw_bend(rng, swims=swims)
        actors = []
        for _ in range(count):
            image = recolour(rng, body, 0.05)
            manner: Manner = rng.choice(["glide", "dart", "rest"], p=[0.45, 0.4, 0.15])
            path = draw_path(
                rng, frames, size, self.width, self.height, pace=pace, manner=manner, heading=True
            )
            whole = np.where(image[..., 3] >= solid_from(image), 255, 0).astype(np.uint8)
            actors.append(_actor(image, [whole], path, bend))
        return actors

    def _front(self, rng: Random, frames: int) -> list[Actor]:
        """Things in front of everything, not labelled; some pass, some stand."""
        actors = []
        for _ in range(int(rng.integers(1, 4))):
            size = float(rng.uniform(25, 130))
            image = recolour(rng, prepare_cutout(rng, self.material.cutout(rng), size), 0.3)
            stands = rng.random() < 0.6
            path = draw_path(
                rng, frames, size, self.width, self.height, heading=False,
                pace=float(rng.uniform(0.02, 0.2)), manner="rest" if stands else "glide",
            )  # fmt: skip
            actors.append(_actor(image, [], path, draw_bend(rng, swims=False)))
        return actors


def _actor(image: Picture, parts: list[Picture], path: Path, bend: Bend) -> Actor:
    """One that looks the same in every frame; parts are [h, w] of the picture."""
    shape = (len(parts), 1, *image.shape[:2])
    return Actor(image[None], np.array(parts, np.uint8).reshape(shape), path, bend)


def _paste(
    frame: Picture, owner: NDArray[np.int16], one: Drawn, number: int, shadow: float,
    drift: tuple[int, int],
) -> None:  # fmt: skip
    """Over what is there, with its shadow."""
    if shadow:
        area, cut = _overlap(frame, one.left + drift[0], one.top + drift[1], one.colour.shape[:2])
        if cut is not None:
            dark = 255 - one.colour[cut][..., 3:] * np.float32(shadow)
            frame[area] = (frame[area] * (dark / 255)).astype(np.uint8)
    area, cut = _overlap(frame, one.left, one.top, one.colour.shape[:2])
    if cut is None:
        return
    colour = one.colour[cut]
    left = (255 - colour[..., 3:]).astype(np.uint16)
    frame[area] = np.minimum(colour[..., :3] + (frame[area] * left + 127) // 255, 255)
    owner[area][one.solid[cut]] = number


def _overlap(
    frame: Picture, left: int, top: int, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice] | None]:
    """What of a picture of `shape` at (left, top) lies in the frame: there, and in the picture."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + shape[1], frame.shape[1]), min(top + shape[0], frame.shape[0])
    area = slice(y0, max(y1, y0)), slice(x0, max(x1, x0))
    if x1 <= x0 or y1 <= y0:
        return area, None
    return area, (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def _measure(one: Drawn, part: int, owner: NDArray[np.int16], number: int) -> tuple[Floats, float]:
    """Box and visible share of a labelled part; NaN where nothing of it is left."""
    mask = one.masks[part]
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    if not len(columns):
        return np.full(4, np.nan), 0.0
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
    box += (one.left, one.top, one.left, one.top)
    height, width = owner.shape
    frame = np.broadcast_to(np.uint8(0), (height, width, 3))
    area, cut = _overlap(frame, one.left, one.top, mask.shape)
    visible = 0 if cut is None else int((mask[cut] & (owner[area] == number)).sum())
    return box, visible / float(mask.sum())
