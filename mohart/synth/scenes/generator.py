"""Generated video: a seed in, labelled frames out.

The same seed gives the same bytes. Training draws clips from :class:`Generator` without files;
`mohart synth` writes the same sequences to disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.data.sequence import Sequence
from mohart.errors import ConfigError
from mohart.synth.scenes.camera import camera_path
from mohart.synth.scenes.compose import paste_parked
from mohart.synth.scenes.crowd import Gait, simulate_crowd
from mohart.synth.scenes.degrade import draw_optics
from mohart.synth.scenes.ground import Ground, draw_ground
from mohart.synth.scenes.photographs import Photographs
from mohart.synth.scenes.record import record
from mohart.synth.scenes.scene import Bank, Scene
from mohart.synth.scenes.sprites import Sprite
from mohart.synth.scenes.textures import fractal_noise, surface
from mohart.synth.scenes.view import Flat, Plane, Tilted

FRESH_PLACES = 6  # sequences that share a place before new ones come in
POOL = 24  # places that a sequence chooses from; sprites: eight times as many


@dataclass(frozen=True)
class Generator:
    """Draws sequences by number.

    Attributes:
        seed: every number below it is another, unrelated stream.
        width: of the frames, pixels.
        height: of the frames, pixels.
        objects: smallest and largest number of labelled objects.
        size: smallest and largest object size (square root of the box area) as a fraction of the
            frame's height.
        frame_rate: slowest and fastest, frames per second; a low rate means large steps.
        camera: probability that the camera moves.
        alike: probability that objects look alike.
        scenery: probability of scenery in front of the objects.
        leaving: probability for each object to leave the picture.
        interaction: strength of the social forces.
        speed: factor on all speeds.
        street: probability of a ground plane in perspective, for what is drawn upright.
        shutter: probability that the camera blurs what moves.
        scaling: probability for each object to grow or shrink by itself.
        turning: strength of changes in breadth, as of people who turn.
        passing: probability for each object to come in at some time, cross the picture and leave.
        solid: probability that vehicles on a ground plane have three dimensions.
        traffic: probability that all objects are vehicles with three dimensions.
        photographs: folder of pictures; most places and some surfaces are cut out of them (see
            mohart.synth.scenes.photographs), the rest stays drawn. Pictures that are added,
            renamed or changed make it another stream.
    """

    seed: int = 0
    width: int = 320
    height: int = 240
    objects: tuple[int, int] = (2, 10)
    size: tuple[float, float] = (0.07, 0.45)
    frame_rate: tuple[float, float] = (7.0, 30.0)
    camera: float = 0.6
    alike: float = 0.4
    scenery: float = 0.4
    leaving: float = 0.15
    interaction: float = 1.0
    speed: float = 1.0
    street: float = 0.5
    shutter: float = 0.4
    scaling: float = 0.4
    turning: float = 0.35
    passing: float = 0.0
    solid: float = 0.0
    traffic: float = 0.0
    photographs: str | None = None

    def __post_init__(self) -> None:
        low, high = self.objects
        if not 1 <= low <= high <= 250:
            raise ConfigError(f"objects: expected 1 <= low <= high <= 250, got {low}:{high}")
        if min(self.width, self.height) < 64:
            raise ConfigError(f"size: expected at least 64x64, got {self.width}x{self.height}")

    def bank(self) -> Bank:
        """An empty bank for this generator's scenes.

        Raises:
            MissingDataError: there is no folder `photographs`.
            ConfigError: there is no picture in it.
        """
        if self.photographs is None:
            return Bank(self.seed)
        return Bank(self.seed, photographs=Photographs(Path(self.photographs).expanduser()))

    def scene(self, number: int, frames: int, bank: Bank | None = None) -> Scene:
        """Sequence `number` as a scene that can be drawn.

        Args:
            number: >= 0.
            frames: T.
            bank: of `bank()`, kept by the caller to save time; it does not change the scene.

        Raises:
            MissingDataError: the photographs are not there.
            ConfigError: there are none.
            FormatError: one of them is damaged.
        """
        bank = bank or self.bank()
        rng = np.random.default_rng([self.seed, 0, number])
        count = int(rng.integers(self.objects[0], self.objects[1] + 1))
        sprites = self._cast(rng, bank, number, count)
        name = number // FRESH_PLACES + int(rng.integers(POOL))
        ground = None
        if sprites[0].upright and rng.random() < self.street:
            seen = np.random.default_rng([self.seed, 4, name])  # a place has one ground
            ground = draw_ground(seen, self.width, self.height)
            sprites = self._facing(rng, bank, number, sprites, ground)
        low, high = (side * self.height for side in self.size)
        middle = np.exp(rng.uniform(np.log(low), np.log(high)))
        target = np.exp(rng.normal(np.log(middle), 0.3, count)).clip(low, high)
        crowding = (target**2).sum() / (0.4 * self.width * self.height)
        target /= max(1.0, float(np.sqrt(crowding)))  # leave some of the ground uncovered
        shape = np.array([sprite.size for sprite in sprites])
        scales = target / np.sqrt(shape.prod(1))
        heights = shape[:, 1] * scales

        rate = float(np.exp(rng.uniform(*np.log(self.frame_rate))))
        camera = camera_path(rng, frames, self.height, moving=self.camera)
        lanes = sprites[0].kind == "vehicle" and rng.random() < 0.7
        body = np.minimum(heights, target) if lanes else heights
        tilted = bool(sprites[0].upright and rng.random() < 0.7)
        view = Tilted() if tilted else Flat()
        crowd = simulate_crowd(
            rng,
            camera,
            body,
            (self.width, self.height),
            frame_rate=rate / self.speed,
            view=view if ground is None else Plane(ground, float(self.height)),
            gait=Gait(
                lanes=lanes,
                leaving=0.5 if lanes else self.leaving,
                interaction=self.interaction,
                passing=self.passing,
                scaling=0.0 if ground and lanes else self.scaling,
                turning=0.0 if lanes else self.turning,
            ),
        )
        place = bank.place(name, self.width, self.height, ground)
        parked = [sprites[int(rng.integers(count))] for _ in range(int(rng.integers(0, 7)))]
        sizes = rng.choice(heights, len(parked)) * rng.uniform(0.7, 1.3, len(parked))
        light = None
        if rng.random() < 0.3:
            noise = fractal_noise(
                rng, place.shape[0] // 4, place.shape[1] // 4, slope=1.4, channels=1
            )
            hard = rng.choice([1.0, 6.0])
            field = 128 * (1 - rng.uniform(0.2, 0.6) / (1 + np.exp(-hard * noise[..., 0])))
            light = cv2.resize(field.astype(np.uint8), place.shape[1::-1])
        return Scene(
            width=self.width,
            height=self.height,
            place=paste_parked(rng, place, parked, sizes, ground).place,
            front=self._scenery(rng, bank.photographs) if rng.random() < self.scenery else None,
            parallax=float(rng.uniform(1, 1.5)),
            light=light,
            shadow=float(rng.uniform(0.2, 0.6)) if rng.random() < 0.5 else 0.0,
            camera=camera,
            crowd=replace(crowd, height=crowd.height / body),
            sprites=sprites,
            scales=scales,
            optics=draw_optics(rng, self.width, self.height),
            frame_rate=rate,
            seed=(self.seed, 3, number),
            ground=ground,
            shutter=float(rng.uniform(0.2, 0.9)) if rng.random() < self.shutter else 0.0,
        )

    def _cast(self, rng: Random, bank: Bank, number: int, count: int) -> list[Sprite]:
        """Choose who plays: one kind or a mixture, all different or alike."""
        if self.traffic > 0 and rng.random() < self.traffic:
            return self._solids(rng, bank, number, count)
        first = number * 8 // FRESH_PLACES
        names = (first + rng.integers(0, POOL * 8, count)).tolist()
        if rng.random() < 0.6:  # one kind only, as on most streets
            wanted = bank.kind(names[0])
            tries = (first + rng.integers(0, POOL * 8, 4 * count)).tolist()
            same = [names[0], *(name for name in tries if bank.kind(name) == wanted)]
            names = [same[n % len(same)] for n in range(count)]
        if rng.random() < self.alike:
            originals = [bank.sprite(name) for name in names[: int(rng.integers(1, 3))]]
            return [_tinted(rng, originals[n % len(originals)]) for n in range(count)]
        return [bank.sprite(name) for name in names]

    def _facing(
        self, rng: Random, bank: Bank, number: int, sprites: list[Sprite], ground: Ground
    ) -> list[Sprite]:
        """Vehicles on a road are seen from the end that the road shows, or from the side."""
        if sprites[0].solid is not None:
            return sprites
        if sprites[0].kind == "vehicle" and self.solid > 0 and rng.random() < self.solid:
            return self._solids(rng, bank, number, len(sprites))
        views = ("front", "raised") if abs(ground.heading) < 0.6 else ("side",)
        if sprites[0].kind != "vehicle" or sprites[0].view in views:
            return sprites
        first = number * 8 // FRESH_PLACES
        names = (first + rng.integers(0, POOL * 8, 4 * len(sprites))).tolist()
        cars = (bank.sprite(name) for name in names if bank.kind(name) == "vehicle")
        fitting = list(islice((car for car in cars if car.view in views), len(sprites)))
        return [fitting[n % len(fitting)] for n in range(len(sprites))] if fitting else sprites

    def _solids(self, rng: Random, bank: Bank, number: int, count: int) -> list[Sprite]:
        first = number * 8 // FRESH_PLACES
        kinds = int(rng.integers(1, 3)) if rng.random() < self.alike else count
        cars = [bank.solid(first + int(name)) for name in rng.integers(0, POOL * 8, kinds)]
        return [cars[n % kinds] for n in range(count)]

    def _scenery(self, rng: Random, photographs: Photographs | None) -> NDArray[np.uint8]:
        """Poles, trunks, walls and bushes in front: [1.6 H, 1.6 W, 4] uint8 BGRA."""
        height, width = int(self.height * 1.6), int(self.width * 1.6)
        mask = np.zeros((height, width), np.uint8)
        for _ in range(int(rng.integers(1, 5))):
            x, y = int(rng.integers(width)), int(rng.integers(height))
            kind = rng.integers(3)
            if kind == 0:
                half = int(rng.integers(2, self.height // 12))
                cv2.rectangle(mask, (x - half, 0), (x + half, height), 255, -1)
            elif kind == 1:
                size = rng.integers(8, self.height // 3, 2)
                cv2.rectangle(mask, (x, y), (x + int(size[0]), y + int(size[1])), 255, -1)
            else:
                for centre in rng.normal((x, y), self.height / 14, (20, 2)).astype(int):
                    axes = (int(rng.integers(3, 14)), int(rng.integers(3, 9)))
                    turn = float(rng.uniform(0, 180))
                    cv2.ellipse(mask, centre.tolist(), axes, turn, 0, 360, 255, -1, cv2.LINE_AA)
        drawn = surface(rng, height, width, photographs=photographs)
        return np.dstack([drawn.astype(np.uint8), mask])

    def sequence(self, number: int, frames: int, name: str | None = None) -> Sequence:
        """Sequence `number` as the one data set interface; frames are drawn when they are read."""
        return record(self.scene(number, frames), name or f"synth-{number:04d}")


def _tinted(rng: Random, sprite: Sprite) -> Sprite:
    """Almost the same object: another shade."""
    factor = np.exp(rng.normal(0, 0.06, 3))
    images = sprite.images.copy()
    images[..., :3] = np.clip(images[..., :3] * factor, 0, 255).astype(np.uint8)
    return replace(sprite, images=images)
