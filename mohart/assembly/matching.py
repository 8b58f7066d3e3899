"""Relational modules of equal size: the width that brings a model's parameters to another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from mohart.assembly.model import build_model
from mohart.config import slots
from mohart.config.loader import config_from
from mohart.config.schema import Config
from mohart.config.slots import RelationConfig

WIDEST = 4096  # of a relation that is matched in size, per head


def match_relation(
    config: Config, kind: str, *, widen_none: bool = False, **options: Any
) -> RelationConfig:
    """The relational module of a kind, as large as the others of its experiment.

    Attention, with the width and heads of the configuration (or the defaults), is the reference,
    and `self_only` has exactly its settings. All others get the width that brings the whole
    model's parameters nearest to those with attention (with heads: of the widths that they divide);
    `mlp` gets as many slots as a clip has objects, all of which take part in its shuffling. `none`
    stays as it is, unless `widen_none` asks for a layer of each object's own that makes up for what
    it lacks. `options` are other settings of the module, such as `shuffle`.

    Raises:
        ConfigError: there is no such kind, or it has no such option.
    """
    own = config.model.relation
    chosen = own
    if own.kind != kind or options:
        wanted = {"kind": kind, **options}
        chosen = config_from({"model": {"relation": wanted}}).model.relation  # checks it
    shape = own if isinstance(own, slots.WithHeads) else slots.AttentionConfig()
    heads = shape.heads
    attention = slots.AttentionConfig(width=shape.width, heads=heads)
    match chosen:
        case slots.NoRelationConfig() if widen_none:
            return _nearest(config, attention, lambda n: slots.NoRelationConfig(width=n))
        case slots.NoRelationConfig():
            return chosen
        case slots.AttentionConfig():
            return attention
        case slots.SelfOnlyConfig():
            return slots.SelfOnlyConfig(width=shape.width, heads=heads)
        case slots.WithHeads():
            headed = chosen
            return _nearest(
                config, attention, lambda n: replace(headed, width=n * heads, heads=heads)
            )
        case slots.MlpConfig() if chosen is not own and "slots" not in options:
            chosen = replace(chosen, slots=config.data.objects)
    other = chosen
    return _nearest(config, attention, lambda n: replace(other, width=n))


def _nearest(
    config: Config, reference: RelationConfig, make: Callable[[int], RelationConfig]
) -> RelationConfig:
    """The relation make(n) whose model's parameters are nearest to the reference's."""
    target = count_parameters(config, reference)
    low, high = 1, WIDEST
    while low < high:  # the smallest n that reaches the target
        middle = (low + high) // 2
        if count_parameters(config, make(middle)) < target:
            low = middle + 1
        else:
            high = middle
    tried = [make(n) for n in sorted({max(1, low - 1), low})]
    return min(tried, key=lambda relation: abs(count_parameters(config, relation) - target))


def count_parameters(config: Config, relation: RelationConfig) -> int:
    """Trainable parameters of the model with this relation."""
    with torch.device("meta"):  # shapes without values
        return build_model(replace(config.model, relation=relation)).parameter_count()
