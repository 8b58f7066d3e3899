"""mohart.synth.scenes.lured: videos with a detector that still things fool."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.assembly.data import TEST_SEED, VALIDATION_SEED
from mohart.boxes import pairwise_iou
from mohart.synth.scenes import online
from mohart.synth.scenes.lured import KINDS, SEEDS, lured_generator, lured_sequence
from mohart.synth.scenes.strata import STRATA


def test_the_groups_have_streams_of_their_own() -> None:
    seeds = [lured_generator(group, kind).seed for group in SEEDS for kind in KINDS]
    taken = {VALIDATION_SEED, TEST_SEED, *(stratum.generator.seed for stratum in STRATA)}
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & (taken | set(online.SEEDS.values()))
    assert min(seeds) > 1_000_000  # training seeds are small


@pytest.mark.slow
def test_a_sequence_is_the_same_always_and_false_alarms_come_back_to_their_places() -> None:
    first, again = (lured_sequence(5, "validation", 30) for _ in range(2))
    assert first.preset == "weak"
    assert first.sequence.name == "lures-validation-0005"
    boxes = first.sequence.tracks.boxes
    np.testing.assert_array_equal(boxes, again.sequence.tracks.boxes)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2] <= first.sequence.width).all()
    false = []
    for t, (a, b) in enumerate(zip(first.detections, again.detections, strict=True)):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        truth = first.sequence.tracks.at(t).boxes
        near = np.asarray(pairwise_iou(a.xyxy.astype(float), truth)).max(1, initial=0)
        false.append(a.xyxy[near < 0.1])
    assert (
        sum(map(len, false)) > 15
    )  # plain clutter of this detector: one in a frame, nowhere twice


@pytest.mark.slow
def test_people_and_vehicles_and_detectors_take_turns() -> None:
    drawn = [lured_sequence(number, "validation", 1) for number in range(4)]
    assert [one.preset for one in drawn] == ["strong", "fair", "weak", "strong"]
    tall = [np.diff(one.sequence.tracks.boxes[:, 1::2]).mean() for one in drawn]
    wide = [np.diff(one.sequence.tracks.boxes[:, ::2]).mean() for one in drawn]
    assert tall[0] > wide[0]
    assert tall[3] < 1.5 * wide[3]
