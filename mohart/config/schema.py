"""Every setting with its default, unit and source; those of the model are the shipped model's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mohart.config.rules import require
from mohart.config.slots import ModelConfig
from mohart.config.worlds import WorldConfig


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Generated video (docs of mohart.synth.scenes.generator.Generator)."""

    width: int = 320
    height: int = 240
    objects: tuple[int, int] = (2, 10)
    size: tuple[float, float] = (0.07, 0.45)  # of the frame's height
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
    photographs: str | None = None  # folder of pictures to cut places and surfaces out of


@dataclass(frozen=True, kw_only=True)
class FolderConfig:
    """A MOTChallenge or KITTI folder to train on."""

    path: str
    weight: float = 1.0  # share of the clips, relative to `generated` and the other folders
    validation: float = 0.0  # share of the sequences held out
    protocol: Literal["sequence", "hart"] = "sequence"  # hart: splits in time, 80/20
    detector: str = "FRCNN"  # which of MOT17's three copies of a video

    def __post_init__(self) -> None:
        require(
            (self.weight >= 0, "weight: expected at least 0"),
            (0 <= self.validation < 1, "validation: expected 0 to 1, without 1"),
        )


@dataclass(frozen=True, kw_only=True)
class CollageConfig:
    """Docs of mohart.synth.collage.scene.Collage."""

    folder: str  # holds cutouts/, photos/, perhaps videos/, models3d/
    weight: float = 1.0  # share of the clips, relative to the other weights
    exclude: tuple[str, ...] = ()  # beginnings of file names that are left out
    size: tuple[float, float] = (14.0, 110.0)
    parts: float = 0.35
    regions: float = 0.25
    dishes: float = 0.12
    puppets: float = 0.0
    turning: float = 0.0

    def __post_init__(self) -> None:
        require(
            (self.weight > 0, "weight: expected more than 0"),
            (7 <= self.size[0] <= self.size[1], "size: expected 7 <= low <= high pixels"),
            (0 <= self.parts <= 1, "parts: expected 0 to 1"),
            (0 <= self.regions <= 1, "regions: expected 0 to 1"),
            (0 <= self.dishes <= 1, "dishes: expected 0 to 1"),
            (0 <= self.puppets <= 1, "puppets: expected 0 to 1"),
            (0 <= self.turning <= 1, "turning: expected 0 to 1"),
        )


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What clips are made of."""

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    world: WorldConfig | None = None  # a toy world in the place of the generator
    generated: float = 1.0  # weight of generated video; 0 for folders alone
    folders: tuple[FolderConfig, ...] = ()
    collage: CollageConfig | None = None  # cut-outs over photographs and video
    objects: int = 4  # of a clip at most
    span: int = 40  # frames of a generated sequence, from which clips are cut
    reuse: int = 3  # batches that cut their clips from the same generated sequences
    pieces: int = 1  # of a batch, with sequences of their own: a multiple of train.workers
    edges: float = 0.0  # share of generated clips that begin where an object crosses the edge
    sight: Literal["pixels", "boxes"] = "pixels"  # boxes: shown frames tell the true boxes instead

    def __post_init__(self) -> None:
        total = self.generated + sum(f.weight for f in self.folders)
        total += self.collage.weight if self.collage else 0
        require(
            (self.generated >= 0, "generated: expected at least 0"),
            (total > 0, "all weights are 0; set data.generated, data.collage or name data.folders"),
            (self.objects >= 1, "objects: expected at least 1"),
            (self.span >= 2, "span: expected at least 2 frames"),
            (self.reuse >= 1, "reuse: expected at least 1"),
            (self.pieces >= 1, "pieces: expected at least 1"),
            (0 <= self.edges <= 1, "edges: expected 0 to 1"),
        )


@dataclass(frozen=True, kw_only=True)
class StethoscopeConfig:
    """Docs of mohart.model.stethoscopes.Placed."""

    layer: Literal["glimpse", "encoder", "appearance", "relation", "memory"]
    label: str  # a fact: docs/research/probe.md has them all
    weight: float = 0.0  # lambda; > 0 auxiliary, < 0 adversarial, 0 only listens
    begin: float = 0.0  # share of the training from which lambda grows
    full: float = 0.0  # share of the training from which it has its value
    hidden: int = 64  # units

    def __post_init__(self) -> None:
        require(
            (0 <= self.begin <= 1, "begin: expected 0 to 1"),
            (0 <= self.full <= 1, "full: expected 0 to 1"),
            (self.full == 0 or self.full >= self.begin, "full: expected at least `begin`"),
            (self.hidden >= 1, "hidden: expected at least 1"),
        )


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Docs of mohart.model.objective.Objective."""

    weights: dict[str, float] = field(
        default_factory=lambda: {"box": 1.0, "window": 0.3, "score": 0.3, "visibility": 0.2}
    )
    learned: bool = False
    hidden_weight: float = 0.25
    blackout: float = 0.02
    forecast: int = 0  # last frames of every training clip that are not shown
    restart: float = 0.2
    restart_chance: float = 1.0
    jitter: tuple[float, float] = (0.03, 0.05)
    cut: float = 0.0  # share of training's start boxes that end at the frame's edge
    stethoscopes: tuple[StethoscopeConfig, ...] = ()  # read layers while training

    def __post_init__(self) -> None:
        require(
            (bool(self.weights), "weights: expected at least one term"),
            (self.hidden_weight >= 0, "hidden_weight: expected at least 0"),
            (0 <= self.blackout < 1, "blackout: expected 0 to 1, without 1"),
            (self.forecast >= 0, "forecast: expected at least 0 frames"),
            (0 <= self.restart <= 1, "restart: expected 0 to 1"),
            (0 <= self.restart_chance <= 1, "restart_chance: expected 0 to 1"),
            (min(self.jitter) >= 0, "jitter: expected at least 0"),
            (0 <= self.cut <= 1, "cut: expected 0 to 1"),
        )


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """Optimiser and its schedule."""

    kind: Literal["adamw", "rmsprop"] = "adamw"
    rate: float = 1.0e-3  # HART: 3.3e-6 with RMSProp
    warmup: int = 100  # steps
    final: float = 0.02  # the last learning rate relative to `rate`; 1 keeps it constant
    weight_decay: float = 1.0e-4
    momentum: float = 0.9  # rmsprop only; HART: 0.9
    clip: float = 1.0  # of the gradient
    clip_kind: Literal["norm", "rms"] = "norm"  # HART: rms per element, 0.3
    ema: float = 0.998  # of the weights that are validated and shipped; 0 turns it off

    def __post_init__(self) -> None:
        require(
            (self.rate > 0, "rate: expected more than 0"),
            (self.warmup >= 0, "warmup: expected at least 0 steps"),
            (0 <= self.final <= 1, "final: expected 0 to 1"),
            (self.weight_decay >= 0, "weight_decay: expected at least 0"),
            (0 <= self.momentum < 1, "momentum: expected 0 to 1, without 1"),
            (0 <= self.ema < 1, "ema: expected 0 to 1, without 1"),
        )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long, how, how often."""

    seed: int = 0
    steps: int = 6000  # batches
    batch: int = 8  # clips
    lengths: tuple[tuple[float, int], ...] = ((0.0, 4), (0.08, 6), (0.25, 9), (0.5, 17), (0.75, 25))
    chunk: int = 8  # frames of one piece of back-propagation; longer clips carry the state on
    optim: OptimConfig = field(default_factory=OptimConfig)
    workers: int = 1  # processes that make clips
    threads: int = 0  # of torch; 0: the cores that the workers leave
    validate_every: int = 250  # steps
    validation_clips: int = 24
    validation_length: int = 32  # frames
    checkpoint_seconds: float = 120.0
    calibration: int = 4  # sequences of every stratum, in the end; toy worlds: none
    start_from: str | None = None  # weights to begin with: a file, or `default` or `fast`
    fresh: tuple[str, ...] = ()  # beginnings of parameter names that `start_from` does not give
    only: tuple[str, ...] = ()  # beginnings of those that are trained; none named: all
    precision: Literal["float32", "bfloat16"] = "float32"  # of the convolutions while training

    def __post_init__(self) -> None:
        starts = [fraction for fraction, _ in self.lengths]
        sorted_from_0 = bool(starts) and starts[0] == 0 and starts == sorted(starts)
        require(
            (sorted_from_0, "train.lengths: expected pairs [fraction, frames] that start at 0"),
            (
                min((n for _, n in self.lengths), default=2) >= 2,
                "train.lengths: a clip has at least 2 frames",
            ),
            (self.seed >= 0, "seed: expected at least 0"),
            (self.workers >= 0 and self.threads >= 0, "workers, threads: expected at least 0"),
            (self.validation_length >= 2, "validation_length: expected at least 2 frames"),
            (self.checkpoint_seconds >= 0, "checkpoint_seconds: expected at least 0"),
            (self.calibration >= 0, "calibration: expected at least 0 sequences"),
        )
        for name in ("steps", "batch", "chunk", "validate_every", "validation_clips"):
            require((getattr(self, name) >= 1, f"{name}: expected at least 1"))


@dataclass(frozen=True, kw_only=True)
class Config:
    """A complete, runnable experiment."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    note: str = ""  # what this configuration is for
