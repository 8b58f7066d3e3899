from __future__ import annotations

import numpy as np
import pytest

from mohart.synth.scenes.canvas import CANVAS
from mohart.synth.scenes.sprites import PHASES, draw_sprite


@pytest.mark.parametrize("kind", ["walker", "vehicle", "animal", "thing"])
def test_every_phase_shows_something_inside_its_outline(kind: str) -> None:
    for seed in range(6):
        sprite = draw_sprite(np.random.default_rng(seed), kind)
        assert sprite.kind == kind
        assert sprite.images.shape == (PHASES, CANVAS, CANVAS, 4)
        for image, hull, area in zip(sprite.images, sprite.hulls, sprite.area, strict=True):
            ys, xs = np.nonzero(image[..., 3] > 127)
            assert len(xs) == area > 30
            assert xs.min() >= hull[:, 0].min()
            assert ys.max() + 1 <= hull[:, 1].max()


def test_people_move_their_legs_and_parcels_do_not() -> None:
    walker = draw_sprite(np.random.default_rng(5), "walker")
    moved = [(walker.images[0] != image).any() for image in walker.images[1:]]
    assert all(moved)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_sprite(np.random.default_rng(0), "unicorn")
