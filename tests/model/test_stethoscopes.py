"""Stethoscopes on the layers of a whole model, in the objective."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.config import slots
from mohart.errors import ConfigError
from mohart.facts import WIDTH, find_fact
from mohart.model.layers import LAYERS, LOOKING, Listener, layer_width
from mohart.model.objective import Objective
from mohart.model.stethoscopes import Placed, Stethoscopes, label_loss, looked_at
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

B, T, N = 2, 4, 3


def model(relation: slots.RelationConfig | None = None) -> MohartModel:
    torch.manual_seed(0)
    return build_model(
        slots.ModelConfig(
            glimpse=slots.BilinearConfig(size=16),
            encoder=slots.CnnConfig(width=16, blocks=0),
            appearance=slots.NoAppearanceConfig(channels=8),
            relation=relation or slots.AttentionConfig(width=8, heads=2),
            heads=slots.LocaliseConfig(width=8),
            refine=slots.NoRefinementConfig(),
            claims=False,
            discriminate=0,
            features=8,
            hidden=8,
        )
    )


def clip() -> Clip:
    generator = torch.Generator().manual_seed(1)
    frames = torch.randint(0, 256, (B, T, 40, 56, 3), dtype=torch.uint8, generator=generator)
    boxes = torch.tensor([[5.0, 5, 15, 25], [30, 10, 50, 30], [20, 20, 30, 35]])
    facts = torch.rand(B, T, N, WIDTH, generator=generator)
    facts[..., find_fact("hidden")[1]] = (facts[..., find_fact("hidden")[1]] > 0.5).float()
    present = torch.ones(B, T, N, dtype=torch.bool)
    return Clip(frames, boxes.repeat(B, T, 1, 1), present.float(), present, facts)


def objective(*placed: Placed, sight: str = "pixels") -> Objective:
    scopes = None
    if placed:
        scopes = Stethoscopes(placed, [layer_width(model(), p.layer) for p in placed], seed=5)
    return Objective(
        {"box": 1.0, "score": 0.3},
        blackout=0.0,
        restart=0.0,
        sight=sight,  # type: ignore[arg-type]
        stethoscopes=scopes,
    )


def gradients(of: MohartModel, loss: Tensor) -> dict[str, Tensor]:
    of.zero_grad(set_to_none=True)
    loss.backward()
    return {k: p.grad.clone() for k, p in of.named_parameters() if p.grad is not None}


def first_loss(net: MohartModel, goal: Objective) -> Tensor:
    torch.manual_seed(3)
    return next(iter(goal.pieces(net, clip(), chunk=T))).loss


@pytest.mark.parametrize(
    "relation",
    [
        slots.NoRelationConfig(),
        slots.MlpConfig(width=4, slots=4),
        slots.DeepSetsConfig(width=4),
        slots.SabConfig(width=8, heads=2),
    ],
    ids=lambda r: r.kind,
)
def test_every_layer_is_heard_with_its_width(relation: slots.RelationConfig) -> None:
    net, shown = model(relation), clip()
    state = net.start(shown.frames[:, 0], shown.boxes[:, 0])
    with Listener(net, LAYERS) as listener:
        net.step(shown.frames[:, 1], state)
        heard = listener.take(B, N)
        assert listener.take(B, N) == {}
        net.step(None, state)
        assert heard.keys() - listener.take(B, N).keys() == set(LOOKING)
    assert {k: v.shape for k, v in heard.items()} == {
        layer: (B, N, layer_width(net, layer)) for layer in LAYERS
    }
    net.step(shown.frames[:, 1], state)
    assert listener.take(B, N) == {}, "hooks are removed"


@pytest.mark.slow
def test_lambda_zero_leaves_the_gradient_of_the_network_as_it_is_bit_by_bit() -> None:
    net = model()
    plain = gradients(net, first_loss(net, objective()))
    placed = [Placed(layer, "size", 0.0) for layer in LAYERS]
    goal = objective(*placed, Placed("memory", "hidden", 0.0))
    heard = gradients(net, first_loss(net, goal))
    assert plain.keys() == heard.keys()
    assert all(torch.equal(plain[k], heard[k]) for k in plain)
    assert goal.stethoscopes is not None
    assert all(p.grad is not None for p in goal.stethoscopes.parameters())


def test_lambda_adds_that_much_of_the_stethoscopes_gradient() -> None:
    net = model()
    found = {
        weight: gradients(net, first_loss(net, objective(Placed("encoder", "size", weight))))
        for weight in (0.0, 1.0, -2.0)
    }
    name = "cell.encoder.lateral.weight"
    with_it, against = found[1.0][name] - found[0.0][name], found[-2.0][name] - found[0.0][name]
    assert with_it.abs().max() > 1e-6
    torch.testing.assert_close(against, -2 * with_it, rtol=1e-3, atol=1e-6)
    behind = "cell.memory.cell.weight_hh"  # what comes after the layer hears nothing of it
    assert torch.equal(found[0.0][behind], found[1.0][behind])


def test_with_true_boxes_a_looking_layer_is_heard_at_the_first_look() -> None:
    net, goal = model(), objective(Placed("appearance", "size", 0.0), sight="boxes")
    pieces = list(goal.pieces(net, clip(), chunk=2))
    assert "appearance.size" in pieces[0].terms
    assert "appearance.size" not in pieces[1].terms


def test_the_schedule() -> None:
    rising = Placed("memory", "size", -1.0, begin=0.25, full=0.75)
    assert [rising.share(x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0, 0, -0.5, -1, -1]
    at_once = Placed("memory", "size", 2.0, begin=0.5)
    assert [at_once.share(x) for x in (0.0, 0.49, 0.5)] == [0, 0, 2]


def test_unknown_labels_and_unseen_objects_do_not_count() -> None:
    shown = clip()
    assert shown.facts is not None
    column = find_fact("size")[1].start
    shown.facts[:, :, 0, column] = float("nan")
    scopes = Stethoscopes([Placed("memory", "size", 0.0)], [8], seed=0)
    heard = torch.randn(B, N, 8)
    counts = torch.ones(B, N, dtype=torch.bool)
    counts[:, 1] = False
    usual = scopes({"memory": heard}, shown, 1, counts)
    heard[:, :2] = 1e3  # of both that do not count
    again = scopes({"memory": heard}, shown, 1, counts)
    assert torch.equal(usual["memory.size"], again["memory.size"])
    assert scopes({"memory": heard}, shown, 1, torch.zeros_like(counts)) == {}


def test_losses_of_classes_and_numbers() -> None:
    known = torch.tensor([[1.0, 0.0]])
    classes = label_loss(
        torch.tensor([[[0.0, 2.0], [9.0, 0.0]]]), torch.tensor([[[1.0], [1.0]]]), known, classes=2
    )
    torch.testing.assert_close(classes, torch.log(1 + torch.exp(torch.tensor(-2.0))))
    numbers = label_loss(
        torch.tensor([[[3.0], [0.0]]]), torch.tensor([[[1.0], [float("nan")]]]), known, classes=0
    )
    torch.testing.assert_close(numbers, torch.tensor(1.5))  # |3 - 1| - 0.5


def test_an_object_is_looked_at_where_the_window_shows_its_middle() -> None:
    windows = torch.tensor([[[0.0, 0, 20, 20], [0, 0, 20, 20]]])
    boxes = torch.tensor([[[15.0, 5, 20, 10], [18, 0, 28, 10]]])
    assert looked_at(windows, boxes).tolist() == [[True, False]]


def test_mistakes_are_told() -> None:
    with pytest.raises(ConfigError, match=r"glimpse\.size: nothing learns before the glimpse"):
        Stethoscopes([Placed("glimpse", "size", -0.1)], [192], seed=0)
    with pytest.raises(ConfigError, match="label 'colour' is unknown"):
        Stethoscopes([Placed("memory", "colour", 0.0)], [8], seed=0)
    scopes = Stethoscopes([Placed("memory", "size", 0.0)], [8], seed=0)
    with pytest.raises(ConfigError, match=r"memory\.size: the clips .* do not tell 'size'"):
        scopes.check_known([clip()._replace(facts=None)])
    scopes.check_known([clip()])


def test_a_stethoscope_uses_up_no_random_number() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, two = (Stethoscopes([Placed("memory", "size", 0.0)], [8], seed=s) for s in (1, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
