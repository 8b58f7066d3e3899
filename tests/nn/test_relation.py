"""Relational modules: the laws of exchanging information between objects."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mohart.nn.relation import (
    AttentionRelation,
    DeepSets,
    MlpRelation,
    NoRelation,
    SetAttentionBlock,
)

D, E, WIDTH = 5, 7, 8
MAKE: dict[str, Callable[[], nn.Module]] = {
    "none": lambda: NoRelation(D, E),
    "none-wide": lambda: NoRelation(D, E, WIDTH),
    "mlp": lambda: MlpRelation(D, E, WIDTH, slots=6),
    "deepsets-mean": lambda: DeepSets(D, E, WIDTH, "mean"),
    "deepsets-sum": lambda: DeepSets(D, E, WIDTH, "sum"),
    "deepsets-max": lambda: DeepSets(D, E, WIDTH, "max"),
    "attention": lambda: AttentionRelation(D, E, WIDTH, 2),
    "self_only": lambda: AttentionRelation(D, E, WIDTH, 2, only_self=True),
    "sab": lambda: SetAttentionBlock(D, E, WIDTH, 2),
}
ALL = list(MAKE)
every = pytest.mark.parametrize("name", ALL)
EXCHANGING = [n for n in ALL if n not in ("none", "none-wide", "self_only")]
WEIGHTED = ["attention", "self_only", "sab"]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def relation(name: str, training: bool = False) -> nn.Module:
    torch.manual_seed(1)
    return MAKE[name]().double().train(training)


def objects(batch: int = 2, count: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(batch, count, D + E, generator=generator, dtype=torch.float64)
    alive = torch.ones(batch, count, dtype=torch.bool)
    return x[..., :D].clone(), x[..., D:].clone(), alive


@every
@pytest.mark.parametrize("count", [0, 1, 200])
@pytest.mark.parametrize("training", [True, False])
def test_any_number_of_objects(name: str, count: int, training: bool) -> None:
    module = relation(name, training)
    features, weights = module(*objects(3, count))
    assert features.shape == (3, count, module.out_features)
    assert torch.isfinite(features).all()
    assert (weights is None) == (name not in WEIGHTED)
    assert weights is None or weights.shape == (3, 2, count, count)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in ALL if n != "mlp"])
@pytest.mark.parametrize("training", [True, False])
def test_permuting_objects_permutes_the_output(name: str, training: bool) -> None:
    module, (x, h, alive) = relation(name, training), objects()
    alive[0, 2] = False
    order = torch.tensor([3, 0, 4, 1, 2])
    out, weights = module(x, h, alive)
    moved, moved_weights = module(x[:, order], h[:, order], alive[:, order])
    torch.testing.assert_close(moved, out[:, order])
    if weights is not None:
        torch.testing.assert_close(moved_weights, weights[:, :, order][..., order])


def test_the_mlp_is_not_equivariant() -> None:
    module, (x, h, alive) = relation("mlp"), objects()
    order = torch.tensor([3, 0, 4, 1, 2])
    out = module(x, h, alive).features
    moved = module(x[:, order], h[:, order], alive).features
    assert (moved - out[:, order])[..., D + E :].abs().max() > 1e-2


def test_the_mlp_shuffles_its_slots_only_in_training_and_only_if_asked() -> None:
    given = objects()
    for training, shuffle, same in [(False, True, True), (True, True, False), (True, False, True)]:
        module = relation("mlp", training)
        module.shuffle = shuffle
        answers = torch.stack([module(*given).features for _ in range(5)])
        assert bool((answers == answers[0]).all()) is same


def test_the_mlp_handles_more_objects_than_slots_in_blocks() -> None:
    module, (x, h, alive) = relation("mlp"), objects(1, 9)  # six slots
    out = module(x, h, alive).features
    first, rest = (module(x[:, s], h[:, s], alive[:, s]).features for s in (slice(6), slice(6, 9)))
    torch.testing.assert_close(out, torch.cat([first, rest], 1))


@every
@pytest.mark.parametrize("garbage", [0.0, 1e6, torch.nan, torch.inf])
def test_absent_objects_change_nothing_for_the_others_and_come_out_zero(
    name: str, garbage: float
) -> None:
    module, (x, h, alive) = relation(name), objects()
    alive[:, 3:] = False  # at the end, where the mlp's slots stay as they are
    present = module(x[:, :3], h[:, :3], alive[:, :3])
    x[:, 3:], h[:, 3:] = garbage, garbage
    out, weights = module(x, h, alive)
    torch.testing.assert_close(out[:, :3], present.features)
    assert torch.all(out[:, 3:] == 0)
    if weights is not None:
        torch.testing.assert_close(weights[:, :, :3, :3], present.weights)
        assert torch.all(weights[..., 3:] == 0)


@every
def test_absent_objects_leave_no_nan_in_gradients(name: str) -> None:
    module, (x, h, alive) = relation(name), objects()
    alive[:, 1] = False
    x[:, 1], h[:, 1] = torch.nan, torch.inf
    x.requires_grad_()
    module(x, h, alive).features.square().sum().backward()
    assert x.grad is not None
    assert torch.all(x.grad[:, 1] == 0)
    assert all(torch.isfinite(p.grad).all() for p in [x, *module.parameters()])


@every
def test_nobody_alive_gives_zero_and_finite_gradients(name: str) -> None:
    module, (x, h, alive) = relation(name), objects()
    alive[0] = False
    x.requires_grad_()
    out, weights = module(x, h, alive)
    assert torch.all(out[0] == 0)
    assert weights is None or torch.all(weights[0] == 0)
    out.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in [x, *module.parameters()])


@every
def test_a_batch_equals_its_items(name: str) -> None:
    module, (x, h, alive) = relation(name), objects(3)
    alive[0, 1] = alive[2, 0] = False
    together = module(x, h, alive).features
    alone = torch.cat([module(x[b : b + 1], h[b : b + 1], alive[b : b + 1])[0] for b in range(3)])
    torch.testing.assert_close(together, alone)


def dependence(name: str) -> Tensor:
    """[N, N] does the output of object i depend on the input of object j?"""
    module, (x, h, alive) = relation(name), objects(1, 4)
    x.requires_grad_()
    out = module(x, h, alive).features
    rows = [
        torch.autograd.grad(out[0, i].square().sum(), x, retain_graph=True)[0] for i in range(4)
    ]
    return torch.stack(rows)[:, 0].abs().sum(-1) > 1e-12


@pytest.mark.parametrize("name", [n for n in EXCHANGING if n != "deepsets-max"])
def test_everybody_hears_everybody(name: str) -> None:
    assert dependence(name).all()


def test_the_maximum_is_somebodys() -> None:
    assert dependence("deepsets-max").sum() > 4


@pytest.mark.parametrize("name", ["none", "self_only"])
def test_controls_exchange_nothing(name: str) -> None:
    assert torch.equal(dependence(name), torch.eye(4, dtype=torch.bool))


@pytest.mark.parametrize("name", WEIGHTED)
def test_attention_rows_sum_to_one_over_the_living(name: str) -> None:
    module, (x, h, alive) = relation(name), objects()
    alive[0, 2] = alive[1, 0] = alive[1, 4] = False
    _, weights = module(x, h, alive)
    assert torch.all(weights >= 0)
    living_rows = weights.transpose(1, 2)[alive]  # [living, heads, N]
    torch.testing.assert_close(living_rows.sum(-1), torch.ones_like(living_rows[..., 0]))


def test_self_only_looks_at_itself_with_the_parameters_of_attention() -> None:
    control, free = relation("self_only"), relation("attention")
    _, weights = control(*objects())
    torch.testing.assert_close(weights, torch.eye(5, dtype=torch.float64).expand(2, 2, 5, 5))
    sizes = [sum(p.numel() for p in m.parameters()) for m in (control, free)]
    assert sizes[0] == sizes[1]
    control.load_state_dict(free.state_dict())
    x, h, alive = objects(2, 1)  # alone, both are the same
    torch.testing.assert_close(control(x, h, alive).features, free(x, h, alive).features)


def test_attention_is_the_formula() -> None:
    """One head, written out: softmax(q k / sqrt(d)) v beside the input."""
    module = AttentionRelation(D, E, WIDTH, 1).double()
    x, h, alive = objects(1, 3)
    own = torch.cat([x, h], -1)[0]
    score = module.query(own) @ module.key(own).T / WIDTH**0.5
    weights = score.exp() / score.exp().sum(1, keepdim=True)
    out = module(x, h, alive)
    torch.testing.assert_close(out.weights[0, 0], weights)
    torch.testing.assert_close(out.features[0], torch.cat([own, weights @ module.value(own)], 1))


def test_none_is_features_and_hidden_side_by_side() -> None:
    x, h, alive = objects()
    torch.testing.assert_close(relation("none")(x, h, alive).features, torch.cat([x, h], -1))


@pytest.mark.parametrize(
    ("pool", "reduce"), [("mean", Tensor.mean), ("sum", Tensor.sum), ("max", Tensor.amax)]
)
def test_deepsets_pools_over_the_present(pool: str, reduce: Callable[..., Tensor]) -> None:
    module, (x, h, alive) = relation(f"deepsets-{pool}"), objects(1)
    alive[0, 2] = False
    own = torch.cat([x, h], -1)[0]
    pooled = reduce(module.embed(own[alive[0]]), 0)
    out = module(x, h, alive).features[0, 0]
    torch.testing.assert_close(out, torch.cat([own[0], module.explain(pooled)]))
