"""mohart.synth.scenes.strata: what every sequence of a stratum promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mohart.assembly.data import VALIDATION_SEED
from mohart.errors import ConfigError
from mohart.synth.scenes.strata import BASE, STRATA, Stratum, choose_strata

BY_NAME = {stratum.name: stratum for stratum in STRATA}


def test_the_table() -> None:
    names = "occlusion,look-alikes,camera,small,scale,fast,crowded,traffic,long"
    assert ",".join(BY_NAME) == names
    seeds = [stratum.generator.seed for stratum in STRATA]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) > VALIDATION_SEED + 900_000
    assert {stratum.frames for stratum in STRATA} == {60, 300}
    assert BY_NAME["long"].frames == 300
    for stratum in STRATA:  # each differs from the easy scene in more than its seed
        changed = [n for n, v in vars(stratum.generator).items() if v != getattr(BASE, n)]
        assert len(changed) > 1, stratum.name


@pytest.mark.slow
def test_sequences_are_reproducible_and_differ_by_number() -> None:
    small = Stratum("s", "", BASE, 3)
    first, again, other = small.draw(0), small.draw(0), small.draw(1)
    assert first.frames[0].shape == (240, 320, 3)
    assert len(first.frames) == 3
    assert first.boxes.shape[:2] == first.visibility.shape
    for a, b in zip(first.frames, again.frames, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.frames[0] != other.frames[0]).any()


@pytest.mark.slow
def test_nothing_outside_the_frame_is_visible() -> None:
    drawn = BY_NAME["fast"].draw(3)
    x1, y1, x2, y2 = np.moveaxis(drawn.boxes, -1, 0)
    outside = (x2 <= 0) | (y2 <= 0) | (x1 >= 320) | (y1 >= 240)
    assert (drawn.visibility[outside] == 0).all()
    assert drawn.visibility.min() >= 0
    assert drawn.visibility.max() <= 1


@pytest.mark.slow
def test_traffic_starts_from_boxes_that_end_at_the_edge_and_goes_on_with_whole_ones() -> None:
    drawn = BY_NAME["traffic"].draw(0)
    limit = np.array([320, 240, 320, 240])
    assert ((drawn.boxes[0] >= 0) & (drawn.boxes[0] <= limit)).all()
    assert ((drawn.boxes[1:] < 0) | (drawn.boxes[1:] > limit)).any()
    scene = BY_NAME["traffic"].generator.scene(0, 2)
    assert all(sprite.solid is not None for sprite in scene.sprites)
    assert scene.ground is not None


def test_choose() -> None:
    assert choose_strata("all") == STRATA
    assert choose_strata("none") == ()
    assert [s.name for s in choose_strata("long, camera")] == ["camera", "long"]
    with pytest.raises(ConfigError, match="unknown stratum 'cowded'; did you mean 'crowded'"):
        choose_strata("camera,cowded")


def test_validation_has_the_same_strata_with_seeds_of_its_own() -> None:
    chosen = choose_strata("all", validation=True)
    assert [s.name for s in chosen] == list(BY_NAME)
    seeds = {s.generator.seed for s in (*STRATA, *chosen)}
    assert len(seeds) == 2 * len(STRATA)
    for stratum in chosen:
        test = BY_NAME[stratum.name]
        assert replace(stratum.generator, seed=test.generator.seed) == test.generator
        assert (stratum.frames, stratum.inside) == (test.frames, test.inside)
        assert stratum.about == f"{test.about}; validation"
    assert choose_strata("camera", validation=True) == (chosen[2],)
