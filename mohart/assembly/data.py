"""Settings -> clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from typing_extensions import assert_never

from mohart.config import worlds
from mohart.config.schema import CollageConfig, Config, DataConfig
from mohart.data.clips import ClipSource, ClipStream, RecordedClips, batches, joined
from mohart.data.layout import read_folder
from mohart.data.splits import split_sequences
from mohart.errors import ConfigError
from mohart.structures import Clip
from mohart.synth.collage.clips import CollageClips
from mohart.synth.collage.material import Material
from mohart.synth.collage.scene import Collage
from mohart.synth.scenes.clips import GeneratedClips
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.strata import STARTED_FROM, STRATA
from mohart.synth.worlds.bend import Bend
from mohart.synth.worlds.camera import Camera
from mohart.synth.worlds.clips import WorldClips
from mohart.synth.worlds.collide import Collide
from mohart.synth.worlds.crowd import Crowd
from mohart.synth.worlds.forces import Forces
from mohart.synth.worlds.free import Free
from mohart.synth.worlds.recorded import Part, RecordedCrowd
from mohart.synth.worlds.world import World
from mohart.training.optim import Curriculum

VALIDATION_SEED = 1_000_003  # far from every training seed: generated streams never meet
STRATA_FRAMES = 60  # of the strata that models are compared on
SHARED_BYTES = 400_000_000  # of sequences that wait for the next training of this process
_sharing = False
TEST_SEED = 2_000_003  # for numbers to be reported: not touched by training or validation


def build_generator(cfg: Config, seed: int) -> Generator:
    """The generator of the training clips."""
    return Generator(seed=seed, **asdict(cfg.data.generator))


def build_world(cfg: worlds.WorldConfig, part: Part) -> World:
    """A toy world; `part` says which is used of the worlds that have parts."""
    values = {name: value for name, value in vars(cfg).items() if name != "kind"}
    match cfg:
        case worlds.FreeConfig():
            return Free(**values)
        case worlds.CollideConfig():
            return Collide(**values)
        case worlds.ForcesConfig():
            return Forces(**values)
        case worlds.CameraConfig():
            return Camera(**values)
        case worlds.BendConfig():
            bias = values.pop("bias_test")
            return Bend(**{**values, "bias": bias if part == "test" else cfg.bias})
        case worlds.CrowdConfig():
            return Crowd(**values)
        case worlds.RecordedConfig():
            return RecordedCrowd(**{**values, "folder": Path(cfg.folder)}, part=part)
    assert_never(cfg)


def share_sequences() -> None:
    """From now on trainings of this process that ask for the same sequences draw them once.

    Sequences depend on their seed and number alone, so nothing else changes.
    """
    global _sharing
    _sharing = True


def build_generated(
    cfg: Config, seed: int, part: Part, *, keep: int, facts: bool = False
) -> ClipSource:
    """What `data.generated` is the weight of; `keep` sequences stay in memory.

    With `facts`, or where the loss has stethoscopes, clips tell what these ask for.
    """
    facts = facts or cfg.loss.stethoscopes != ()
    if not _sharing:
        return _build_generated(cfg.data, seed, part, keep, facts)
    video = cfg.data.world or cfg.data.generator
    most = SHARED_BYTES // (3 * video.width * video.height * cfg.data.span)
    return _shared(cfg.data, seed, part, max(keep, most), facts)


def _build_generated(data: DataConfig, seed: int, part: Part, keep: int, facts: bool) -> ClipSource:
    if data.world is None:
        generator = Generator(seed=seed, **asdict(data.generator))
        return GeneratedClips(generator, data.span, data.objects, keep, data.edges, facts)
    return WorldClips(build_world(data.world, part), seed, data.objects, keep, facts)


_shared = lru_cache(maxsize=3)(_build_generated)  # to train on, to validate on, to test on


def build_collage(cfg: CollageConfig, seed: int, width: int, height: int) -> Collage:
    """Cut-outs over photographs and video."""
    return Collage(
        Material(Path(cfg.folder).expanduser(), cfg.exclude),
        seed,
        width,
        height,
        cfg.size,
        cfg.parts,
        cfg.regions,
        cfg.dishes,
        cfg.puppets,
        cfg.turning,
    )


def build_sources(cfg: Config, *, held_out: bool) -> list[tuple[ClipSource, float]]:
    """Generated video or a world, and folders, with weights; `held_out`: the validation parts."""
    data, sources = cfg.data, list[tuple[ClipSource, float]]()
    if data.generated > 0:
        seed = VALIDATION_SEED + cfg.train.seed if held_out else cfg.train.seed
        keep = 1 if held_out else _kept(cfg)
        time: Part = "validation" if held_out else "training"
        sources.append((build_generated(cfg, seed, time, keep=keep), data.generated))
    if data.collage is not None:
        seed = VALIDATION_SEED + cfg.train.seed if held_out else cfg.train.seed
        keep = 1 if held_out else _kept(cfg)
        collage = build_collage(data.collage, seed, data.generator.width, data.generator.height)
        source = CollageClips(collage, data.span, data.objects, keep)
        sources.append((source, data.collage.weight))
    for folder in data.folders:
        sequences = read_folder(Path(folder.path), detector=folder.detector)
        train, validation = split_sequences(
            sequences, validation=folder.validation, seed=cfg.train.seed, protocol=folder.protocol
        )
        part = validation if held_out else train
        if part:
            video = data.world or data.generator
            size = video.width, video.height
            sources.append((RecordedClips(part, *size, data.objects), folder.weight))
    return sources


def _kept(cfg: Config) -> int:
    """Sequences that stay in memory while batches cut clips from them."""
    return max(12, 12 * cfg.train.batch // cfg.data.pieces)


def build_batches(
    cfg: Config,
    first: int,
    part: tuple[int, int] = (0, 1),
    device: torch.device = torch.device("cpu"),  # noqa: B008 (devices do not change)
) -> Iterator[Clip]:
    """Training batches from number `first` on, or a part of each, see `ClipStream`."""
    train = cfg.train
    stream = ClipStream(
        build_sources(cfg, held_out=False),
        seed=train.seed,
        batch=train.batch,
        lengths=Curriculum(train.lengths, train.steps),
        first=first,
        reuse=cfg.data.reuse,
        part=part,
        pieces=cfg.data.pieces,
    )
    return joined(batches(stream, workers=train.workers), cfg.data.pieces, device)


def build_validation(cfg: Config) -> list[Clip]:
    """The held-out clips, the same for every run with this seed; they stay in memory."""
    train = cfg.train
    stream = ClipStream(
        build_sources(cfg, held_out=True),
        seed=VALIDATION_SEED + train.seed,
        batch=8,
        lengths=Curriculum(((0.0, train.validation_length),), 1),
    )
    return [stream.make(k) for k in range(max(1, train.validation_clips // 8))]


def build_test(cfg: Config, sequences: int, length: int) -> list[Clip]:
    """Held-out generated clips for numbers to be reported, whatever `train.seed` is.

    Folders take no part: which of their sequences are held out depends on the training seed.

    Args:
        cfg: says what is generated.
        sequences: number of clips, each of its own sequence; fewer are the beginning of more.
        length: frames of each.

    Returns:
        Batches of at most 8 clips.

    Raises:
        ConfigError: the configuration generates nothing.
    """
    if cfg.data.generated == 0:
        raise ConfigError(
            "data.generated is 0: there is nothing to test on; set data.world, or data.generated"
        )
    return list(stream_test(cfg, sequences, length))


def stream_test(
    cfg: Config, sequences: int, length: int, *, seed: int = TEST_SEED, facts: bool = False
) -> Iterator[Clip]:
    """`build_test`, one batch at a time, perhaps of another seed or with facts."""
    stream = ClipStream(
        [(build_generated(cfg, seed, "test", keep=1, facts=facts), 1.0)],
        seed=seed,
        batch=8,
        lengths=Curriculum(((0.0, length),), 1),
    )
    for k in range(-(-sequences // 8)):
        left = sequences - 8 * k
        yield stream.make(k).map(lambda x, left=left: x[:left])  # type: ignore[misc]


def build_strata(sequences: int) -> tuple[list[Clip], list[str]]:
    """The scoreboard's generated test sequences as clips, whatever was trained on.

    Args:
        sequences: of every stratum that has 60 frames.

    Returns:
        Batches of one clip, with as many objects as start in view, and the name of every clip's
        stratum.
    """
    clips, names = [], []
    for stratum in (one for one in STRATA if one.frames == STRATA_FRAMES):
        bank = stratum.generator.bank()
        for number in range(sequences):
            drawn = stratum.draw(number, bank)
            starts = drawn.visibility[0] > STARTED_FROM
            columns = (
                np.stack(drawn.frames),
                drawn.boxes[:, starts].astype(np.float32),
                drawn.visibility[:, starts].astype(np.float32),
                drawn.visibility[:, starts] > 0,
            )
            clips.append(Clip(*(torch.from_numpy(column)[None] for column in columns)))
            names.append(stratum.name)
    return clips, names
