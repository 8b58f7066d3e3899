"""What training minimises: the model is rolled out over a piece of a clip, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mohart.boxes import clip_to_frame, cxcywh_to_xyxy, iou, xyxy_to_cxcywh
from mohart.errors import ConfigError, did_you_mean
from mohart.model import losses
from mohart.model.cell import Prediction
from mohart.model.layers import Listener
from mohart.model.rollout import Sight, roll_out
from mohart.model.state import TrackState
from mohart.model.stethoscopes import Stethoscopes, looked_at
from mohart.model.tracker import MohartModel
from mohart.structures import Clip

TERMS = ("box", "centre", "window", "score", "visibility", "log_iou", "attention", "mask")
SEEN = 0.25  # visibility above which an object counts as visible
SLIVER = 4.0  # pixels; of narrower parts inside the frame nobody draws a box


class Outcome(NamedTuple):
    """The result of one piece of a clip.

    Attributes:
        loss: [] to be minimised.
        iou: [T'] mean IoU per step over visible objects, NaN where there are none.
        terms: unweighted mean of every term.
        state: to go on with, detached.
    """

    loss: Tensor
    iou: Tensor
    terms: dict[str, float]
    state: TrackState


class Objective(nn.Module):
    """Rolls out the model and adds up the terms.

    Args:
        weights: term -> weight; terms that are not named are not computed. `box`, `window`,
            `score`, `visibility` are the default recipe; `centre` adds squared distances;
            `log_iou`, `attention`, `mask` HART's.
        learned: learn the weights (HART: w = v^2; here w = exp(-s), s bounded) instead of fixed.
        hidden_weight: weight of box terms while an object is hidden; 0 ignores those steps.
        blackout: probability that a training step gets no frame, so that coasting is learned.
        forecast: the last so many frames of a training clip are not shown, so that prediction is
            learned; objects do not start again there, nor just before.
        restart: objects whose IoU is below this between two pieces start again at the truth, so
            that the loss stays informative; 0 never restarts.
        restart_chance: share of them that do; the others have to say that they are lost, and to
            be found again.
        jitter: standard deviation of position and log size of boxes that training starts from,
            relative to the size.
        cut: probability that such a box ends at the frame's edge where the object goes on, as
            people draw it; the model then has to let it grow while the object comes in.
        sight: what the model is shown of a frame.
        stethoscopes: read layers on the way; None: there are none.

    Raises:
        ConfigError: a term is unknown.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        learned: bool = False,
        hidden_weight: float = 0.25,
        blackout: float = 0.02,
        forecast: int = 0,
        restart: float = 0.2,
        restart_chance: float = 1.0,
        jitter: tuple[float, float] = (0.03, 0.05),
        cut: float = 0.0,
        sight: Sight = "pixels",
        stethoscopes: Stethoscopes | None = None,
    ) -> None:
        super().__init__()
        for term in weights:
            if term not in TERMS:
                raise ConfigError(f"loss term '{term}' is unknown{did_you_mean(term, TERMS)}")
        self.weights = dict(weights)
        self.hidden_weight, self.blackout, self.restart = hidden_weight, blackout, restart
        self.jitter, self.forecast, self.restart_chance = jitter, forecast, restart_chance
        self.cut, self.sight = cut, sight
        self.log_scales = nn.Parameter(torch.zeros(len(weights))) if learned else None
        self.stethoscopes = stethoscopes

    def begin(self, model: MohartModel, clip: Clip, *, training: bool) -> TrackState:
        """Start from the first frame's boxes, jittered in training as hand-drawn boxes are."""
        boxes = clip.boxes[:, 0]
        if training:
            boxes = self._drawn(boxes, clip)
        return model.start(clip.frames[:, 0], boxes, clip.present[:, 0])

    def forward(
        self,
        model: MohartModel,
        clip: Clip,
        state: TrackState,
        start: int,
        stop: int,
        *,
        training: bool,
        first: Mapping[str, Tensor] | None = None,
    ) -> Outcome:
        """Judge frames `start <= t < stop`.

        Args:
            model: rolled out.
            clip: a batch.
            state: after frame `start - 1`.
            start: first frame to predict, >= 1.
            stop: one past the last.
            training: use blackout and forecast.
            first: what stethoscopes heard of the first look, to be counted here.

        Raises:
            ConfigError: the forecast leaves no later frame of the clip to look at.
        """
        sums: dict[str, Tensor] = {}
        read = {name: [value] for name, value in (first or {}).items()}
        overlaps = []
        hidden_from = self._hidden_from(clip) if training else stop

        def shown(t: int) -> bool:
            blackout = training and t < hidden_from and float(torch.rand(())) < self.blackout
            return t < hidden_from and not blackout

        with self._listener(model) as listener:
            for t, before, said, after in roll_out(
                model, clip, state, start, stop, shown=shown, sight=self.sight
            ):
                state = after
                for name, value in self._judge(said, before, clip, t).items():
                    sums[name] = sums.get(name, value.new_zeros(())) + value / (stop - start)
                for name, value in self._listen(listener, before, clip, t).items():
                    read.setdefault(name, []).append(value)
                overlap = iou(said.boxes.detach(), clip.boxes[:, t])
                counted = clip.present[:, t] & (clip.visibility[:, t] > SEEN) & clip.present[:, 0]
                overlaps.append(overlap[counted].mean())
        loss = torch.zeros((), device=clip.boxes.device)
        for k, (name, weight) in enumerate(self.weights.items()):
            if name not in sums:
                continue
            if self.log_scales is None:
                loss = loss + weight * sums[name]
            else:
                s = self.log_scales[k].clamp(-4, 4)
                loss = loss + weight * sums[name] * torch.exp(-s) + s
        told = {name: torch.stack(values).mean() for name, values in read.items()}
        for value in told.values():
            loss = loss + value
        terms = {name: float(value.detach()) for name, value in {**sums, **told}.items()}
        return Outcome(loss, torch.stack(overlaps), terms, state.detach())

    def groups(self, model: MohartModel) -> list[list[nn.Parameter]]:
        """What is learned: the model with the weights of the terms, and the stethoscopes."""
        scopes = [] if self.stethoscopes is None else list(self.stethoscopes.parameters())
        scales = [] if self.log_scales is None else [self.log_scales]
        main = [*(p for p in model.parameters() if p.requires_grad), *scales]
        return [main, scopes] if scopes else [main]

    def pieces(self, model: MohartModel, clip: Clip, chunk: int) -> Iterator[Outcome]:
        """Roll out a clip in pieces of `chunk` frames with carried state.

        The caller may update the weights between two pieces: gradients stop at their border. A
        piece in which no term can be computed (a blackout with `score` alone) is left out.
        """
        with self._listener(model) as listener:
            state = self.begin(model, clip, training=True)
            first = self._listen(listener, state, clip, 0)
        length = clip.frames.shape[1]
        for start in range(1, length, chunk):
            stop = min(start + chunk, length)
            outcome = self(model, clip, state, start, stop, training=True, first=first)
            first = {}
            if outcome.loss.requires_grad:  # nothing to learn where every term was left out
                yield outcome
            state = outcome.state
            if stop < self._hidden_from(clip):
                state = self.revive(model, clip, state, stop - 1)

    def revive(self, model: MohartModel, clip: Clip, state: TrackState, t: int) -> TrackState:
        """Put objects that were lost back on the truth of frame t, keeping what they remember."""
        if self.restart <= 0:
            return state
        with torch.no_grad():
            good = clip.present[:, t] & (clip.visibility[:, t] > SEEN)
            lost = good & state.alive & (iou(state.boxes, clip.boxes[:, t]) < self.restart)
            if self.restart_chance < 1:
                lost &= torch.rand(lost.shape, device=lost.device) < self.restart_chance
            if not bool(lost.any()):
                return state
            boxes = torch.where(lost[..., None], self._drawn(clip.boxes[:, t], clip), state.boxes)
            again = state._replace(
                boxes=boxes, windows=model.aim(boxes), velocity=torch.zeros_like(state.velocity)
            )
            return state.replace_where(lost, again)

    def _listener(self, model: MohartModel) -> Listener:
        return Listener(model, () if self.stethoscopes is None else self.stethoscopes.layers)

    def _listen(
        self, listener: Listener, before: TrackState, clip: Clip, t: int
    ) -> dict[str, Tensor]:
        """What the stethoscopes are worth in a step: objects that the window looks at count."""
        if self.stethoscopes is None:
            return {}
        looked = looked_at(before.windows.detach(), clip.boxes[:, t])
        counts = clip.present[:, t] & before.alive & looked
        heard = listener.take(*before.alive.shape)
        found: dict[str, Tensor] = self.stethoscopes(heard, clip, t, counts)
        return found

    def _hidden_from(self, clip: Clip) -> int:
        """The first frame that is not shown in training; the clip's length where all are."""
        return self.hidden_from(clip.frames.shape[1])

    def hidden_from(self, length: int) -> int:
        """The first frame of a training clip that is not shown; `length` where all are.

        Raises:
            ConfigError: the forecast leaves no later frame of such a clip to look at.
        """
        if self.forecast and self.forecast > length - 2:
            raise ConfigError(
                f"loss.forecast: {self.forecast} of {length} frames leave fewer than 2 to look at; "
                "train on longer clips (train.lengths) or forecast less"
            )
        return length - self.forecast

    def _drawn(self, boxes: Tensor, clip: Clip) -> Tensor:
        """Boxes [B, N, 4] as a person might draw them."""
        box = xyxy_to_cxcywh(boxes)
        place = box[..., :2] + torch.randn_like(box[..., :2]) * self.jitter[0] * box[..., 2:]
        size = box[..., 2:] * torch.exp(torch.randn_like(box[..., 2:]) * self.jitter[1])
        result: Tensor = cxcywh_to_xyxy(torch.cat([place, size], -1))
        if self.cut > 0:
            inside = clip_to_frame(result, clip.frames.shape[3], clip.frames.shape[2])
            some = (inside[..., 2:] - inside[..., :2]).amin(-1) >= SLIVER
            cut = some & (torch.rand(some.shape, device=some.device) < self.cut)
            result = torch.where(cut[..., None], inside, result)
        return result

    def _judge(self, said: Prediction, before: TrackState, clip: Clip, t: int) -> dict[str, Tensor]:
        truth, present = clip.boxes[:, t], clip.present[:, t] & before.alive
        visible = present & (clip.visibility[:, t] > SEEN)
        weight = visible.float() + self.hidden_weight * (present & ~visible).float()
        seen = visible & (iou(said.boxes.detach(), truth) > 0.3)
        terms: dict[str, Tensor] = {}
        for name in self.weights:
            match name:
                case "box":
                    terms[name] = losses.box_loss(said.boxes, truth, weight)
                case "centre":
                    terms[name] = losses.centre_loss(said.boxes, truth, weight)
                case "window":
                    terms[name] = losses.window_loss(said.windows, truth, weight)
                case "score" if said.scores is not None and said.grid is not None:
                    terms[name] = losses.score_loss(
                        said.scores,
                        said.grid,
                        said.windows.detach(),
                        before.boxes.detach(),
                        truth,
                        visible,
                        present.float(),
                    )
                case "visibility":
                    everyone = before.alive.float()
                    terms[name] = losses.visibility_loss(said.visibility, seen.float(), everyone)
                case "log_iou":
                    terms[name] = losses.log_iou_loss(said.boxes, truth, visible.float())
                case "attention":
                    terms[name] = losses.attention_loss(
                        said.windows, truth, visible.float(), before.frame
                    )
                case "mask" if said.mask is not None:
                    terms[name] = losses.mask_loss(
                        said.mask, said.windows.detach(), truth, visible.float()
                    )
        return terms
