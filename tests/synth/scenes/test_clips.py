from __future__ import annotations

import numpy as np
import pytest

from mohart.boxes import area, clip_to_frame
from mohart.synth.scenes.clips import GeneratedClips
from mohart.synth.scenes.generator import Generator


@pytest.mark.slow
def test_clips_can_begin_where_an_object_crosses_the_edge() -> None:
    generator = Generator(seed=4, width=96, height=72, objects=(3, 5), leaving=0.6, passing=0.4)

    def crossing(edges: float) -> float:
        source, found = GeneratedClips(generator, span=24, objects=5, edges=edges), []
        for number in range(16):
            for k in range(4):
                clip = source.clip(np.random.default_rng([number, k]), number, 6)
                boxes = clip.boxes[0][clip.present[0]]
                inside = area(clip_to_frame(boxes, 96, 72)) / area(boxes)
                assert clip.frames.shape == (6, 72, 96, 3)
                found.append(bool(((inside > 0.3) & (inside < 0.9)).any()))
        return float(np.mean(found))

    assert crossing(1.0) > 2 * crossing(0.0) + 0.1


@pytest.mark.parametrize("seed", range(6))
def test_a_mirrored_or_reversed_clip_still_has_its_objects_in_the_boxes(seed: int) -> None:
    """The mean colour inside a box stays that of the object, however the clip was turned."""
    single = Generator(seed=2, width=96, height=72, objects=(1, 1), size=(0.4, 0.5), camera=0)
    source = GeneratedClips(single, span=6, objects=1)
    clip = source.clip(np.random.default_rng(seed), 4, 6)
    colours = []
    for t in range(6):
        x0, y0, x1, y1 = np.clip(clip.boxes[t, 0], 0, [96, 72, 96, 72]).astype(int)
        if clip.present[t, 0] and (x1 - x0) * (y1 - y0) > 200:
            colours.append(clip.frames[t, y0:y1, x0:x1].mean((0, 1)))
    assert np.ptp(np.array(colours), axis=0).max(initial=0) < 40
