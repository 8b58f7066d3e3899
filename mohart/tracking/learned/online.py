"""The learned tracker's inside: what the network sees, reconciled with what a detector says.

In every frame the network looks for everybody it follows. Where a detector was asked, too, its
boxes are matched with them: matched ones correct box, window and templates; tracks without one lose
belief, less so where something is in front of them; boxes that nobody explains are somebody who
comes back, or somebody new.

Axis letters: N tracks (rows of state and roster alike), M detections.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.boxes import iou
from mohart.model.state import TrackState, concat
from mohart.model.tracker import MohartModel
from mohart.structures import (
    BORN,
    DROPPED,
    ENDED,
    MATCHED,
    TENTATIVE,
    Detections,
    Fates,
    TrackedObjects,
)
from mohart.tracking.learned import association, correction
from mohart.tracking.learned.absent import Absent, Away
from mohart.tracking.learned.looks import blend_looks, describe_looks, describe_templates
from mohart.tracking.learned.roster import INDEPENDENT, TENTATIVE_ID, Knobs, Roster
from mohart.tracking.learned.sight import Calibration, running_mean

Frame = NDArray[np.uint8]
Boxes = NDArray[np.float32]
CHANGED = 0.75  # IoU with its detection under which an object is looked at afresh
RENEW = 30  # frames after which it is anyway


class OnlineTracking:
    """One video.

    Args:
        model: in evaluation mode.
        device: where it computes.
        knobs: how detections are used.
        calibration: from what the network says to the probability that it is so.
    """

    def __init__(
        self, model: MohartModel, device: torch.device, knobs: Knobs, calibration: Calibration
    ) -> None:
        self._model, self._device = model, device
        self._knobs, self._calibration = knobs, calibration
        self.roster = Roster(knobs)
        self._absent = Absent(knobs.remember_frames)
        self._error = correction.DetectorError(knobs.drift)
        self._state: TrackState | None = None
        self._visibility = np.zeros(0)
        self._confidence = np.zeros(0, np.float32)
        self._said = np.zeros(0, "<U9")
        self._asked: int | None = None  # when the detector was asked last

    def give(self, frame: Frame, boxes: Boxes, ids: NDArray[np.int64]) -> None:
        """Objects that a person has drawn."""
        self._append(self._start(frame, boxes))
        self.roster.give(ids)
        self.roster.looks[:] = describe_looks(frame, boxes)
        self._visibility = np.ones(len(ids))

    @property
    def boxes(self) -> NDArray[np.float32]:
        """[N, 4]."""
        if self._state is None:
            return np.zeros((0, 4), np.float32)
        return self._state.boxes[0].cpu().numpy().astype(np.float32)

    def look(self, frame: Frame | None) -> None:
        """One frame further; None coasts."""
        if self._state is None or not len(self.roster):
            return
        picture = None if frame is None else self._tensor(frame)
        said, self._state = self._model.step(picture, self._state)
        if frame is None:  # nothing can be seen: predicted at best, with falling confidence
            life = self.roster.lifecycle
            ceiling = 0.99 * (life.seen - life.margin)
            self._visibility = np.minimum(life.decay * self._visibility, ceiling)
            return
        logit = said.visibility[0].cpu().numpy().astype(np.float64)
        self.roster.mean_logit = running_mean(self.roster.mean_logit, logit)
        similar = np.zeros(len(logit))
        if self._calibration.looks:
            now = describe_looks(frame, self.boxes)
            similar = (now * self.roster.looks).sum(1).astype(np.float64)
        self._visibility = self._calibration.probability(logit, self.roster.mean_logit, similar)
        seen = (self._visibility >= self.roster.lifecycle.seen) | ~self.roster.given  # those end
        self._state, self.roster.size = correction.hold_sizes(self._state, self.roster.size, seen)

    def settle(self, size: tuple[int, int]) -> None:
        """States and confidences of this frame, after all that was seen of it."""
        self._confidence, self._said = self.roster.lifecycle.update(
            self.boxes, self._visibility, *size
        )

    def reconcile(
        self, frame: Frame, found: Detections, now: int
    ) -> tuple[Fates, NDArray[np.int64]]:
        """Take in what a detector says about the frame that was looked at.

        Args:
            frame: uint8 [H, W, 3].
            found: M detections.
            now: frame of the clock.

        Returns:
            Fates [M], and [N] which detection fed each track, -1: none; tracks born here included.
        """
        gap = INDEPENDENT if self._asked is None else now - self._asked
        self._asked = now
        self._absent.forget(now)
        kept, why = association.sift(found, self._knobs.min_score, self._knobs.duplicate_overlap)
        kind = np.full(len(found), DROPPED, "<U9")
        owner = np.full(len(found), TENTATIVE_ID)
        self.roster.template_age += gap
        rows, columns = self._match(frame, found, kept, gap)
        source = np.full(len(self.roster), -1, np.int64)
        source[rows] = kept[columns]
        left = self._unexplained(found, np.setdiff1d(kept, source[rows]), source >= 0, why)
        returned, born = self._welcome(frame, found, left, gap, now)
        source = np.concatenate([source, returned, born])
        fed = np.flatnonzero(source >= 0)
        for row in fed:
            self.roster.vote(int(row), int(found.class_id[source[row]]))
        fresh = self.roster.confirm()
        owner[source[fed]] = self.roster.tracker_id[fed]
        kind[source[fed]] = np.where(self.roster.confirmed[fed], MATCHED, TENTATIVE)
        kind[source[fresh & (source >= 0)]] = BORN
        return Fates(kind, owner, why.astype(np.str_)), source

    def dismiss(
        self, now: int, source: NDArray[np.int64]
    ) -> tuple[TrackedObjects, NDArray[np.int64]]:
        """Take out who is lost or not believed.

        Returns:
            What is said of them a last time, and `source` of the others.
        """
        roster = self.roster
        gone = roster.hopeless() | roster.out_of_sight()
        last = self._objects(gone & roster.confirmed, source)
        if gone.any() and self._state is not None:
            for row in np.flatnonzero(gone & roster.confirmed):
                one = self._state.select(torch.tensor([row], device=self._device))
                template = describe_templates(one.memories[0][0])[0]
                away = Away(one, roster.looks[row], template, roster.votes[row], now)
                self._absent.leave(int(roster.tracker_id[row]), away)
            self._keep(~gone)
        return replace(last, state=np.full(len(last), ENDED)), source[~gone]

    def answer(
        self, source: NDArray[np.int64], fates: Fates | None, ended: TrackedObjects | None
    ) -> TrackedObjects:
        """What is said about this frame."""
        said = self._objects(np.ones(len(self.roster), bool), source)
        state = np.where(self.roster.confirmed, said.state, TENTATIVE)
        said = replace(said, state=state, fates=fates)
        return said if ended is None else said + ended

    def _match(
        self, frame: Frame, found: Detections, kept: NDArray[np.int64], gap: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Feed tracks with detections; rows, and columns of `kept`."""
        roster, chosen = self.roster, found.select(kept)
        looks = describe_looks(frame, chosen.xyxy)
        boxes = self.boxes.astype(np.float64)
        hidden = roster.lifecycle.hidden_frames + (self._visibility < roster.lifecycle.seen)
        tracks = association.Tracked(boxes, self._visibility, hidden, roster.looks, roster.class_id)
        fits = association.affinity(
            tracks, chosen, looks, min_overlap=self._knobs.min_overlap,
            sure=self._knobs.birth_score, alike=self._knobs.alike,
        )  # fmt: skip
        rows, columns = association.assign(fits)
        fed = np.zeros(len(roster), bool)
        fed[rows] = True
        if len(rows):
            self._correct(rows, chosen.xyxy[columns], hidden[rows], gap)
            roster.lifecycle.find(fed)
            alone = association.cover(chosen.xyxy[columns], chosen.xyxy).sum(1) < 1.3  # but itself
            sure = rows[alone]
            roster.looks[sure] = blend_looks(roster.looks[sure], looks[columns[alone]], 0.1)
            self._renew(frame, sure, chosen.xyxy[columns[alone]])
            believed = 0.5 + 0.5 * chosen.confidence[columns]
            self._visibility[rows] = np.maximum(self._visibility[rows], believed)
        seen = self._visibility >= roster.lifecycle.seen
        roster.judge(fed, association.blame(self.boxes.astype(np.float64), fed, seen), gap)
        return rows, columns

    def _correct(
        self, rows: NDArray[np.int64], boxes: Boxes, hidden: NDArray[np.int64], gap: int
    ) -> None:
        """Move boxes towards detections; all the way where the object was out of sight."""
        assert self._state is not None  # noqa: S101  rows were matched
        share = self._error.shares(self.boxes[rows], boxes, hidden > 0, gap)
        at, to, how = (torch.from_numpy(x).to(self._device) for x in (rows, boxes, share))
        self._state = correction.correct_boxes(
            self._state, at, to, how, self._model.cell.heads.first_window
        )

    def _renew(self, frame: Frame, rows: NDArray[np.int64], boxes: Boxes) -> None:
        """Templates of those who changed much, or were not looked at afresh for long."""
        assert self._state is not None  # noqa: S101  rows were matched
        age = self.roster.template_age  # frames
        near = iou(self.boxes[rows].astype(np.float64), boxes.astype(np.float64))
        changed = (near < CHANGED) & (age[rows] >= INDEPENDENT)
        rows = rows[changed | (age[rows] >= RENEW)]
        if len(rows):
            age[rows] = 0
            at = torch.from_numpy(rows).to(self._device)
            fresh = self._start(frame, self.boxes[rows])
            old = self._state.select(at)
            self._state = correction.renew_templates(self._state, at, old, fresh, 0.5)

    def _unexplained(
        self, found: Detections, left: NDArray[np.int64], fed: NDArray[np.bool_],
        why: NDArray[np.object_],
    ) -> NDArray[np.int64]:  # fmt: skip
        """Those of `left` that may be somebody; the others are told why not."""
        weak = found.confidence[left] < self._knobs.birth_score
        why[left[weak]] = f"score below {self._knobs.birth_score:g} and no track there"
        left = left[~weak]
        rows = np.flatnonzero(fed & self.roster.confirmed)
        boxes = found.xyxy[left].astype(np.float64)
        owner = association.explained(boxes, self.boxes[rows].astype(np.float64))
        for n, row in zip(left[owner >= 0], rows[owner[owner >= 0]], strict=True):
            track = self.roster.tracker_id[row]
            why[n] = f"lies on track {track}, which another detection fed"
        return left[owner < 0]

    def _welcome(
        self, frame: Frame, found: Detections, left: NDArray[np.int64], gap: int, now: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """New rows for detections that no track explains: who returned, and who was born."""
        if not len(left):
            return left, left
        started = self._start(frame, found.xyxy[left])
        looks = describe_looks(frame, found.xyxy[left])
        returned = self._returned(started, looks, now)
        back = np.array(sorted(returned), np.int64)
        new = np.setdiff1d(np.arange(len(left)), back)
        for n in back:
            track = returned[int(n)]
            away = self._absent.take(track)
            fresh = started.select(torch.tensor([n], device=self._device))
            one = torch.tensor([0], device=self._device)
            self._append(correction.renew_templates(fresh, one, away.state, fresh, 0.5))
            mixed = blend_looks(away.looks[None], looks[n : n + 1], 0.3)[0]
            self.roster.bring_back(track, away.votes, mixed)
        if len(new):
            self._append(started.select(torch.from_numpy(new).to(self._device)))
            self.roster.bear(found.confidence[left[new]], gap)
            self.roster.looks[-len(new) :] = looks[new]
        scores = found.confidence[left[np.concatenate([back, new])]]
        self._visibility = np.concatenate([self._visibility, 0.5 + 0.5 * scores])
        return left[back], left[new]

    def _returned(
        self, started: TrackState, looks: NDArray[np.float32], now: int
    ) -> dict[int, int]:
        """Row of `started` -> identity of who came back there."""
        boxes = started.boxes[0].cpu().numpy().astype(np.float64)
        ids, similar = self._absent.fit(
            boxes, looks, describe_templates(started.memories[0][0]), now
        )
        rows, columns = association.assign(np.where(similar >= self._knobs.alike, similar, 0.0))
        return {int(n): int(ids[row]) for row, n in zip(rows, columns, strict=True)}

    def _objects(self, rows: NDArray[np.bool_], source: NDArray[np.int64]) -> TrackedObjects:
        roster = self.roster
        return TrackedObjects(
            self.boxes[rows], roster.tracker_id[rows], self._confidence[rows], self._said[rows],
            roster.class_id[rows], source[rows],
        )  # fmt: skip

    def _start(self, frame: Frame, boxes: NDArray[np.float32]) -> TrackState:
        start = torch.from_numpy(np.ascontiguousarray(boxes))[None].to(self._device)
        return self._model.start(self._tensor(frame), start)

    def _append(self, state: TrackState) -> None:
        self._state = state if self._state is None else concat([self._state, state])

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        assert self._state is not None  # noqa: S101  there are rows
        self._state = self._state.select(torch.from_numpy(np.flatnonzero(rows)).to(self._device))
        self.roster.keep(rows)
        for name in ("_visibility", "_confidence", "_said"):
            setattr(self, name, getattr(self, name)[rows])

    def _tensor(self, frame: Frame) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(frame))[None].to(self._device)
