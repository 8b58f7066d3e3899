"""Every setting with its default (the recommended value), unit and source.

Parts with variants are unions whose members are told apart by `kind`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mohart.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BilinearConfig:
    """Bilinear glimpse with area averaging."""

    kind: Literal["bilinear"] = "bilinear"
    size: int = 64  # rows and columns of the glimpse


@dataclass(frozen=True, kw_only=True)
class GaussianConfig:
    """Gaussian glimpse (HART)."""

    kind: Literal["gaussian"] = "gaussian"
    size: int = 64
    sigma: float = 0.5  # standard deviation in strides
    min_sigma: float = 0.5  # pixels; >= 0.4 or gradients vanish


@dataclass(frozen=True, kw_only=True)
class CnnConfig:
    """Small CNN from scratch."""

    kind: Literal["cnn"] = "cnn"
    width: int = 48  # channels of the output; a multiple of 16


@dataclass(frozen=True, kw_only=True)
class AlexNetConfig:
    """HART's V1: AlexNet's first three convolutions, from scratch."""

    kind: Literal["alexnet"] = "alexnet"


@dataclass(frozen=True, kw_only=True)
class CorrelationConfig:
    """Correlation with templates of the first and a recent look."""

    kind: Literal["correlation"] = "correlation"
    channels: int = 64
    template: int = 8  # rows and columns, cells of the feature map
    rate: float = 0.1  # of the recent template per frame; 0: only the first look


@dataclass(frozen=True, kw_only=True)
class DynamicFiltersConfig:
    """HART's generated filters."""

    kind: Literal["dynamic_filters"] = "dynamic_filters"
    channels: int = 5  # HART: 5


@dataclass(frozen=True, kw_only=True)
class NoAppearanceConfig:
    """No appearance attention."""

    kind: Literal["none"] = "none"
    channels: int = 64


@dataclass(frozen=True, kw_only=True)
class NoRelationConfig:
    """Independent objects."""

    kind: Literal["none"] = "none"


@dataclass(frozen=True, kw_only=True)
class MlpConfig:
    """Fixed slots, concatenated."""

    kind: Literal["mlp"] = "mlp"
    width: int = 128
    slots: int = 16  # largest number of objects that are concatenated
    shuffle: bool = True  # permute the slots in training


@dataclass(frozen=True, kw_only=True)
class DeepSetsConfig:
    """One pooled summary."""

    kind: Literal["deepsets"] = "deepsets"
    width: int = 128
    pool: Literal["mean", "sum", "max"] = "mean"


@dataclass(frozen=True, kw_only=True)
class AttentionConfig:
    """MOHART's multi-head self-attention, as its figure draws it."""

    kind: Literal["attention"] = "attention"
    width: int = 128
    heads: int = 4


@dataclass(frozen=True, kw_only=True)
class SabConfig:
    """Set Transformer block."""

    kind: Literal["sab"] = "sab"
    width: int = 128
    heads: int = 4


@dataclass(frozen=True, kw_only=True)
class SelfOnlyConfig:
    """Control: attention's parameters, every object sees only itself."""

    kind: Literal["self_only"] = "self_only"
    width: int = 128
    heads: int = 4


@dataclass(frozen=True, kw_only=True)
class LinearPositionConfig:
    """Position as a linear map of the geometry."""

    kind: Literal["linear"] = "linear"


@dataclass(frozen=True, kw_only=True)
class FourierPositionConfig:
    """Learnable Fourier features."""

    kind: Literal["fourier"] = "fourier"
    waves: int = 32
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LocaliseConfig:
    """Soft-argmax localisation."""

    kind: Literal["localise"] = "localise"
    width: int = 48
    context: float = 1.0  # room around the object, in square roots of its area


@dataclass(frozen=True, kw_only=True)
class DirectConfig:
    """HART's tanh read-outs."""

    kind: Literal["direct"] = "direct"
    width: int = 100
    code: int = 10  # features of the mask


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The slots of the time step."""

    glimpse: BilinearConfig | GaussianConfig = field(default_factory=BilinearConfig)
    encoder: CnnConfig | AlexNetConfig = field(default_factory=CnnConfig)
    appearance: CorrelationConfig | DynamicFiltersConfig | NoAppearanceConfig = field(
        default_factory=CorrelationConfig
    )
    position: LinearPositionConfig | FourierPositionConfig = field(
        default_factory=LinearPositionConfig
    )
    relation: (
        NoRelationConfig | MlpConfig | DeepSetsConfig | AttentionConfig | SabConfig | SelfOnlyConfig
    ) = field(default_factory=AttentionConfig)
    heads: LocaliseConfig | DirectConfig = field(default_factory=LocaliseConfig)
    features: int = 128  # of a token
    hidden: int = 128  # of the LSTM
    zoneout: float = 0.0  # HART: 0.05
    detach_window: bool = True  # no gradient through the place of the glimpse; HART: false


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig:
    """Generated video (docs of mohart.data.synthetic.generator.Generator)."""

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


@dataclass(frozen=True, kw_only=True)
class FolderConfig:
    """A MOTChallenge or KITTI folder to train on."""

    path: str
    weight: float = 1.0  # share of the clips, relative to `generated` and the other folders
    validation: float = 0.0  # share of the sequences held out
    protocol: Literal["sequence", "hart"] = "sequence"  # hart: splits in time, 80/20
    detector: str = "FRCNN"  # which of MOT17's three copies of a video


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What clips are made of."""

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    generated: float = 1.0  # weight of generated video; 0 for folders alone
    folders: tuple[FolderConfig, ...] = ()
    objects: int = 4  # of a clip at most
    span: int = 40  # frames of a generated sequence, from which clips are cut
    reuse: int = 3  # batches that cut their clips from the same generated sequences

    def __post_init__(self) -> None:
        if self.generated + sum(f.weight for f in self.folders) <= 0:
            raise ConfigError("data: all weights are 0; set data.generated or name data.folders")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Docs of mohart.model.objective.Objective."""

    weights: dict[str, float] = field(
        default_factory=lambda: {"box": 1.0, "window": 0.3, "score": 0.3, "visibility": 0.2}
    )
    learned: bool = False
    hidden_weight: float = 0.25
    blackout: float = 0.02
    restart: float = 0.2
    jitter: tuple[float, float] = (0.03, 0.05)


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
    start_from: str | None = None  # weights to begin with (fine-tuning)

    def __post_init__(self) -> None:
        starts = [fraction for fraction, _ in self.lengths]
        if not starts or starts[0] != 0 or starts != sorted(starts):
            raise ConfigError("train.lengths: expected pairs [fraction, frames] that start at 0")
        if min(frames for _, frames in self.lengths) < 2:
            raise ConfigError("train.lengths: a clip has at least 2 frames")


@dataclass(frozen=True, kw_only=True)
class Config:
    """A complete, runnable experiment."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    note: str = ""  # what this configuration is for
