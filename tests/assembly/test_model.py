from __future__ import annotations

import pytest

from mohart.assembly.model import build_model, build_objective
from mohart.config.loader import config_from
from mohart.errors import ConfigError

RELATIONS = ["none", "mlp", "deepsets", "attention", "sab", "self_only"]


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("appearance", ["correlation", "dynamic_filters", "none"])
def test_every_combination_builds_and_stays_small(relation: str, appearance: str) -> None:
    model = build_model(
        config_from({"model": {"relation": relation, "appearance": appearance}}).model
    )
    assert 100_000 < model.parameter_count() <= 3_000_000


def test_self_only_has_exactly_the_parameters_of_attention() -> None:
    counts = {
        kind: build_model(config_from({"model": {"relation": kind}}).model).parameter_count()
        for kind in ("attention", "self_only")
    }
    assert counts["attention"] == counts["self_only"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"model": {"heads": "direct"}}, "score: needs model.heads localise"),
        ({"loss": {"weights": {"mask": 1.0}}}, "mask: needs model.appearance dynamic_filters"),
        ({"loss": {"weights": {"bxo": 1.0}}}, "did you mean 'box'"),
    ],
)
def test_a_loss_that_the_model_can_not_serve_is_refused(
    data: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build_objective(config_from(data))
