from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mohart.ablation.blocks import gather
from mohart.ablation.strata import strata


def test_every_object_is_in_one_stratum_of_each_trait(make: Any) -> None:
    block = gather(*make(seeds=1)).blocks[0]
    near = np.array([0, 1, 2, 3, 7] * 12)
    seen = np.array([1.0, 0.951, 0.95, 0.5, 0.49] * 12)
    block = replace(block, neighbours=near, visibility=seen)
    found = {(s.trait, s.name): int(s.rows.sum()) for s in strata(block)}
    assert found == {
        ("neighbours", "0"): 12,
        ("neighbours", "1"): 12,
        ("neighbours", "2"): 12,
        ("neighbours", "3+"): 24,
        ("hidden", "never"): 24,
        ("hidden", "partly"): 24,
        ("hidden", "mostly"): 12,
    }


def test_empty_strata_are_left_out(make: Any) -> None:
    block = gather(*make(seeds=1)).blocks[0]
    block = replace(block, neighbours=np.zeros(60, np.int64), visibility=np.ones(60))
    assert [(s.trait, s.name) for s in strata(block)] == [("neighbours", "0"), ("hidden", "never")]
