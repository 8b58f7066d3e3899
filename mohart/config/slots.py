"""Settings of the model's slots, with their defaults (those of the shipped model), unit and source.

Parts with variants are unions whose members are told apart by `kind`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mohart.config.encoders import CnnConfig, EncoderConfig
from mohart.config.rules import require

LARGEST_GLIMPSE = 1024  # rows and columns
MOST = 65_536  # channels, features, layers' widths


def _whole_cells(size: int) -> bool:
    return 16 <= size <= LARGEST_GLIMPSE and size % 8 == 0


def _groups(channels: int) -> bool:
    return 0 < channels <= MOST and channels % 8 == 0


def _count(number: int, least: int = 1) -> bool:
    return least <= number <= MOST


@dataclass(frozen=True, kw_only=True)
class BilinearConfig:
    """Bilinear glimpse with area averaging."""

    kind: Literal["bilinear"] = "bilinear"
    size: int = 64  # rows and columns of the glimpse; a multiple of 8

    def __post_init__(self) -> None:
        require((_whole_cells(self.size), "size: expected a multiple of 8, 16 to 1024"))


@dataclass(frozen=True, kw_only=True)
class GaussianConfig:
    """Gaussian glimpse (HART)."""

    kind: Literal["gaussian"] = "gaussian"
    size: int = 64
    sigma: float = 0.5  # standard deviation in strides
    min_sigma: float = 0.5  # pixels; >= 0.4 or gradients vanish

    def __post_init__(self) -> None:
        require(
            (_whole_cells(self.size), "size: expected a multiple of 8, 16 to 1024"),
            (self.sigma > 0, "sigma: expected more than 0"),
            (self.min_sigma >= 0.4, "min_sigma: expected at least 0.4 pixels"),
        )


GlimpseConfig = BilinearConfig | GaussianConfig


@dataclass(frozen=True, kw_only=True)
class CorrelationConfig:
    """Correlation with templates of the first and a recent look."""

    kind: Literal["correlation"] = "correlation"
    channels: int = 64
    template: int = 8  # rows and columns, cells of the feature map
    rate: float = 0.1  # of the recent template per frame; 0: only the first look
    align: bool = False  # correct boxes by what lies under them

    def __post_init__(self) -> None:
        require(
            (_groups(self.channels), "channels: expected a multiple of 8, up to 65536"),
            (1 <= self.template <= LARGEST_GLIMPSE // 8, "template: expected 1 to 128 cells"),
            (0 <= self.rate <= 1, "rate: expected 0 to 1"),
        )


@dataclass(frozen=True, kw_only=True)
class DynamicFiltersConfig:
    """HART's generated filters."""

    kind: Literal["dynamic_filters"] = "dynamic_filters"
    channels: int = 5  # HART: 5

    def __post_init__(self) -> None:
        require((_count(self.channels), "channels: expected 1 to 65536"))


@dataclass(frozen=True, kw_only=True)
class NoAppearanceConfig:
    """No appearance attention."""

    kind: Literal["none"] = "none"
    channels: int = 64

    def __post_init__(self) -> None:
        require((_groups(self.channels), "channels: expected a multiple of 8, up to 65536"))


AppearanceConfig = CorrelationConfig | DynamicFiltersConfig | NoAppearanceConfig


@dataclass(frozen=True, kw_only=True)
class NoRelationConfig:
    """Independent objects."""

    kind: Literal["none"] = "none"
    width: int = 0  # of a layer of each object's own, for as many parameters as another module

    def __post_init__(self) -> None:
        require((_count(self.width, 0), "width: expected 0 to 65536"))


@dataclass(frozen=True, kw_only=True)
class MlpConfig:
    """Fixed slots, concatenated."""

    kind: Literal["mlp"] = "mlp"
    width: int = 128
    slots: int = 16  # largest number of objects that are concatenated
    shuffle: bool = True  # permute the slots in training

    def __post_init__(self) -> None:
        require(
            (_count(self.width), "width: expected 1 to 65536"),
            (_count(self.slots), "slots: expected 1 to 65536"),
        )


@dataclass(frozen=True, kw_only=True)
class DeepSetsConfig:
    """One pooled summary."""

    kind: Literal["deepsets"] = "deepsets"
    width: int = 128
    pool: Literal["mean", "sum", "max"] = "mean"

    def __post_init__(self) -> None:
        require((_count(self.width), "width: expected 1 to 65536"))


@dataclass(frozen=True, kw_only=True)
class WithHeads:
    """What all relational modules with attention heads have."""

    kind: str
    width: int = 128
    heads: int = 4  # divides the width

    def __post_init__(self) -> None:
        fits = _count(self.width) and self.heads > 0 and self.width % self.heads == 0
        require((fits, f"heads: expected a divisor of the width {self.width}, got {self.heads}"))


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(WithHeads):
    """MOHART's multi-head self-attention, as its figure draws it."""

    kind: Literal["attention"] = "attention"


@dataclass(frozen=True, kw_only=True)
class SabConfig(WithHeads):
    """Set Transformer block."""

    kind: Literal["sab"] = "sab"


@dataclass(frozen=True, kw_only=True)
class SelfOnlyConfig(WithHeads):
    """Control: attention's parameters, every object sees only itself."""

    kind: Literal["self_only"] = "self_only"


RelationConfig = (
    NoRelationConfig | MlpConfig | DeepSetsConfig | AttentionConfig | SabConfig | SelfOnlyConfig
)


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

    def __post_init__(self) -> None:
        require((_count(self.waves), "waves: expected 1 to 65536"))


PositionConfig = LinearPositionConfig | FourierPositionConfig


@dataclass(frozen=True, kw_only=True)
class LocaliseConfig:
    """Soft-argmax localisation."""

    kind: Literal["localise"] = "localise"
    width: int = 48
    context: float = 1.0  # room around the object, in square roots of its area
    widen: float = 1.0  # more room, relative to `context`, when the object is not seen
    jitter: float = 0.0  # in training, sizes by which boxes move and grow before alignment

    def __post_init__(self) -> None:
        require(
            (_groups(self.width), "width: expected a multiple of 8, up to 65536"),
            (self.context > 0, "context: expected more than 0"),
            (self.widen >= 0, "widen: expected at least 0"),
            (0 <= self.jitter < 1, "jitter: expected 0 to 1, without 1"),
        )


@dataclass(frozen=True, kw_only=True)
class DirectConfig:
    """HART's tanh read-outs."""

    kind: Literal["direct"] = "direct"
    width: int = 100
    code: int = 10  # features of the mask

    def __post_init__(self) -> None:
        require((_count(self.width) and _count(self.code), "width, code: expected 1 to 65536"))


HeadsConfig = LocaliseConfig | DirectConfig


@dataclass(frozen=True, kw_only=True)
class NoRefinementConfig:
    """Boxes as the heads find them."""

    kind: Literal["none"] = "none"


@dataclass(frozen=True, kw_only=True)
class RefinementConfig:
    """A second alignment on finer features."""

    kind: Literal["align"] = "align"
    channels: int = 16
    rate: float = 0.5  # of the recent template per frame

    def __post_init__(self) -> None:
        require(
            (_groups(self.channels), "channels: expected a multiple of 8, up to 65536"),
            (0 <= self.rate <= 1, "rate: expected 0 to 1"),
        )


RefineConfig = NoRefinementConfig | RefinementConfig


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The slots of the time step."""

    glimpse: GlimpseConfig = field(default_factory=BilinearConfig)
    encoder: EncoderConfig = field(default_factory=CnnConfig)
    appearance: AppearanceConfig = field(default_factory=CorrelationConfig)
    position: PositionConfig = field(default_factory=LinearPositionConfig)
    relation: RelationConfig = field(default_factory=AttentionConfig)
    heads: HeadsConfig = field(default_factory=LocaliseConfig)
    refine: RefineConfig = field(default_factory=NoRefinementConfig)
    features: int = 128  # of a token
    hidden: int = 128  # of the LSTM
    zoneout: float = 0.0  # HART: 0.05
    detach_window: bool = True  # no gradient through the place of the glimpse; HART: false
    discriminate: int = 16  # channels of a filter per object, learned while tracking; 0: none
    steady: bool = True  # norms in the alignments, without which their units die
    normed_readout: bool = False  # a norm in the read-out, without which most of its units die
    claims: bool = True  # every object is shown where in its window the others are expected

    def __post_init__(self) -> None:
        require(
            (
                _count(self.features) and _count(self.hidden),
                "features, hidden: expected 1 to 65536",
            ),
            (0 <= self.zoneout < 1, "zoneout: expected 0 to 1, without 1"),
            (_count(self.discriminate, 0), "discriminate: expected 0 to 65536"),
        )
