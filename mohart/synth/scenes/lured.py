"""Generated sequences with a detector that is fooled by the same places again and again.

What a crowd in a real street shows and plain clutter does not: still figures and things that a
detector reports in streaks with low scores, at the edge of the picture too, people who come in and
leave there, and detections that flicker. People and vehicles take turns, and detectors of three
qualities. Groups as in mohart.synth.scenes.online, with streams of their own.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Random
from mohart.boxes import clip_to_frame
from mohart.data.sequence import Sequence
from mohart.synth.detections.lures import LURE_PRESETS, Lures
from mohart.synth.detections.noise import PRESETS, noisy_detections
from mohart.synth.scenes.compose import paste_parked
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.online import PRESETS_USED, DetectedSequence, Group
from mohart.synth.scenes.record import record
from mohart.synth.scenes.scene import Scene

SEEDS: dict[Group, int] = {"validation": 1_000_211, "test": 2_000_211}
FRAMES = 200
KINDS = ("walker", "vehicle")
FLICKER = 0.15  # of the detections of objects, see DetectorNoise
FIGURES, PLACES, EDGES = (3, 7), (1, 4), (1, 3)  # lures of each sort, fewest and most
WITHIN = 0.5  # share of a lure inside the frame from which it can be reported
APART = 40  # numbers of the generator between two sequences: the first of the wanted kind is taken


def lured_generator(group: Group, kind: str) -> Generator:
    """Where the sequences of a group and kind come from."""
    return Generator(
        seed=SEEDS[group] + KINDS.index(kind),
        width=400,
        height=300,
        objects=(9, 16),
        size=(0.12, 0.3),
        frame_rate=(15.0, 30.0),
        camera=0.15,
        alike=0.25,
        scenery=0.3,
        leaving=0.4,
        scaling=0.1,
        passing=0.6,
        street=1.0,
        traffic=float(kind == "vehicle"),
    )


def lured_sequence(number: int, group: Group, frames: int = FRAMES) -> DetectedSequence:
    """Sequence `number` of a group, from 0; the same always.

    Six in a row are people with a strong, a fair and a weak detector, then vehicles with them.

    Args:
        number: >= 0.
        group: `validation` or `test`.
        frames: T.
    """
    preset = PRESETS_USED[number % len(PRESETS_USED)]
    kind = KINDS[number // len(PRESETS_USED) % len(KINDS)]
    rng = np.random.default_rng([SEEDS[group], 5, number, zlib.crc32(preset.encode())])
    generator = lured_generator(group, kind)
    scene, parked = _with_figures(rng, _scene(generator, number, kind, frames))
    sequence = _cut_at_edge(record(scene, f"lures-{group}-{number:04d}"))
    lures = np.concatenate([parked, _places(rng, scene)])
    detections = noisy_detections(
        sequence.tracks,
        scene.width,
        scene.height,
        rng,
        replace(PRESETS[preset], flicker=FLICKER),
        length=frames,
        lures=Lures(rng, _seen(scene, lures), LURE_PRESETS[preset]),
    )
    return DetectedSequence(sequence, detections, preset)


def _scene(generator: Generator, number: int, kind: str, frames: int) -> Scene:
    """The first scene from a number on with such objects on the ground."""
    bank = generator.bank()
    for candidate in range(number * APART, (number + 1) * APART):
        scene = generator.scene(candidate, 1, bank)
        if scene.sprites[0].kind == kind and scene.ground is not None:
            return generator.scene(candidate, frames, bank)
    raise AssertionError(f"{APART} scenes without a {kind}")


def _with_figures(rng: Random, scene: Scene) -> tuple[Scene, NDArray[np.float64]]:
    """More still figures in the background; and their boxes [K, 4] in the world."""
    count = int(rng.integers(FIGURES[0], FIGURES[1] + 1))
    chosen = [scene.sprites[int(rng.integers(len(scene.sprites)))] for _ in range(count)]
    tall = np.array([sprite.size[1] for sprite in scene.sprites]) * scene.scales
    heights = rng.choice(tall, count) * rng.uniform(0.8, 1.3, count)
    parked = paste_parked(rng, scene.place, chosen, heights, scene.ground)
    return replace(scene, place=parked.place), parked.boxes


def _places(rng: Random, scene: Scene) -> NDArray[np.float64]:
    """[K, 4] in the world: places of nothing in particular, and at the edge of the first frame."""
    half = np.array([scene.width, scene.height]) / 2
    places, edges = (int(rng.integers(low, high + 1)) for low, high in (PLACES, EDGES))
    sizes = np.array([sprite.size for sprite in scene.sprites]) * scene.scales[:, None]
    size = sizes[rng.integers(0, len(sizes), places + edges)] * rng.uniform(0.7, 1.2)
    centre = rng.uniform(-0.9, 0.9, (places + edges, 2)) * half
    side = np.sign(rng.normal(0, 1, edges))
    centre[places:, 0] = side * (half[0] - 0.2 * size[places:, 0])
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def _seen(scene: Scene, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """[T, K, 4] xyxy pixels of boxes [K, 4] in the world; without area where too far outside."""
    corners = boxes[:, [0, 1, 2, 1, 0, 3, 2, 3]].reshape(-1, 4, 2)
    found = np.zeros((len(scene), len(boxes), 4))
    for t in range(len(scene)):
        view = scene.camera.matrix(t, scene.width, scene.height)
        there = corners @ view[:, :2].T + view[:, 2]
        whole = np.concatenate([there.min(1), there.max(1)], 1)
        inside = np.asarray(clip_to_frame(whole, scene.width, scene.height))
        share = (inside[:, 2:] - inside[:, :2]).clip(0).prod(1)
        enough = share >= WITHIN * np.maximum((whole[:, 2:] - whole[:, :2]).prod(1), 1e-9)
        found[t, enough] = inside[enough]
    return found


def _cut_at_edge(sequence: Sequence) -> Sequence:
    """With labels that end at the frame's edge, as in real video."""
    tracks = sequence.tracks
    boxes = np.asarray(clip_to_frame(tracks.boxes, sequence.width, sequence.height))
    return replace(sequence, tracks=replace(tracks, boxes=boxes))
