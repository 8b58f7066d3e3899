"""The network in torch behind arrays: states come back as they went in, on every device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mohart.assembly.engines import distance
from mohart.assembly.weights import load_model
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

CPU = torch.device("cpu")
FRAMES = np.random.default_rng(0).integers(0, 255, (2, 96, 128, 3), np.uint8)
BOXES = np.array([[[20.0, 20, 50, 70], [60, 30, 90, 80]]], np.float32)


def test_states_are_arrays_that_are_not_changed() -> None:
    engine = TorchEngine(load_model().model, CPU)
    state = engine.start(Picture(FRAMES[0]), BOXES)
    kept = state.map(np.copy)
    for frozen in state.arrays():
        frozen.flags.writeable = False
    said, after = engine.step(Picture(FRAMES[1]), state)
    assert said.shape == (1, 2)
    for array, before in zip(state.arrays(), kept.arrays(), strict=True):
        np.testing.assert_array_equal(array, before)
    assert {array.dtype for array in after.arrays()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(state.boxes, BOXES)
    coasted = engine.step(None, after)[1]
    assert all(a is not b for a, b in zip(coasted.arrays()[:5], after.arrays()[:5], strict=True))


def test_the_network_runs_with_its_hooks_where_it_is_watched() -> None:
    engine = TorchEngine(load_model().model, CPU)
    state = engine.start(Picture(FRAMES[0]), BOXES)
    plain = engine.step(Picture(FRAMES[1]), state)[1]
    watched = engine.watch()
    seen: list[int] = []
    watched.cell.register_forward_hook(lambda *_: seen.append(1))
    after = engine.step(Picture(FRAMES[1]), state)[1]
    assert seen == [1]
    np.testing.assert_allclose(after.boxes, plain.boxes, atol=2e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_says_what_the_cpu_says() -> None:
    model = load_model().model
    engines = [TorchEngine(load_model().model, CPU), TorchEngine(model, torch.device("cuda"))]
    assert distance(*engines) < 0.05
