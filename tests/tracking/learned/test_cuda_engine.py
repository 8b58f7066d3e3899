"""What a GPU records, on the CPU: padding, nothing that waits; on a GPU: the same boxes."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from mohart.assembly.engines import distance
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.config.encoders import CnnConfig
from mohart.config.slots import GaussianConfig, ModelConfig
from mohart.errors import ConfigError
from mohart.formats.init_boxes import read_init_boxes
from mohart.model.tracker import Precision
from mohart.tracking.learned.cuda_engine import MOST, CudaEngine
from mohart.tracking.learned.fixed_step import FixedStep
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.rows import RowLayout
from mohart.tracking.learned.state import NetworkState
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.video.opening import open_source

CPU, GPU = torch.device("cpu"), torch.device("cuda")
SAMPLE = Path(__file__).parents[3] / "datasets" / "samples" / "synth-0080"
FRAMES = np.random.default_rng(0).integers(0, 255, (2, 96, 128, 3), np.uint8)
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def engine(device: torch.device = CPU, precision: Precision = "float32") -> CudaEngine:
    return CudaEngine(load_model().model, device, precision)


def boxes(count: int) -> NDArray[np.float32]:
    corner = np.random.default_rng(1).uniform(0, 70, (1, count, 2))
    return np.concatenate([corner, corner + np.array([20, 30])], -1).astype(np.float32)


def nearly(one: NetworkState, other: NetworkState, atol: float = 1e-3) -> None:
    for a, b in zip(one.arrays(), other.arrays(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, atol=atol)


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_padding_changes_no_answer(count: int) -> None:
    plain, fixed = TorchEngine(load_model().model, CPU), engine()
    states = [e.start(Picture(FRAMES[0]), boxes(count)) for e in (plain, fixed)]
    nearly(*states)
    many = fixed.start(Picture(FRAMES[0]), boxes(8))
    fixed.step(Picture(FRAMES[1]), many)  # what is left of others in the memory of three or five
    for picture in (Picture(FRAMES[1]), None, Picture(FRAMES[0])):
        (said, one), (heard, other) = (
            e.step(picture, state) for e, state in zip((plain, fixed), states, strict=True)
        )
        np.testing.assert_allclose(said, heard, atol=1e-4)
        nearly(one, other)
        states = [one, other]


def test_videos_of_a_batch_do_not_see_each_other() -> None:
    plain, fixed = TorchEngine(load_model().model, CPU), engine()
    one = plain.start(Picture(FRAMES[0]), boxes(3))
    batch = NetworkState.stack([one.select(np.array([n, 0])) for n in (0, 1, 2)])
    said, state = plain.step(Picture(FRAMES[1]), batch)
    heard, other = fixed.step(Picture(FRAMES[1]), batch)
    np.testing.assert_allclose(said, heard, atol=1e-4)
    nearly(state, other)


def test_answers_are_kept_when_the_memory_is_used_again() -> None:
    fixed = engine()
    state = fixed.start(Picture(FRAMES[0]), boxes(4))
    after = fixed.step(Picture(FRAMES[1]), state)[1]
    kept = after.map(np.copy)
    fixed.step(Picture(FRAMES[0]), after)
    for a, b in zip(after.arrays(), kept.arrays(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_more_objects_than_are_recorded() -> None:
    few = CnnConfig(width=16)
    model = build_model(ModelConfig(encoder=few))
    fixed = CudaEngine(model, CPU)
    state = fixed.start(Picture(FRAMES[0]), boxes(MOST + 1))
    said, after = fixed.step(Picture(FRAMES[1]), state)
    assert said.shape == (1, MOST + 1)
    nearly(after, TorchEngine(model, CPU).step(Picture(FRAMES[1]), state)[1])


def test_rows_are_packed_and_unpacked() -> None:
    state = engine().start(Picture(FRAMES[0]), boxes(3))
    layout = RowLayout.of(state)
    rows = np.full((2, 4, 3 + layout.state), 7, np.float32)
    layout.pack(state, rows)
    assert rows[..., 0].tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]
    assert rows[0, 0, 1:3].tolist() == [96, 128]
    told = np.concatenate([rows[:1, :3, :1], rows[:1, :3, 3:]], -1)
    alive, again = layout.unpack(told, state.frame)
    assert alive.tolist() == [[1, 1, 1]]
    for a, b in zip(state.arrays(), again.arrays(), strict=True):
        np.testing.assert_array_equal(a, b)


class Waiting(TorchDispatchMode):
    """Notes what waits for a device, lies on another, or has a shape that depends on values."""

    def __init__(self, found: set[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, result = func.overloadpacket.__name__, func(*args, **kwargs or {})
        elsewhere = isinstance(result, torch.Tensor) and result.device.type == "cpu"
        if name in ("_local_scalar_dense", "nonzero", "masked_select") or elsewhere:
            self.found.add(name)
        return result


class Copying(TorchFunctionMode):
    """Notes tensors that are made of numbers of the host, which a graph can not copy."""

    def __init__(self, found: set[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in ("tensor", "as_tensor", "new_tensor", "from_numpy"):
            self.found.add(func.__name__)
        return func(*args, **kwargs or {})


def test_nothing_in_a_step_waits_for_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    state = engine().start(Picture(FRAMES[0]), boxes(3))
    model = load_model().model
    monkeypatch.setattr(model.cell, "_convolve", lambda _: nullcontext())  # no autocast there
    assert model.cell.claims
    assert model.cell.discriminate is not None
    fixed = FixedStep(
        model.to("meta").cell.eval(), RowLayout.of(state), (1, 4), torch.device("meta")
    )
    found: set[str] = set()
    with torch.inference_mode(), Waiting(found), Copying(found):
        fixed.compute()
    assert found == set()
    with Waiting(found), Copying(found):  # what they would find
        torch.zeros(2, device="meta").new_tensor([1.0])
        torch.ones(2).nonzero()
    assert found == {"new_tensor", "nonzero", "ones"}


@pytest.mark.slow
def test_half_the_bits_are_asked_for_by_the_engine_alone() -> None:
    plain, half = engine(), engine(precision="bfloat16")
    assert 1e-3 < distance(plain, half) < 2
    assert distance(plain, engine()) < 1e-3


def test_a_copy_records_anew() -> None:
    fixed = engine()
    state = fixed.start(Picture(FRAMES[0]), boxes(3))
    said, _ = fixed.step(Picture(FRAMES[1]), state)
    heard, _ = copy.deepcopy(fixed).step(Picture(FRAMES[1]), state)
    np.testing.assert_array_equal(said, heard)


def test_only_bilinear_glimpses() -> None:
    with pytest.raises(ConfigError, match="--engine cuda reads bilinear glimpses alone"):
        CudaEngine(build_model(ModelConfig(glimpse=GaussianConfig())), CPU)


def _follow(found: TorchEngine) -> list[NDArray[Any]]:
    """60 frames of the sample."""
    ids, drawn = read_init_boxes(SAMPLE / "gt" / "gt.txt", frame=1)
    tracker, told = RecurrentTracker(found), []
    for number, frame in enumerate(open_source(SAMPLE)):
        if number == 60:
            break
        said = tracker.update(frame) if number else tracker.init(frame, drawn, ids)
        told.append(said.xyxy)
    return told


@pytest.mark.slow
@pytest.mark.parametrize("device", [CPU, pytest.param(GPU, marks=on_gpu)])
def test_the_sample_is_followed_as_in_torch_on_the_cpu(device: torch.device) -> None:
    plain = _follow(TorchEngine(load_model().model, CPU))
    exact, half = _follow(engine(device)), _follow(engine(device, "bfloat16"))
    assert max(np.abs(a - b).max() for a, b in zip(plain, exact, strict=True)) < 0.05
    overlap = np.concatenate([iou(a, b) for a, b in zip(exact, half, strict=True)])
    assert (overlap >= 0.98).mean() > 0.9


@on_gpu
def test_what_is_recorded_says_what_is_computed_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = engine(GPU)
    plain = engine(GPU)
    monkeypatch.setattr(plain, "see", lambda *told: TorchEngine.see(plain, *told))
    assert distance(recorded, plain) < 1e-3
    assert recorded._steps
    assert not plain._steps
