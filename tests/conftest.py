"""Shared fixtures: where the real data lies, and a small video that needs no file."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

import mohart
from mohart.data.sequence import Sequence
from mohart.structures import Tracks

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from torch import Tensor

# Tests run side by side, a process a core, and so do the processes that they start: with a thread
# per core in each of them, torch's threads wait for each other most of the time, at full load.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of processes are started: the package is compiled once for all of them, and the tests,
# whose assertions are rewritten, once for all runs: that takes longer than to run many of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
# A minute or more in one file, and a file stays in one process: begun last, they would keep one
# core waiting.
LONG = (
    *("tests/test_learning.py", "tests/assembly/test_run.py", "tests/training/test_ranks.py"),
    *("tests/cli/ablate/test_command.py", "tests/cli/many/test_command.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take a minute or more come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """A browser without a window, closed after each file: two at once exclude each other."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:  # users need none to run the tests; CI installs one
        pytest.skip(f"no browser on the PATH; looked for {', '.join(BROWSERS)}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def _graphs_are_kept_for_this_run_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data beside the checkout; tests that ask for it skip without it."""
    path = Path(mohart.__file__).parents[1].parent / "shared" / "data"
    if not path.is_dir():  # not all licences allow copies; the project's samples cover this code
        pytest.skip("the real data (../shared/data) is not on this machine")
    return path


def _noise_with_boxes(start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
    """120 x 160 frames; frame t is reproducible and shows its number in the corner pixel."""
    background = np.random.default_rng(7).integers(0, 255, (120, 160, 3), np.uint8)
    for t in range(start, stop):
        frame = background.copy()
        frame[40:80, 10 + 4 * t : 30 + 4 * t] = (250, 20, 20)
        frame[50:98, 120 - 3 * t : 144 - 3 * t] = (20, 250, 20)
        frame[:16, :16] = 20 * t
        yield frame


@pytest.fixture(scope="session")
def moving_boxes() -> Sequence:
    """Eight frames, 160 x 120 pixels at 10 fps: two objects crossing, one ignored, one hidden."""
    times = np.arange(8)
    still = np.zeros(8)
    boxes = [
        np.stack([10 + 4 * times, still + 40, 30 + 4 * times, still + 80], -1),
        np.stack([120 - 3 * times, still + 50, 144 - 3 * times, still + 98], -1),
        np.stack([still + 60, still + 10, still + 80, still + 40], -1),
        np.stack([still + 90, still + 10, still + 110, still + 40], -1),
    ]
    tracks = Tracks.from_columns(
        np.tile(times, 4),
        np.repeat([1, 2, 3, 4], 8),
        np.concatenate(boxes),
        ignored=np.repeat([0, 0, 1, 0], 8),
        visibility=np.repeat([1.0, 0.75, 1.0, 0.1], 8),
    )
    return Sequence(
        name="moving-boxes",
        length=8,
        width=160,
        height=120,
        frame_rate=10.0,
        tracks=tracks,
        reader=_noise_with_boxes,
    )


@pytest.fixture(scope="session")
def lite0_weights() -> "dict[str, Tensor]":
    """Random weights with the names and shapes of EfficientNet-Lite0's first stages."""
    import torch

    generator = torch.Generator().manual_seed(5)
    shapes: dict[str, tuple[int, ...]] = {"_conv_stem": (32, 3, 3, 3)}
    blocks = [(32, 16, 1, 3), (16, 24, 6, 3), (24, 24, 6, 3), (24, 40, 6, 5), (40, 40, 6, 5)]
    for k, (inputs, outputs, widen, kernel) in enumerate(blocks):
        if widen > 1:
            shapes[f"_blocks.{k}._expand_conv"] = (inputs * widen, inputs, 1, 1)
        shapes[f"_blocks.{k}._depthwise_conv"] = (inputs * widen, 1, kernel, kernel)
        shapes[f"_blocks.{k}._project_conv"] = (outputs, inputs * widen, 1, 1)
    norms = {"_stem": "_bn0", "_expand_conv": "_bn0", "_depthwise_conv": "_bn1"}
    weights = {}
    for name, shape in shapes.items():
        fan_in = shape[1] * shape[2] * shape[3]
        weights[f"{name}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
        last = name.rpartition(".")[2]
        norm = name.replace(last, norms.get(last.removeprefix("_conv"), "_bn2"))
        for part, low, high in [
            ("weight", 0.5, 1.5),
            ("bias", -0.5, 0.5),
            ("running_mean", -0.5, 0.5),
            ("running_var", 0.2, 2.0),
        ]:
            drawn = torch.rand(shape[0], generator=generator)
            weights[f"{norm}.{part}"] = low + (high - low) * drawn
    return {**weights, "_blocks.5._expand_conv.weight": torch.zeros(240, 40, 1, 1)}
