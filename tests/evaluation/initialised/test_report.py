from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError, OutputError
from mohart.evaluation.initialised.report import draw_initialised_report
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.summary import summarise_counts
from mohart.metrics.overlap.window import WindowOverlap

pytest.importorskip("matplotlib")
NAMES = ("v@0001", "v@0061", "v@0121")


def draw(path: Path, *, trackers: int = 2, empty: bool = False) -> None:
    windows = {}
    for n in range(trackers):
        iou = np.random.default_rng(n).random((len(NAMES), 20, 4))
        iou[:, 0] = np.nan
        iou[1:, 1:] = np.nan if empty else iou[1:, 1:]  # windows without a pair
        overlaps = [WindowOverlap(values, np.zeros(values.shape, bool)) for values in iou]
        windows[f"tracker{n}"] = [count_window(overlap) for overlap in overlaps]
    summaries = {name: summarise_counts(counts, resamples=20) for name, counts in windows.items()}
    draw_initialised_report(path, summaries, windows, names=NAMES, title="clip")


@pytest.mark.slow
def test_page(tmp_path: Path) -> None:
    from matplotlib.image import imread

    draw(tmp_path / "r.png")
    picture = imread(tmp_path / "r.png")
    assert picture.shape[:2] == (935, 1430)
    assert picture[..., :3].std() > 0.05
    # the lower part holds bars in the trackers' colours
    lower = picture[600:, :, :3]
    for colour in ("17252a", "d1495b"):
        red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4))
        assert (np.abs(lower - [red, green, blue]).max(-1) < 0.02).mean() > 0.02


@pytest.mark.slow
def test_many_trackers_and_windows_without_pairs(tmp_path: Path) -> None:
    draw(tmp_path / "r.svg", trackers=12, empty=True)
    assert "<svg" in (tmp_path / "r.svg").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["r.svg"]


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ending in .png"):
        draw(tmp_path / "r.gif")
    (tmp_path / "f").touch()
    with pytest.raises(OutputError, match=r"r\.png"):
        draw(tmp_path / "f" / "r.png")  # a file is no folder
