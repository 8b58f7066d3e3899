"""Looks of tracks, drawn once: what the tracker sees of the same objects in frames far apart.

A look is the network's first look at a box (template cells of the encoder) and the colours under
it: what the tracker has of every object and detection anyway. Boxes are shaken as detectors do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from identities.rival import Rival
from mohart.aliases import Random
from mohart.boxes import clip_to_frame
from mohart.errors import MissingDataError
from mohart.synth.collage.material import Material
from mohart.synth.collage.scene import Collage
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.record import inside_frame
from mohart.synth.scenes.scene import Labelled
from mohart.tracking.learned.engine import Engine
from mohart.tracking.learned.picture import Picture

FRAMES, LOOKS = 240, 12  # of a generated scene, and how many of them are looked at
COLLAGE_FRAMES, COLLAGE_EVERY = 60, 5
CHUNK = 10  # scenes in a file
SEEN = 0.4  # visibility from which there is something to see
SMALLEST = 12.0  # pixels; square root of the part inside
CROP = 32  # pixels of a picture of a look
SEEDS = {"train": 31, "validation": 1_000_331, "test": 2_000_331}


@dataclass(frozen=True)
class Looks:
    """L looks.

    Attributes:
        cells: [L, C, k, k] float16 the encoder's features under the box.
        colours: [L, D] float16, see mohart.tracking.learned.looks.
        pictures: [L, CROP, CROP, 3] uint8 BGR.
        scene: [L] int32.
        track: [L] int32, of the scene.
        time: [L] int32 frame.
        seen: [L] float32 visibility.
        size: [L] float32 pixels.
        rival: [L, F] float16 of a re-identification network; F is 0 where it was not asked.
    """

    cells: NDArray[np.float16]
    colours: NDArray[np.float16]
    pictures: NDArray[np.uint8]
    scene: NDArray[np.int32]
    track: NDArray[np.int32]
    time: NDArray[np.int32]
    seen: NDArray[np.float32]
    size: NDArray[np.float32]
    rival: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.scene)

    def select(self, rows: NDArray[np.generic]) -> Looks:
        """Some of them."""
        return Looks(*(getattr(self, one.name)[rows] for one in fields(self)))


def join(parts: list[Looks]) -> Looks:
    """All of them in one."""
    return Looks(*(np.concatenate([getattr(p, one.name) for p in parts]) for one in fields(Looks)))


def generators(part: str) -> dict[str, Generator]:
    """What is drawn, by name; `part` is a key of SEEDS."""
    base = Generator(
        seed=SEEDS[part], width=480, height=360, size=(0.1, 0.35), scaling=0.3, passing=0.4
    )
    if part == "train":
        mixed = replace(base, objects=(6, 12), alike=0.25, street=0.6, traffic=0.15, solid=0.7)
        return {"mixed": mixed}
    roads = replace(base, seed=base.seed + 1, objects=(8, 14), alike=0.0, street=1.0, traffic=1.0)
    alike = replace(base, seed=base.seed + 2, objects=(6, 12), alike=1.0, street=0.6)
    people = replace(base, objects=(8, 14), alike=0.0, street=0.8)
    return {"people": people, "vehicles": roads, "look-alikes": alike}


def wanted(kind: str, sprites: list[str]) -> bool:
    """Whether a scene with sprites of these kinds belongs to what is drawn."""
    return kind != "people" or sprites.count("walker") >= 5


def scenes(generator: Generator, kind: str, count: int, first: int) -> Iterator[list[Labelled]]:
    """`count` scenes of a kind, a few frames of each; `first` is the number to begin with."""
    bank, number, done = generator.bank(), first, 0
    while done < count:
        scene = generator.scene(number, FRAMES, bank)
        number += 1
        kinds = [sprite.kind for sprite in scene.sprites]
        if not wanted(kind, kinds):
            continue
        done += 1
        rng = np.random.default_rng([generator.seed, 77, number])
        times = np.sort(rng.choice(FRAMES, LOOKS, replace=False)).tolist()
        keep = [n for n, k in enumerate(kinds) if kind != "people" or k == "walker"]
        yield [
            Labelled(item.frame, item.boxes[keep], item.visibility[keep])
            for item in scene.frames(times)
        ]


def collages(material: Path, seed: int, count: int, first: int) -> Iterator[list[Labelled]]:
    """`count` collages of real pictures, a few frames of each."""
    collage = Collage(
        Material(material), seed, puppets=0.25, dishes=0.06, parts=0.2, size=(20, 110)
    )
    for number in range(first, first + count):
        drawn = collage.scene(number, COLLAGE_FRAMES)
        yield [
            Labelled(drawn.frames[t], drawn.boxes[t].astype(float), drawn.visibility[t])
            for t in range(0, COLLAGE_FRAMES, COLLAGE_EVERY)
        ]


def look(
    frames: list[Labelled],
    engine: Engine,
    rng: Random,
    scene: int,
    *,
    light: float,
    rival: Rival | None = None,
) -> Looks | None:
    """All looks at the objects of a scene; None where nobody can be seen.

    Args:
        frames: of the scene.
        engine: of the tracker.
        rng: shakes boxes, and the light.
        scene: its number.
        light: standard deviation of the log of the exposure, from frame to frame.
        rival: is shown the same boxes.
    """
    found = []
    for t, (frame, boxes, seen) in enumerate(frames):
        height, width = frame.shape[:2]
        clear = np.flatnonzero((seen >= SEEN) & np.isfinite(boxes).all(1))
        clear = clear[inside_frame(boxes[clear], width, height)]
        clear, shaken = shake(boxes[clear], clear, rng, width, height)
        if not len(clear):
            continue
        gain = np.exp(rng.normal(0, light) + rng.normal(0, light / 4, 3))
        lit = np.clip(frame * gain, 0, 255).astype(np.uint8) if light else frame
        picture = Picture(lit)
        state = engine.start(picture, shaken[None])
        cells = state.memories[0][0, :, 0].astype(np.float16)
        crops = np.stack([crop(lit, box) for box in shaken])
        side = np.sqrt((shaken[:, 2:] - shaken[:, :2]).prod(1))
        numbers = np.full(len(clear), scene, np.int32), clear.astype(np.int32)
        when = np.full(len(clear), t, np.int32)
        colours = picture.looks(shaken).astype(np.float16)
        sight = seen[clear].astype(np.float32)
        other = np.zeros((len(clear), 0)) if rival is None else rival.describe(lit, shaken)
        kept = other.astype(np.float16)
        found.append(Looks(cells, colours, crops, *numbers, when, sight, side, kept))
    return join(found) if found else None


def shake(
    boxes: NDArray[np.float64], rows: NDArray[np.int64], rng: Random, width: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Boxes as a detector gives them, the part inside; without those that are too small."""
    side = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = boxes + side * np.tile(rng.normal(0, 0.04, (len(boxes), 2)), 2)
    moved += side * rng.normal(0, 0.03, boxes.shape)
    moved = clip_to_frame(moved, width, height)
    sides = np.maximum(moved[:, 2:] - moved[:, :2], 0)
    good = (np.sqrt(sides.prod(1)) >= SMALLEST) & (sides.min(1, initial=1e9) >= SMALLEST / 2)
    return rows[good], moved[good].astype(np.float32)


def crop(frame: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[CROP, CROP, 3] of what lies in a box that is inside the frame."""
    x1, y1 = np.floor(box[:2]).astype(int)
    x2, y2 = np.ceil(box[2:]).astype(int)
    return np.asarray(
        cv2.resize(frame[y1:y2, x1:x2], (CROP, CROP), interpolation=cv2.INTER_AREA), np.uint8
    )


def draw(
    part: str,
    kind: str,
    count: int,
    engine: Engine,
    folder: Path,
    material: Path | None = None,
    rival: Rival | None = None,
) -> Iterator[int]:
    """Draw what is not there yet, in files of CHUNK scenes; says after each how many are done.

    Args:
        part: of SEEDS.
        kind: of `generators`, or `collage`.
        count: scenes.
        engine: of the tracker.
        folder: files go there.
        material: of collages.
        rival: looks at everybody, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, CHUNK):
        path = folder / f"{part}-{kind}-{start:05d}.npz"
        if not path.is_file():
            if kind == "collage":
                assert material is not None  # noqa: S101  # the command line asks for it
                drawn = collages(material, SEEDS[part], CHUNK, start)
            else:
                drawn = scenes(generators(part)[kind], kind, CHUNK, start * 10)
            rng = np.random.default_rng([SEEDS[part], start])
            light = 0.15 if part == "train" else 0.05
            looks = [
                look(frames, engine, rng, start + n, light=light, rival=rival)
                for n, frames in enumerate(drawn)
            ]
            some = join([one for one in looks if one is not None])
            fresh = path.with_suffix(".part")
            with fresh.open("wb") as file:
                np.savez(file, **{one.name: getattr(some, one.name) for one in fields(some)})
            fresh.replace(path)
        yield start + CHUNK


def read(folder: Path, part: str, kinds: list[str]) -> Looks:
    """What was drawn; scenes of several kinds have numbers apart."""
    parts, shift = [], 0
    for kind in kinds:
        high = 0
        for path in sorted(folder.glob(f"{part}-{kind}-*.npz")):
            with np.load(path) as file:
                columns = {name: file[name] for name in file.files}
                columns.setdefault("rival", np.zeros((len(columns["scene"]), 0), np.float16))
                one = Looks(**columns)
            high = max(high, int(one.scene.max(initial=0)) + 1)
            parts.append(Looks(**{**vars(one), "scene": one.scene + np.int32(shift)}))
        shift += high
    if not parts:
        raise MissingDataError(
            f"{folder}: no looks of {part} {' or '.join(kinds)}; draw them first"
        )
    return join(parts)
