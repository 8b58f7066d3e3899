"""Settings -> model and loss."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import nn
from typing_extensions import assert_never

from mohart.config import encoders, slots
from mohart.config.schema import Config
from mohart.config.slots import ModelConfig
from mohart.errors import ConfigError
from mohart.model.cell import MohartCell
from mohart.model.layers import layer_width
from mohart.model.objective import Objective
from mohart.model.stethoscopes import Placed, Stethoscopes
from mohart.model.tracker import MohartModel
from mohart.nn.align import Refinement
from mohart.nn.appearance import Appearance, Correlation, NoAppearance
from mohart.nn.discriminate import DiscriminativeFilter
from mohart.nn.efficientnet import EfficientNetEncoder
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


def build_glimpse(cfg: slots.GlimpseConfig) -> Glimpse:
    """The slot `glimpse`."""
    match cfg:
        case slots.BilinearConfig():
            return BilinearGlimpse(cfg.size, cfg.size)
        case slots.GaussianConfig():
            return GaussianGlimpse(cfg.size, cfg.size, cfg.sigma, cfg.min_sigma)
    assert_never(cfg)


def build_encoder(cfg: encoders.EncoderConfig) -> Encoder:
    """The slot `encoder`."""
    match cfg:
        case encoders.CnnConfig():
            return SmallCnn(cfg.width, cfg.blocks)
        case encoders.AlexNetConfig():
            return AlexNetV1()
        case encoders.EfficientNetConfig():
            return EfficientNetEncoder(cfg.width, frozen=cfg.frozen, deep=cfg.deep)
    assert_never(cfg)


def build_appearance(
    cfg: slots.AppearanceConfig,
    channels: int,
    hidden: int,
    *,
    claims: bool,
    responds: bool = False,
    steady: bool = True,
) -> Appearance:
    """The slot `appearance`; `channels` are the encoder's."""
    match cfg:
        case slots.CorrelationConfig():
            return Correlation(
                channels,
                cfg.channels,
                cfg.template,
                cfg.rate,
                align=cfg.align,
                steady=steady,
                claims=claims,
                responds=responds,
            )
        case slots.DynamicFiltersConfig():
            return DynamicFilters(channels, hidden, cfg.channels)
        case slots.NoAppearanceConfig():
            return NoAppearance(channels, cfg.channels)
    assert_never(cfg)


def build_relation(cfg: slots.RelationConfig, features: int, hidden: int) -> Relation:
    """The slot `relation`."""
    match cfg:
        case slots.NoRelationConfig():
            return NoRelation(features, hidden, cfg.width)
        case slots.MlpConfig():
            return MlpRelation(features, hidden, cfg.width, cfg.slots, cfg.shuffle)
        case slots.DeepSetsConfig():
            return DeepSets(features, hidden, cfg.width, cfg.pool)
        case slots.AttentionConfig():
            return AttentionRelation(features, hidden, cfg.width, cfg.heads)
        case slots.SelfOnlyConfig():
            return AttentionRelation(features, hidden, cfg.width, cfg.heads, only_self=True)
        case slots.SabConfig():
            return SetAttentionBlock(features, hidden, cfg.width, cfg.heads)
    assert_never(cfg)


def build_position(cfg: slots.PositionConfig, features: int) -> nn.Module:
    """The positional encoding."""
    match cfg:
        case slots.LinearPositionConfig():
            return LinearPosition(features)
        case slots.FourierPositionConfig():
            return FourierPosition(features, cfg.waves, cfg.scale)
    assert_never(cfg)


def build_heads(cfg: slots.HeadsConfig, channels: int, cells: int, hidden: int) -> Heads:
    """The slot `heads`; `channels` and `cells` are those of the appearance map."""
    match cfg:
        case slots.LocaliseConfig():
            return LocaliseHeads(channels, hidden, cfg.width, cfg.context, cfg.widen, cfg.jitter)
        case slots.DirectConfig():
            return DirectHeads(cells, hidden, cfg.width, cfg.code)
    assert_never(cfg)


def build_refinement(
    cfg: slots.RefineConfig, rows: int, *, steady: bool = True
) -> Refinement | None:
    """The slot `refine`; templates show the inner half of a glimpse with `rows` rows."""
    match cfg:
        case slots.NoRefinementConfig():
            return None
        case slots.RefinementConfig():
            size = rows // (2 * Refinement.stride)
            return Refinement(size, cfg.channels, cfg.rate, steady=steady)
    assert_never(cfg)


def build_model(cfg: ModelConfig) -> MohartModel:
    """The model with fresh weights."""
    glimpse, encoder = build_glimpse(cfg.glimpse), build_encoder(cfg.encoder)
    appearance = build_appearance(
        cfg.appearance,
        encoder.channels,
        cfg.hidden,
        claims=cfg.claims,
        responds=cfg.discriminate > 0,
        steady=cfg.steady,
    )
    relation = build_relation(cfg.relation, cfg.features, cfg.hidden)
    cells = (glimpse.rows // encoder.stride) * (glimpse.columns // encoder.stride)
    return MohartModel(
        MohartCell(
            glimpse=glimpse,
            encoder=encoder,
            appearance=appearance,
            position=build_position(cfg.position, cfg.features),
            relation=relation,
            memory=ObjectLstm(relation.out_features, cfg.hidden, cfg.zoneout),
            heads=build_heads(cfg.heads, appearance.channels, cells, cfg.hidden),
            features=cfg.features,
            detach_window=cfg.detach_window,
            claims=cfg.claims,
            refine=build_refinement(cfg.refine, glimpse.rows, steady=cfg.steady),
            discriminate=DiscriminativeFilter(encoder.channels, cfg.discriminate)
            if cfg.discriminate
            else None,
            normed_readout=cfg.normed_readout,
        )
    )


def build_objective(cfg: Config) -> Objective:
    """The loss.

    Raises:
        ConfigError: a term is unknown, or this model has nothing that the term could judge.
    """
    loss = cfg.loss
    if "score" in loss.weights and cfg.model.heads.kind != "localise":
        raise ConfigError("loss.weights.score: needs model.heads localise; leave the term out")
    if "mask" in loss.weights and cfg.model.appearance.kind != "dynamic_filters":
        raise ConfigError("loss.weights.mask: needs model.appearance dynamic_filters")
    stethoscopes = build_stethoscopes(cfg)
    return Objective(
        loss.weights,
        learned=loss.learned,
        hidden_weight=loss.hidden_weight,
        blackout=loss.blackout,
        forecast=loss.forecast,
        restart=loss.restart,
        restart_chance=loss.restart_chance,
        jitter=loss.jitter,
        cut=loss.cut,
        sight=cfg.data.sight,
        stethoscopes=stethoscopes,
    )


def build_stethoscopes(cfg: Config) -> Stethoscopes | None:
    """What reads layers in training; None where nothing does.

    Raises:
        ConfigError: a label is unknown, or a gradient would go where nothing learns.
    """
    placed = [Placed(**asdict(one)) for one in cfg.loss.stethoscopes]
    if not placed:
        return None
    with torch.device("meta"):  # shapes without values
        model = build_model(cfg.model)
    widths = [layer_width(model, one.layer) for one in placed]
    return Stethoscopes(placed, widths, cfg.train.seed)
