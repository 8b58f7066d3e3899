"""Settings -> clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from mohart.config.schema import Config
from mohart.data.clips import ClipSource, ClipStream, GeneratedClips, RecordedClips, batches
from mohart.data.layout import read_folder
from mohart.data.splits import split_sequences
from mohart.data.synthetic.generator import Generator
from mohart.structures import Clip
from mohart.training.curriculum import Curriculum

VALIDATION_SEED = 1_000_003  # far from every training seed: generated streams never meet


def build_generator(cfg: Config, seed: int) -> Generator:
    """The generator of the training clips."""
    return Generator(seed=seed, **asdict(cfg.data.generator))


def build_sources(cfg: Config, *, held_out: bool) -> list[tuple[ClipSource, float]]:
    """Generated video and folders with their weights; `held_out` gives the validation parts."""
    data, sources = cfg.data, list[tuple[ClipSource, float]]()
    if data.generated > 0:
        seed = VALIDATION_SEED + cfg.train.seed if held_out else cfg.train.seed
        keep = 1 if held_out else 12 * cfg.train.batch
        generated = GeneratedClips(build_generator(cfg, seed), data.span, data.objects, keep)
        sources.append((generated, data.generated))
    for folder in data.folders:
        sequences = read_folder(Path(folder.path), detector=folder.detector)
        train, validation = split_sequences(
            sequences, validation=folder.validation, seed=cfg.train.seed, protocol=folder.protocol
        )
        part = validation if held_out else train
        if part:
            size = data.generator.width, data.generator.height
            sources.append((RecordedClips(part, *size, data.objects), folder.weight))
    return sources


def build_batches(cfg: Config, first: int) -> Iterator[Clip]:
    """Training batches from number `first` on."""
    train = cfg.train
    stream = ClipStream(
        build_sources(cfg, held_out=False), seed=train.seed, batch=train.batch,
        lengths=Curriculum(train.lengths, train.steps), first=first, reuse=cfg.data.reuse,
    )  # fmt: skip
    return batches(stream, workers=train.workers)


def build_validation(cfg: Config) -> list[Clip]:
    """The held-out clips, the same for every run with this seed; they stay in memory."""
    train = cfg.train
    stream = ClipStream(
        build_sources(cfg, held_out=True), seed=VALIDATION_SEED + train.seed, batch=8,
        lengths=Curriculum(((0.0, train.validation_length),), 1),
    )  # fmt: skip
    return [stream.make(k) for k in range(max(1, train.validation_clips // 8))]
