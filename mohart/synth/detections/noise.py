"""Simulated detector (misses, clutter, jitter, merged and cut boxes) on labelled boxes.

Every object has a *strength* per frame: how far it is above what the detector can see, in standard
deviations. Occlusion and small size lower it, and a part that changes slowly makes misses come in
runs, as they do in real detectors. An object is found where its strength is positive, and its score
grows with its strength, so that weak detections are those that come and go.

`PRESETS` were set so that recall by visibility, precision, jitter and the length of misses are like
those of real detectors, measured with `tools/detector_rates.py` (docs/experiments/0011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from mohart.aliases import Floats, Random
from mohart.boxes import clip_to_frame, xyxy_to_cxcywh
from mohart.errors import ConfigError, did_you_mean
from mohart.structures import UNKNOWN_CLASS, Detections, Tracks
from mohart.synth.detections.boxes import (
    Clutter,
    best_of_overlapping,
    cut_to_seen,
    jittered,
    merged,
    part_of,
)
from mohart.synth.detections.lures import Lures


@dataclass(frozen=True, kw_only=True)
class DetectorNoise:
    """How a detector errs.

    Attributes:
        recall: of a large object in full view, in (0, 1).
        half_visible: visibility at which recall is half of that.
        visible_slope: change of visibility that moves the odds of being found by a factor of e.
        half_height: height, as a fraction of the frame's, at which recall is half.
        height_slope: the same as `visible_slope`, in the logarithm of the height.
        memory: correlation of an object's strength from frame to frame, in [0, 1).
        habit: share of the strength's variance that belongs to the object for good, in [0, 1].
        flicker: share of the rest that is new in every frame, in [0, 1].
        jitter: standard deviation of centre x, centre y (of width, height) and of the logarithms
            of width and height, for an object in full view.
        drift: share of the jitter's variance that changes slowly, in [0, 1].
        drift_memory: correlation of that share from frame to frame.
        hidden_jitter: the jitter of an object that is wholly hidden is larger by 1 + this.
        cut: share of time in which a box covers only what is seen of a partly hidden object.
        merge: share of time in which two objects that overlap get one box.
        merge_overlap: IoU from which they can.
        double: share of time in which an object has a second box on a part of it.
        overlap: IoU over which only the better of two boxes is reported.
        clutter: false boxes per frame for each labelled object of an average frame.
        clutter_stays: probability that a false box is there again in the next frame.
        score_base: logit of the score of an object that is only just found.
        score_gain: logits per unit of strength.
        score_noise: standard deviation, in logits, from frame to frame.
        clutter_score: mean logit of a false box's score.

    Raises:
        ConfigError: a probability is outside [0, 1], or a scale is not positive.
    """

    recall: float = 0.98
    half_visible: float = 0.55
    visible_slope: float = 0.08
    half_height: float = 0.03
    height_slope: float = 0.35
    memory: float = 0.96
    habit: float = 0.2
    flicker: float = 0.0
    jitter: tuple[float, float, float, float] = (0.028, 0.014, 0.045, 0.03)
    drift: float = 0.8
    drift_memory: float = 0.93
    hidden_jitter: float = 2.0
    cut: float = 0.4
    merge: float = 0.1
    merge_overlap: float = 0.4
    double: float = 0.01
    overlap: float = 0.7
    clutter: float = 0.01
    clutter_stays: float = 0.5
    score_base: float = -0.8
    score_gain: float = 1.7
    score_noise: float = 0.4
    clutter_score: float = -0.4

    def __post_init__(self) -> None:
        shares = (
            *("recall", "memory", "habit", "flicker", "drift", "drift_memory", "cut", "merge"),
            *("merge_overlap", "double", "overlap", "clutter_stays"),
        )
        for name in shares:
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name}: expected 0..1, got {getattr(self, name)}")
        scales = (self.visible_slope, self.half_height, self.height_slope)
        if min(scales) <= 0 or min(*self.jitter, self.clutter, self.hidden_jitter) < 0:
            raise ConfigError("detector noise: slopes must be positive, jitter and clutter >= 0")


PRESETS = {
    "exact": DetectorNoise(
        recall=1.0, half_visible=0.02, visible_slope=0.002, half_height=1e-6, habit=0.0,
        jitter=(0, 0, 0, 0), cut=0.0, merge=0.0, double=0.0, overlap=1.0, clutter=0.0,
    ),
    "strong": DetectorNoise(),
    "fair": DetectorNoise(
        recall=0.96, half_height=0.035, jitter=(0.045, 0.02, 0.065, 0.045), cut=0.5, merge=0.2,
        double=0.04, clutter=0.07, clutter_stays=0.6,
    ),
    "weak": DetectorNoise(
        recall=0.86, half_visible=0.6, visible_slope=0.12, half_height=0.05, memory=0.93,
        jitter=(0.11, 0.045, 0.17, 0.09), drift=0.7, drift_memory=0.85, cut=0.6, merge=0.4,
        merge_overlap=0.3, double=0.06, clutter=0.12, clutter_stays=0.6, score_noise=0.7,
        clutter_score=0.0,
    ),
}  # fmt: skip


class NoisyFrame(NamedTuple):
    """One frame.

    Attributes:
        detections: M boxes with scores, in no particular order.
        owner: [M] int64, the track that a box shows; -1 for clutter and second boxes.
    """

    detections: Detections
    owner: NDArray[np.int64]


def noisy_detections(
    tracks: Tracks, width: int, height: int, rng: Random,
    preset: str | DetectorNoise = "fair", *, length: int | None = None, lures: Lures | None = None,
) -> list[Detections]:  # fmt: skip
    """Detections of every frame, as a detector with these errors would give them.

    Args:
        tracks: the truth; visibility tells how much of an object can be seen. Ignored rows are not
            detected.
        width: of the frames, pixels.
        height: of the frames, pixels.
        rng: the only source of randomness.
        preset: a name of `PRESETS`, or one's own rates.
        length: number of frames T; up to the last label where not given.
        lures: what else the detector takes for objects, again and again.

    Returns:
        T detections, boxes clipped to the frame, scores in (0, 1), class -1.

    Raises:
        ConfigError: there is no such preset.
    """
    frames = noisy_frames(tracks, width, height, rng, preset, length=length, lures=lures)
    return [frame.detections for frame in frames]


def noisy_frames(
    tracks: Tracks, width: int, height: int, rng: Random,
    preset: str | DetectorNoise = "fair", *, length: int | None = None, lures: Lures | None = None,
) -> list[NoisyFrame]:  # fmt: skip
    """`noisy_detections`, with the object behind every box."""
    noise = _settings(preset)
    labelled = tracks.select(~tracks.ignored)
    frames = (int(labelled.frame.max()) + 1 if len(labelled) else 0) if length is None else length
    if not frames:
        return []
    habits = _Habits(rng, len(np.unique(labelled.track_id)), noise)
    names = np.unique(labelled.track_id)
    rate = noise.clutter * len(labelled) / frames
    clutter = Clutter(rng, labelled.boxes, width, height, rate, noise.clutter_stays)
    answer = []
    for t in range(frames):
        if t:
            habits.advance(rng)
        now = labelled.at(t)
        rows = np.searchsorted(names, now.track_id)
        more = None if lures is None else lures.advance(rng, t, now.boxes, noise.jitter)
        answer.append(_look(rng, now, rows, habits, clutter, more, noise))
    return answer


def _settings(preset: str | DetectorNoise) -> DetectorNoise:
    if isinstance(preset, DetectorNoise):
        return preset
    if preset not in PRESETS:
        raise ConfigError(f"unknown detector noise '{preset}'{did_you_mean(preset, PRESETS)}")
    return PRESETS[preset]


class _Habits:
    """What changes slowly for each of N objects: unit normal numbers with memory."""

    def __init__(self, rng: Random, count: int, noise: DetectorNoise) -> None:
        self.constant = rng.normal(0, 1, (count, 2))  # strength for good, side that is cut off
        self.strength = rng.normal(0, 1, (count, 1))
        self.drift = rng.normal(0, 1, (count, 4))
        self.flags = rng.normal(0, 1, (count, 3))  # cut, merge, double
        self._noise = noise

    def advance(self, rng: Random) -> None:
        """One frame further."""
        self.strength = _remembered(rng, self.strength, self._noise.memory)
        self.drift = _remembered(rng, self.drift, self._noise.drift_memory)
        self.flags = _remembered(rng, self.flags, 0.9)


def _remembered(rng: Random, values: Floats, memory: float) -> Floats:
    fresh = rng.normal(0, 1, values.shape)
    result: Floats = memory * values + np.sqrt(1 - memory**2) * fresh
    return result


def _look(
    rng: Random, now: Tracks, rows: NDArray[np.int64], habits: _Habits, clutter: Clutter,
    lures: tuple[Floats, Floats] | None, noise: DetectorNoise,
) -> NoisyFrame:  # fmt: skip
    """One frame; rows [K] are the objects' places in `habits`, lures boxes with strengths."""
    boxes, seen = now.boxes, np.clip(now.visibility, 0, 1)
    inside = clip_to_frame(boxes, clutter.width, clutter.height)
    strength = _strength(boxes, seen, rows, habits, clutter.height, noise)
    if noise.flicker:
        rest = np.sqrt(1 - noise.habit) * habits.strength[rows, 0]
        white = rng.normal(0, 1, len(rows)) * np.sqrt((1 - noise.habit) * noise.flicker)
        strength += white - rest * (1 - np.sqrt(1 - noise.flicker))
    share = np.sqrt(noise.drift)
    white = rng.normal(0, 1, (len(rows), 4))
    wobble = (share * habits.drift[rows] + np.sqrt(1 - share**2) * white) * noise.jitter
    wobble *= (1 + noise.hidden_jitter * (1 - seen))[:, None]
    cutting, merging, doubling = ndtr(habits.flags[rows]).T
    shown = np.where(
        ((cutting < noise.cut) & (seen < 0.9))[:, None],
        cut_to_seen(boxes, seen, habits.constant[rows, 1]),
        inside,
    )
    shown = jittered(shown, wobble)
    quality = -np.abs(wobble).sum(1)
    found = strength > 0
    extra = found & (doubling < noise.double)
    parts = part_of(shown[extra], habits.constant[rows[extra], 1])

    kept = np.flatnonzero(found)
    shown, left = merged(
        shown[kept], strength[kept], merging[kept] < noise.merge, noise.merge_overlap
    )
    shown, kept = shown[left], kept[left]
    false, their_logits = clutter.advance(rng, noise.jitter)
    their_logits = their_logits + noise.clutter_score
    if lures is not None:
        false = np.concatenate([false, lures[0]])
        own = noise.score_base + noise.score_gain * lures[1]
        their_logits = np.concatenate([their_logits, own])
    logits = np.concatenate([
        noise.score_base + noise.score_gain * strength[kept] + quality[kept],
        np.full(len(parts), noise.score_base + 0.5),
        their_logits,
    ])  # fmt: skip
    scores = expit(logits + rng.normal(0, noise.score_noise, len(logits)))
    boxes = clip_to_frame(np.concatenate([shown, parts, false]), clutter.width, clutter.height)
    owner = np.concatenate([now.track_id[kept], np.full(len(parts) + len(false), -1)])
    best = best_of_overlapping(boxes, scores, noise.overlap)
    detections = Detections(
        boxes[best].astype(np.float32),
        np.clip(scores[best], 1e-4, 1 - 1e-4).astype(np.float32),
        np.full(len(best), UNKNOWN_CLASS, np.int64),
    )
    return NoisyFrame(detections, owner[best].astype(np.int64))


def _strength(
    boxes: Floats, seen: Floats, rows: NDArray[np.int64], habits: _Habits, height: int,
    noise: DetectorNoise,
) -> Floats:  # fmt: skip
    """[K] standard deviations above what can be found."""
    tall = np.maximum(xyxy_to_cxcywh(boxes)[:, 3] / height, 1e-9)
    chance = noise.recall * expit((seen - noise.half_visible) / noise.visible_slope)
    chance *= expit(np.log(tall / noise.half_height) / noise.height_slope)
    own = np.sqrt(noise.habit) * habits.constant[rows, 0]
    passing = np.sqrt(1 - noise.habit) * habits.strength[rows, 0]
    result: Floats = ndtri(np.clip(chance, 1e-9, 1 - 1e-9)) + own + passing
    return result
