"""The defaults of the settings are the shipped model's, and nobody has others."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from mohart.assembly.weights import load_model
from mohart.config import encoders, schema, slots
from mohart.config.loader import config_from, load_config
from mohart.config.schema import Config
from mohart.model.objective import Objective
from mohart.nn import align, appearance, efficientnet, encoder, filters, glimpse, heads, position
from mohart.synth.scenes.generator import Generator
from mohart.training.checkpoint import load_checkpoint, save_checkpoint

CONFIGS = Path(__file__).parents[2] / "configs"
PAIRS = [
    (schema.GeneratorConfig, Generator),
    (slots.BilinearConfig, glimpse.BilinearGlimpse),
    (slots.GaussianConfig, glimpse.GaussianGlimpse),
    (encoders.CnnConfig, encoder.SmallCnn),
    (encoders.EfficientNetConfig, efficientnet.EfficientNetEncoder),
    (slots.CorrelationConfig, appearance.Correlation),
    (slots.DynamicFiltersConfig, filters.DynamicFilters),
    (slots.NoAppearanceConfig, appearance.NoAppearance),
    (slots.FourierPositionConfig, position.FourierPosition),
    (slots.LocaliseConfig, heads.LocaliseHeads),
    (slots.DirectConfig, heads.DirectHeads),
    (slots.RefinementConfig, align.Refinement),
    (schema.LossConfig, Objective),
]
BUILT = ("stethoscopes",)  # settings here, what is built from them there


def test_an_empty_configuration_trains_the_shipped_model() -> None:
    assert config_from({}).model == load_model().config.model
    assert load_config(CONFIGS / "default.yaml").model == Config().model
    assert load_config(CONFIGS / "scratch.yaml").model == Config().model


@pytest.mark.parametrize(("settings", "part"), PAIRS, ids=lambda one: one.__name__)
def test_what_has_a_default_twice_has_it_alike(settings: type[Any], part: type[Any]) -> None:
    said = {f.name: f.default for f in fields(settings) if f.default is not MISSING}
    own = {
        name: parameter.default
        for name, parameter in inspect.signature(part).parameters.items()
        if parameter.default is not inspect.Parameter.empty and name in said and name not in BUILT
    }
    assert own == {name: said[name] for name in own}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slot", "name"),
    [
        (None, "claims"),
        (None, "refine"),
        ("encoder", "blocks"),
        ("appearance", "align"),
        ("heads", "widen"),
    ],
)
def test_older_weights_do_not_get_the_parts_that_came_later(
    tiny_config: Config, run: Path, slot: str | None, name: str
) -> None:
    """Their header does not name what there was not; the tiny model has none of it."""
    weights = run / "best.safetensors"
    saved = load_checkpoint(weights)
    model = saved.about["config"]["model"]
    del (model if slot is None else model[slot])[name]
    save_checkpoint(weights, saved.tensors, saved.about)
    assert load_model(weights).config == tiny_config
