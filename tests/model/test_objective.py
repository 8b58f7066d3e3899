"""The objective: which frames are judged, what is added up, who starts again."""

from collections.abc import Mapping
from functools import partial

import pytest
import torch
from torch import Tensor

from mohart.assembly.model import build_model
from mohart.boxes import iou
from mohart.config import slots
from mohart.errors import ConfigError
from mohart.model import losses
from mohart.model.cell import Prediction
from mohart.model.objective import TERMS, Objective
from mohart.model.state import TrackState
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

HEIGHT, WIDTH, LENGTH = 40, 56, 8
seeing = partial(Objective, blackout=0.0)  # every frame is shown, unless a test takes one away
RECIPE = {"box": 1.0, "window": 0.3, "score": 0.3, "visibility": 0.2}


class Recorder(MohartModel):
    """Remembers which frames it was shown: frame t carries t in its corner pixel."""

    def __init__(self, model: MohartModel) -> None:
        super().__init__(model.cell)
        self.shown: list[int | None] = []

    def step(self, frames: Tensor | None, state: TrackState) -> tuple[Prediction, TrackState]:
        self.shown.append(None if frames is None else int(frames[0, 0, 0, 0]))
        return super().step(frames, state)


def recorder(appearance: object = None, heads: object = None) -> Recorder:
    torch.manual_seed(0)
    return Recorder(
        build_model(
            slots.ModelConfig(
                glimpse=slots.BilinearConfig(size=16),
                encoder=slots.CnnConfig(width=16),
                appearance=appearance or slots.NoAppearanceConfig(channels=8),  # type: ignore[arg-type]
                relation=slots.AttentionConfig(width=8, heads=2),
                heads=heads or slots.LocaliseConfig(width=8),
                features=8,
                hidden=8,  # type: ignore[arg-type]
            )
        )
    )


def clip() -> Clip:
    """Object 0 moves right, 1 stands still, 2 is hidden after frame 3, 3 is padding."""
    frames = torch.randint(0, 256, (2, LENGTH, HEIGHT, WIDTH, 3), dtype=torch.uint8)
    frames[:, :, 0, 0] = torch.arange(LENGTH)[:, None].to(torch.uint8)
    boxes = torch.tensor([[5.0, 5, 15, 25], [30, 10, 50, 30], [20, 20, 30, 35], [0, 0, 0, 0]])
    boxes = boxes.repeat(2, LENGTH, 1, 1)
    boxes[:, :, 0, 0::2] += 2.0 * torch.arange(LENGTH)[:, None]
    present = torch.ones(2, LENGTH, 4, dtype=torch.bool)
    present[:, :, 3] = False
    visibility = present.float()
    visibility[:, 4:, 2] = 0.0
    return Clip(frames, boxes, visibility, present)


@pytest.mark.slow
def test_pieces_cover_all_later_frames_once_and_in_order() -> None:
    for chunk in (1, 3, 7, 100):
        model, data = recorder(), clip()
        outcomes = list(seeing(RECIPE, restart=0).pieces(model, data, chunk))
        assert model.shown == [1, 2, 3, 4, 5, 6, 7]
        assert [len(o.iou) for o in outcomes] == [
            min(chunk, 7 - start) for start in range(0, 7, chunk)
        ]


@pytest.mark.slow
def test_gradients_stop_at_the_border_of_a_piece() -> None:
    for outcome in seeing(RECIPE).pieces(recorder(), clip(), 3):
        assert outcome.loss.requires_grad
        assert not any(x.requires_grad for x in outcome.state.tensors())
        outcome.loss.backward()  # a shared graph would fail on the second piece


def test_the_weights_may_be_updated_between_two_pieces() -> None:
    model, data = recorder(), clip()
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    for outcome in seeing(RECIPE).pieces(model, data, 3):
        optimizer.zero_grad()
        outcome.loss.backward()
        optimizer.step()


def outcome_of(weights: Mapping[str, float], **settings: object):
    model, data = recorder(slots.DynamicFiltersConfig(channels=3)).eval(), clip()
    objective = seeing(weights, **settings)  # type: ignore[arg-type]
    state = objective.begin(model, data, training=False)
    return objective, objective(model, data, state, 1, 5, training=False)


def test_the_loss_is_the_weighted_sum_of_the_terms() -> None:
    weights = {name: 0.5 + k for k, name in enumerate(TERMS)}
    _, outcome = outcome_of(weights)
    assert set(outcome.terms) == set(TERMS)
    expected = sum(weights[name] * value for name, value in outcome.terms.items())
    assert float(outcome.loss.detach()) == pytest.approx(expected, rel=1e-5)


def test_terms_that_are_not_named_are_not_computed() -> None:
    assert set(outcome_of({"box": 1.0})[1].terms) == {"box"}


def test_hidden_objects_count_less_and_absent_ones_not_at_all() -> None:
    """One step, where object 2 is hidden and object 3 is padding."""
    model, data = recorder().eval(), clip()
    for hidden_weight in (0.0, 0.25):
        objective = seeing({"box": 1.0}, hidden_weight=hidden_weight)
        with torch.no_grad():
            state = objective.begin(model, data, training=False)
            outcome = objective(model, data, state, 5, 6, training=False)
            said, _ = model.step(data.frames[:, 5], state)
        weight = torch.tensor([1.0, 1, hidden_weight, 0]).expand(2, -1)
        expected = losses.box_loss(said.boxes, data.boxes[:, 5], weight)
        torch.testing.assert_close(outcome.loss, expected)


def test_the_reported_iou_is_that_of_visible_objects_and_nan_without_any() -> None:
    model, data = recorder().eval(), clip()
    data.present[:, 6] = False
    objective = seeing({"box": 1.0})
    with torch.no_grad():
        state = objective.begin(model, data, training=False)
        outcome = objective(model, data, state, 5, 7, training=False)
        said, _ = model.step(data.frames[:, 5], state)
    expected = iou(said.boxes[:, :2], data.boxes[:, 5, :2]).mean()
    torch.testing.assert_close(outcome.iou[0], expected)
    assert torch.isnan(outcome.iou[1])
    assert torch.isfinite(outcome.loss)


@pytest.mark.slow
def test_a_clip_without_any_object_gives_a_zero_loss_and_finite_gradients() -> None:
    model, data = recorder(), clip()
    data.present[:] = False
    for outcome in seeing(RECIPE).pieces(model, data, 4):
        outcome.loss.backward()
        assert float(outcome.loss.detach()) == 0
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.slow
@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("heads", ["localise", "direct"])
def test_every_term_can_be_trained_alone_also_through_blackouts(term: str, heads: str) -> None:
    """A part that lacks what a term needs leaves it out; the piece can still be trained on."""
    kinds = {"localise": slots.LocaliseConfig(width=8), "direct": slots.DirectConfig(width=8)}
    model = recorder(heads=kinds[heads])
    for blackout in (0.0, 1.0):
        for outcome in Objective({term: 1.0}, blackout=blackout).pieces(model, clip(), 4):
            outcome.loss.backward()


def test_an_unknown_term_is_named_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="'boxx' is unknown; did you mean 'box'"):
        seeing({"boxx": 1.0})


def test_learned_weights_are_an_uncertainty_per_term() -> None:
    """w t exp(-s) + s, at s = 0: the same loss, gradient 1 - w t."""
    weights = {"box": 2.0, "window": 0.5}
    _, fixed = outcome_of(weights)
    objective, learned = outcome_of(weights, learned=True)
    torch.testing.assert_close(learned.loss, fixed.loss)
    assert [p.shape for p in objective.parameters()] == [(2,)]
    learned.loss.backward()
    assert objective.log_scales is not None
    expected = [1 - weights[name] * learned.terms[name] for name in weights]
    torch.testing.assert_close(objective.log_scales.grad, torch.tensor(expected))
    assert not list(seeing(weights).parameters())


@pytest.mark.parametrize("training", [True, False])
def test_blackout_takes_frames_away_only_in_training(training: bool) -> None:
    model, data = recorder(), clip()
    objective = Objective(RECIPE, blackout=1.0)
    state = objective.begin(model, data, training=False)
    objective(model, data, state, 1, 4, training=training)
    assert model.shown == ([None] * 3 if training else [1, 2, 3])


def test_the_last_frames_of_a_training_clip_are_not_shown_but_judged() -> None:
    for chunk in (3, 100):
        model, data = recorder(), clip()
        outcomes = list(seeing(RECIPE, forecast=3).pieces(model, data, chunk))
        assert model.shown == [1, 2, 3, 4, None, None, None]
        assert sum(len(o.iou) for o in outcomes) == 7
        assert all("box" in o.terms for o in outcomes)
    model, data = recorder(), clip()
    objective = seeing(RECIPE, forecast=3)
    state = objective.begin(model, data, training=False)
    objective(model, data, state, 1, 8, training=False)
    assert None not in model.shown


def test_a_forecast_is_never_put_back_on_the_truth() -> None:
    """Pieces of 2 frames; frames 5, 6 and 7 are hidden; everything is lost all the time."""
    model, data = recorder(), clip()
    data.boxes[:, 1:] += 500
    objective = seeing(RECIPE, forecast=3, restart=0.2)
    asked: list[int] = []
    objective.revive = lambda model, clip, state, t: (asked.append(t), state)[1]  # type: ignore
    list(objective.pieces(model, data, 2))
    assert asked == [2]


def test_a_forecast_must_leave_frames_to_look_at() -> None:
    with pytest.raises(ConfigError, match=r"loss\.forecast: 7 of 8 frames leave fewer than 2"):
        next(seeing(RECIPE, forecast=7).pieces(recorder(), clip(), 4))


def test_training_starts_from_jittered_boxes_and_judging_from_the_given_ones() -> None:
    model, data = recorder(), clip()
    objective = seeing(RECIPE, jitter=(0.05, 0.1))
    exact = objective.begin(model, data, training=False)
    assert torch.equal(exact.boxes[:, :3], data.boxes[:, 0, :3])
    assert torch.equal(exact.alive, data.present[:, 0])
    loose = objective.begin(model, data, training=True).boxes[:, :3]
    overlap = iou(loose, data.boxes[:, 0, :3])
    assert torch.all(overlap < 1)
    assert torch.all(overlap > 0.4)
    none = seeing(RECIPE, jitter=(0, 0)).begin(model, data, training=True)
    torch.testing.assert_close(none.boxes[:, :3], data.boxes[:, 0, :3])


def test_boxes_may_end_at_the_frame_where_training_starts() -> None:
    model, data = recorder(), clip()
    width = data.frames.shape[3]
    data.boxes[:, 0, 0] = torch.tensor([-10.0, 5.0, 10.0, 25.0])
    data.boxes[:, 0, 1] = torch.tensor([width - 2.0, 5.0, width + 30.0, 25.0])  # a sliver
    for share, left in ((0.0, -10.0), (1.0, 0.0)):
        objective = seeing(RECIPE, jitter=(0, 0), cut=share)
        started = objective.begin(model, data, training=True).boxes
        assert torch.equal(started[:, 0, 0], torch.full((len(started),), left))
        torch.testing.assert_close(started[:, 1], data.boxes[:, 0, 1])
        exact = objective.begin(model, data, training=False).boxes
        torch.testing.assert_close(exact[:, 0], data.boxes[:, 0, 0])


def lost_state(model: MohartModel, data: Clip) -> TrackState:
    """All objects but 1 are far from the truth of frame 5, with a velocity."""
    with torch.no_grad():
        state = model.start(data.frames[:, 0], data.boxes[:, 5], data.present[:, 5])
    boxes = state.boxes + 300 * torch.tensor([1.0, 0, 1, 1])[:, None]
    return state._replace(boxes=boxes, velocity=torch.ones_like(state.velocity))


def test_revive_puts_lost_visible_objects_back_and_leaves_the_others_alone() -> None:
    model, data = recorder().eval(), clip()
    state = lost_state(model, data)
    after = seeing(RECIPE, restart=0.2, jitter=(0, 0)).revive(model, data, state, 5)
    torch.testing.assert_close(after.boxes[:, 0], data.boxes[:, 5, 0])
    fresh = model.aim(data.boxes[:, 5, 0])
    torch.testing.assert_close(after.windows[:, 0], fresh)
    assert torch.all(after.velocity[:, 0] == 0)
    for field in ("boxes", "windows", "velocity"):  # 1 is well, 2 is hidden, 3 is padding
        assert torch.equal(getattr(after, field)[:, 1:], getattr(state, field)[:, 1:])
    for a, b in zip(after.tensors()[3:], state.tensors()[3:], strict=True):
        assert torch.equal(a, b)  # it remembers what it saw


def test_revive_can_be_turned_off_and_does_nothing_when_nobody_is_lost() -> None:
    model, data = recorder().eval(), clip()
    state = lost_state(model, data)
    assert seeing(RECIPE, restart=0).revive(model, data, state, 5) is state
    well = state._replace(boxes=data.boxes[:, 5])
    assert seeing(RECIPE, restart=0.2).revive(model, data, well, 5) is well


def test_only_a_share_of_the_lost_is_put_back() -> None:
    model, data = recorder().eval(), clip()
    state = lost_state(model, data)
    never = seeing(RECIPE, restart=0.2, restart_chance=0.0).revive(model, data, state, 5)
    assert never is state
    torch.manual_seed(0)
    half = seeing(RECIPE, restart=0.2, restart_chance=0.5)
    back = [half.revive(model, data, state, 5) is not state for _ in range(60)]
    assert 20 < sum(back) < 60


def test_pieces_go_on_with_revived_objects() -> None:
    model, data = recorder(), clip()
    data.boxes[:, 4:, 1] = torch.tensor([3.0, 3, 10, 10])  # jumps away
    best = {}
    for restart in (0.0, 0.2):
        torch.manual_seed(0)
        pieces = seeing({"box": 1.0}, restart=restart, jitter=(0, 0)).pieces(model, data, 4)
        first, second = list(pieces)
        assert iou(first.state.boxes[:, 1], data.boxes[:, 4, 1]).max() < 0.2
        best[restart] = float(iou(second.state.boxes[:, 1], data.boxes[:, 7, 1]).mean())
    assert best[0.2] > best[0.0] + 0.1
