from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mohart.ablation.blocks import Budget, gather
from mohart.errors import ConfigError


def test_values_are_lined_up_by_variant_seed_and_object(make: Any) -> None:
    orders, results = make(worlds=("forces", "free"))
    gathered = gather(orders, reversed(results))
    assert [block.setting for block in gathered.blocks] == ["forces", "free"]
    block = gathered.blocks[0]
    assert block.variants == ("none", "self_only", "attention")
    assert block.seeds == (0, 1, 2, 3, 4)
    assert block.sequences == 20
    for result in results:
        if result.order.setting == "forces":
            row = block.values["ade"][result.order.variant][result.order.seed]
            np.testing.assert_array_equal(row, result.objects["ade"])
    assert block.budgets["none"] == Budget(9_000, 100, 800)
    assert block.curves["none"][0] == results[0].curve
    assert (gathered.missing, gathered.unused, len(gathered.versions)) == ((), (), 1)


def test_only_seeds_that_all_variants_have_are_used(make: Any) -> None:
    orders, results = make(seeds=3)
    kept = [r for r in results if (r.order.variant, r.order.seed) != ("attention", 1)]
    gathered = gather(orders, kept)
    assert gathered.blocks[0].seeds == (0, 2)
    assert gathered.missing == ("model.relation=attention,data.world.kind=forces,seed=1",)
    assert gathered.unused == (
        "model.relation=none,data.world.kind=forces,seed=1",
        "model.relation=self_only,data.world.kind=forces,seed=1",
    )


def test_a_variant_without_any_result_does_not_hold_up_the_others(make: Any) -> None:
    orders, results = make(seeds=2)
    gathered = gather(orders, [r for r in results if r.order.variant != "attention"])
    assert gathered.blocks[0].variants == ("none", "self_only")
    assert gathered.blocks[0].seeds == (0, 1)
    assert len(gathered.missing) == 2


def test_nothing_in_common_is_an_error(make: Any) -> None:
    orders, results = make(seeds=2)
    with pytest.raises(ConfigError, match="nothing to report"):
        gather(orders, [])
    kept = [r for r in results if (r.order.variant == "none") == (r.order.seed == 0)]
    with pytest.raises(ConfigError, match="nothing to report"):
        gather(orders, kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test": "other clips"}, "their test clips differ; remove the older"),
        ({"parameters": 1}, "trainings of one variant differ in size"),
    ],
)
def test_what_is_not_comparable_is_refused(make: Any, change: dict[str, Any], message: str) -> None:
    orders, results = make(seeds=2)
    with pytest.raises(ConfigError, match=message):
        gather(orders, [*results[:-1], replace(results[-1], **change)])


def test_other_objects_and_horizons_are_refused(make: Any) -> None:
    orders, results = make(seeds=1)
    last = results[-1]
    objects = {**last.objects, "object": last.objects["object"][::-1]}
    with pytest.raises(ConfigError, match="column object differ"):
        gather(orders, [*results[:-1], replace(last, objects=objects)])
    with pytest.raises(ConfigError, match="horizon differ"):
        gather(orders, [*results[:-1], replace(last, order=replace(last.order, horizon=1))])
