"""Results made from a known model: value = setting + variant + seed + sequence + noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mohart.ablation.cells import Order, Result
from mohart.ablation.grid import Axis, make_grid
from mohart.ablation.metrics import METRICS

SEQUENCES, OBJECTS = 20, 3  # objects per sequence
EFFECTS = {"none": 0.0, "self_only": 0.002, "attention": 0.05}
Make = Callable[..., tuple[list[Order], list[Result]]]


def orders_of(variants: Sequence[str], worlds: Sequence[str], seeds: int) -> list[Order]:
    axes = [Axis("model.relation", tuple(variants))]
    if worlds:
        axes.append(Axis("data.world.kind", tuple(worlds)))
    return [
        Order(
            name=cell.name,
            variant=cell.variant,
            setting=cell.setting,
            seed=cell.seed,
            config={"train": {"steps": 100}},
            sequences=SEQUENCES,
            length=12,
            horizon=4,
        )
        for cell in make_grid(axes, seeds)
    ]


def result_of(order: Order, *, effects: dict[str, float]) -> Result:
    count = SEQUENCES * OBJECTS
    shared = np.random.default_rng(1)
    hard = np.repeat(shared.normal(0, 0.1, SEQUENCES), OBJECTS) + shared.normal(0, 0.05, count)
    seed = np.random.default_rng([2, order.seed]).normal(0, 0.01)
    own = np.random.default_rng([3, order.seed, *order.variant.encode()]).normal(0, 0.002, count)
    iou = 0.6 + hard + seed + own + effects.get(order.variant, 0.0)
    columns = {name: iou if METRICS[name].higher_is_better else 10 * (1 - iou) for name in METRICS}
    return Result(
        order=order,
        parameters=9_000 if order.variant == "none" else 10_000,
        batches=100,
        clips=800,
        test=f"clips of {order.setting}",
        curve=[(50, 0.4 + seed), (100, 0.5 + seed)],
        objects={
            "sequence": np.repeat(np.arange(SEQUENCES), OBJECTS).tolist(),
            "object": np.tile(np.arange(OBJECTS), SEQUENCES).tolist(),
            **{name: values.round(6).tolist() for name, values in columns.items()},
            "neighbours": np.tile([0, 1, 4], SEQUENCES).tolist(),
            "visibility": np.tile([1.0, 0.7, 0.2], SEQUENCES).tolist(),
        },
        versions={"mohart": "1", "torch": "2"},
    )


@pytest.fixture(scope="session")
def make() -> Make:
    def build(
        variants: Sequence[str] = tuple(EFFECTS),
        worlds: Sequence[str] = ("forces",),
        seeds: int = 5,
        effects: dict[str, float] = EFFECTS,
    ) -> tuple[list[Order], list[Result]]:
        orders = orders_of(variants, worlds, seeds)
        return orders, [result_of(order, effects=effects) for order in orders]

    return build
