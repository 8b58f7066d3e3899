"""mohart.synth.scenes.online: crowds that come and go, with detections."""

from __future__ import annotations

import numpy as np
import pytest

from mohart.assembly.data import TEST_SEED, VALIDATION_SEED
from mohart.synth.scenes.online import SEEDS, crowded_generator, crowded_sequence
from mohart.synth.scenes.strata import STRATA


def test_the_groups_have_streams_of_their_own() -> None:
    taken = {VALIDATION_SEED, TEST_SEED, *(stratum.generator.seed for stratum in STRATA)}
    assert not taken & set(SEEDS.values())
    assert SEEDS["validation"] != SEEDS["test"]
    assert min(SEEDS.values()) > 1_000_000  # training seeds are small


@pytest.mark.slow
def test_a_sequence_is_the_same_always() -> None:
    first, again = (crowded_sequence(1, "validation", 4) for _ in range(2))
    assert first.preset == again.preset == "fair"
    assert first.sequence.name == "validation-0001"
    assert len(first.detections) == first.sequence.length == 4
    np.testing.assert_array_equal(first.sequence.tracks.boxes, again.sequence.tracks.boxes)
    for a, b in zip(first.detections, again.detections, strict=True):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
    other = crowded_sequence(1, "test", 4)
    assert (
        other.sequence.tracks.boxes.shape != first.sequence.tracks.boxes.shape
        or (other.sequence.tracks.boxes != first.sequence.tracks.boxes).any()
    )


@pytest.mark.slow
def test_detectors_take_turns() -> None:
    presets = [crowded_sequence(number, "validation", 1).preset for number in range(4)]
    assert presets == ["strong", "fair", "weak", "strong"]


@pytest.mark.slow
def test_objects_come_and_go() -> None:
    frames = 120
    born = died = objects = 0
    for number in range(4):
        # the motion alone, without drawing
        scene = crowded_generator("validation").scene(number, frames)
        half = np.array([scene.width, scene.height]) / 2
        view = np.array([scene.camera.matrix(t, scene.width, scene.height) for t in range(frames)])
        place = (
            np.einsum("tij,tnj->tni", view[:, :, :2], scene.crowd.position) + view[:, None, :, 2]
        )
        inside = (np.abs(place - half) < half).all(-1)
        ever = inside.any(0)
        objects += int(ever.sum())
        born += int((~inside[0] & ever).sum())
        died += int((~inside[-1] & ever).sum())
    assert born > objects / 4
    assert died > objects / 4
