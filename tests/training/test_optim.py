"""Optimisers, the schedule, clipping, and the average of the weights."""

import math

import pytest
import torch
from torch import nn

from mohart.training.optim import (
    CosineSchedule,
    Curriculum,
    WeightAverage,
    clip_gradient,
    make_optimizer,
)

STAGES = ((0.0, 4), (0.25, 8), (0.5, 16))


def with_gradients(*values: list[float]) -> list[nn.Parameter]:
    parameters = [nn.Parameter(torch.zeros(len(v))) for v in values]
    for p, v in zip(parameters, values, strict=True):
        p.grad = torch.tensor(v)
    return parameters


def test_the_schedule_rises_linearly_and_falls_as_half_a_cosine() -> None:
    rate = CosineSchedule(rate=2.0, warmup=4, steps=100, final=0.1)
    falls = [0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * k / 100)) for k in range(101)]
    for k, rise in enumerate([0.25, 0.5, 0.75, 1.0, 1.0]):
        assert rate(k) == pytest.approx(2 * rise * falls[k])
    assert rate(50) == pytest.approx(2 * 0.55)
    assert rate(100) == pytest.approx(0.2)
    assert rate(150) == pytest.approx(0.2)  # past the end it stays
    assert all(rate(k) >= rate(k + 1) for k in range(4, 100))


def test_a_final_share_of_one_keeps_the_rate_and_no_warmup_starts_at_once() -> None:
    rate = CosineSchedule(rate=3.0, warmup=0, steps=10, final=1.0)
    assert {rate(k) for k in range(12)} == {3.0}


@pytest.mark.parametrize("kind", ["adamw", "rmsprop"])
def test_optimisers_go_downhill(kind: str) -> None:
    weight = nn.Parameter(torch.tensor([2.0, -3.0]))
    optimizer = make_optimizer(kind, [weight], rate=0.05, weight_decay=0.0, momentum=0.9)  # type: ignore[arg-type]
    for _ in range(200):
        optimizer.zero_grad()
        weight.square().sum().backward()
        optimizer.step()
    assert weight.abs().max() < 0.5


def test_settings_reach_the_optimiser() -> None:
    weight = nn.Parameter(torch.zeros(1))
    plain = {"rate": 0.1, "weight_decay": 0.2, "momentum": 0.3}
    group = make_optimizer("rmsprop", [weight], **plain).param_groups[0]
    assert (group["lr"], group["weight_decay"], group["momentum"]) == (0.1, 0.2, 0.3)
    assert make_optimizer("adamw", [weight], **plain).param_groups[0]["weight_decay"] == 0.2


@pytest.mark.parametrize(
    ("kind", "limit", "size", "factor"),
    [
        ("norm", 2.5, 5.0, 0.5),  # 3, 0, 4, 0: norm 5
        ("norm", 10.0, 5.0, 1.0),
        ("norm", 0.0, 5.0, 1.0),  # only measures
        ("rms", 0.5, 2.5, 0.2),  # sqrt(25 / 4)
        ("rms", 3.0, 2.5, 1.0),
    ],
)
def test_clipping_rescales_the_whole_gradient(
    kind: str, limit: float, size: float, factor: float
) -> None:
    parameters = [*with_gradients([3.0, 0.0], [4.0, 0.0]), nn.Parameter(torch.zeros(9))]
    assert clip_gradient(parameters, limit, kind) == pytest.approx(size)  # type: ignore[arg-type]
    torch.testing.assert_close(parameters[0].grad, factor * torch.tensor([3.0, 0]))
    torch.testing.assert_close(parameters[1].grad, factor * torch.tensor([4.0, 0]))
    assert parameters[2].grad is None


def test_clipping_reports_what_is_not_finite_and_takes_no_gradients_at_all() -> None:
    assert math.isnan(clip_gradient(with_gradients([math.nan]), 1.0, "norm"))
    assert math.isinf(clip_gradient(with_gradients([math.inf]), 1.0, "norm"))
    assert clip_gradient([nn.Parameter(torch.zeros(2))], 1.0, "norm") == 0


def linear(value: float) -> nn.Module:
    model = nn.Linear(1, 1)
    for p in model.parameters():
        nn.init.constant_(p, value)
    return model


def test_the_average_moves_fast_at_first_and_then_with_its_decay() -> None:
    model = linear(0.0)
    average = WeightAverage(model, 0.9)
    nn.init.constant_(model.weight, 1.0)  # type: ignore[arg-type]
    average.update(model, 0)  # keeps 1/10
    assert float(average.values["weight"]) == pytest.approx(0.9)
    nn.init.constant_(model.weight, 0.0)  # type: ignore[arg-type]
    average.update(model, 10_000)  # keeps 0.9
    assert float(average.values["weight"]) == pytest.approx(0.81)


def test_a_decay_of_zero_follows_the_model_exactly() -> None:
    model = linear(0.25)
    average = WeightAverage(model, 0.0)
    nn.init.constant_(model.weight, 0.7)  # type: ignore[arg-type]
    average.update(model, 50)
    assert torch.equal(average.values["weight"], model.weight.detach())


def test_exchange_swaps_and_swaps_back_and_load_continues() -> None:
    model = linear(1.0)
    average = WeightAverage(model, 0.9)
    nn.init.constant_(model.weight, 5.0)  # type: ignore[arg-type]
    average.exchange(model)
    assert float(model.weight.detach()) == 1.0
    assert float(average.values["weight"]) == 5.0
    average.exchange(model)
    assert float(model.weight.detach()) == 5.0
    other = WeightAverage(linear(9.0), 0.9)
    other.load(average.values)
    assert float(other.values["weight"]) == 1.0
    average.values["weight"] += 1
    assert float(other.values["weight"]) == 1.0  # a copy


@pytest.mark.parametrize(
    ("k", "frames"), [(0, 4), (24, 4), (25, 8), (49, 8), (50, 16), (99, 16), (100, 16), (500, 16)]
)
def test_a_stage_begins_with_its_fraction_of_the_steps(k: int, frames: int) -> None:
    assert Curriculum(STAGES, 100)(k) == frames


def test_lengths_follow_the_stages_whatever_the_number_of_steps() -> None:
    assert [Curriculum(STAGES, 4)(k) for k in range(4)] == [4, 8, 16, 16]
    assert Curriculum(STAGES, 0)(0) == 4
    assert {Curriculum(((0.0, 5),), 10)(k) for k in range(10)} == {5}
