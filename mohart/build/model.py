"""Settings -> model and loss."""

from __future__ import annotations

from torch import nn
from typing_extensions import assert_never

from mohart.config import schema
from mohart.config.schema import Config, ModelConfig
from mohart.model.cell import MohartCell
from mohart.model.objective import Objective
from mohart.model.tracker import MohartModel
from mohart.nn.appearance import Appearance, Correlation, NoAppearance
from mohart.nn.encoder import AlexNetV1, Encoder, SmallCnn
from mohart.nn.filters import DynamicFilters
from mohart.nn.glimpse import BilinearGlimpse, GaussianGlimpse, Glimpse
from mohart.nn.heads import DirectHeads, Heads, LocaliseHeads
from mohart.nn.memory import ObjectLstm
from mohart.nn.position import FourierPosition, LinearPosition
from mohart.nn.relation import (
    AttentionRelation,
    DeepSets,
    MlpRelation,
    NoRelation,
    Relation,
    SetAttentionBlock,
)


def build_glimpse(cfg: schema.BilinearConfig | schema.GaussianConfig) -> Glimpse:
    """The slot `glimpse`."""
    match cfg:
        case schema.BilinearConfig():
            return BilinearGlimpse(cfg.size, cfg.size)
        case schema.GaussianConfig():
            return GaussianGlimpse(cfg.size, cfg.size, cfg.sigma, cfg.min_sigma)
    assert_never(cfg)


def build_encoder(cfg: schema.CnnConfig | schema.AlexNetConfig) -> Encoder:
    """The slot `encoder`."""
    match cfg:
        case schema.CnnConfig():
            return SmallCnn(cfg.width)
        case schema.AlexNetConfig():
            return AlexNetV1()
    assert_never(cfg)


def build_appearance(
    cfg: schema.CorrelationConfig | schema.DynamicFiltersConfig | schema.NoAppearanceConfig,
    channels: int, hidden: int,
) -> Appearance:  # fmt: skip
    """The slot `appearance`; `channels` are the encoder's."""
    match cfg:
        case schema.CorrelationConfig():
            return Correlation(channels, cfg.channels, cfg.template, cfg.rate)
        case schema.DynamicFiltersConfig():
            return DynamicFilters(channels, hidden, cfg.channels)
        case schema.NoAppearanceConfig():
            return NoAppearance(channels, cfg.channels)
    assert_never(cfg)


def build_relation(
    cfg: schema.NoRelationConfig | schema.MlpConfig | schema.DeepSetsConfig
    | schema.AttentionConfig | schema.SabConfig | schema.SelfOnlyConfig,
    features: int, hidden: int,
) -> Relation:  # fmt: skip
    """The slot `relation`."""
    match cfg:
        case schema.NoRelationConfig():
            return NoRelation(features, hidden)
        case schema.MlpConfig():
            return MlpRelation(features, hidden, cfg.width, cfg.slots, cfg.shuffle)
        case schema.DeepSetsConfig():
            return DeepSets(features, hidden, cfg.width, cfg.pool)
        case schema.AttentionConfig():
            return AttentionRelation(features, hidden, cfg.width, cfg.heads)
        case schema.SelfOnlyConfig():
            return AttentionRelation(features, hidden, cfg.width, cfg.heads, only_self=True)
        case schema.SabConfig():
            return SetAttentionBlock(features, hidden, cfg.width, cfg.heads)
    assert_never(cfg)


def build_position(
    cfg: schema.LinearPositionConfig | schema.FourierPositionConfig, features: int
) -> nn.Module:
    """The positional encoding."""
    match cfg:
        case schema.LinearPositionConfig():
            return LinearPosition(features)
        case schema.FourierPositionConfig():
            return FourierPosition(features, cfg.waves, cfg.scale)
    assert_never(cfg)


def build_heads(
    cfg: schema.LocaliseConfig | schema.DirectConfig, channels: int, cells: int, hidden: int
) -> Heads:
    """The slot `heads`; `channels` and `cells` are those of the appearance map."""
    match cfg:
        case schema.LocaliseConfig():
            return LocaliseHeads(channels, hidden, cfg.width, cfg.context)
        case schema.DirectConfig():
            return DirectHeads(cells, hidden, cfg.width, cfg.code)
    assert_never(cfg)


def build_model(cfg: ModelConfig) -> MohartModel:
    """The model with fresh weights."""
    glimpse, encoder = build_glimpse(cfg.glimpse), build_encoder(cfg.encoder)
    appearance = build_appearance(cfg.appearance, encoder.channels, cfg.hidden)
    relation = build_relation(cfg.relation, cfg.features, cfg.hidden)
    cells = (glimpse.rows // encoder.stride) * (glimpse.columns // encoder.stride)
    return MohartModel(
        MohartCell(
            glimpse=glimpse, encoder=encoder, appearance=appearance,
            position=build_position(cfg.position, cfg.features), relation=relation,
            memory=ObjectLstm(relation.out_features, cfg.hidden, cfg.zoneout),
            heads=build_heads(cfg.heads, appearance.channels, cells, cfg.hidden),
            features=cfg.features, detach_window=cfg.detach_window,
        )
    )  # fmt: skip


def build_objective(cfg: Config) -> Objective:
    """The loss."""
    loss = cfg.loss
    return Objective(
        loss.weights, learned=loss.learned, hidden_weight=loss.hidden_weight,
        blackout=loss.blackout, restart=loss.restart, jitter=loss.jitter,
    )  # fmt: skip
