from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError, OutputError
from mohart.evaluation.files.input import load_kitti
from mohart.evaluation.files.report import draw_report
from mohart.evaluation.files.scoring import Scored, score

pytest.importorskip("matplotlib")


@pytest.fixture
def scored(tmp_path: Path) -> Scored:
    generator = np.random.default_rng(0)
    folders = tmp_path / "label_02", tmp_path / "mine"
    for folder, drop in zip(folders, (0.0, 0.3), strict=True):
        folder.mkdir()
        for name in ("0000", "0001", "0002"):
            rows = [
                f"{t} {n} Car 0 0 0 {60 * n} 10 {60 * n + 40} 90 1 2 3 4 5 6 7\n"
                for t in range(30)
                for n in range(4)
                if generator.random() >= drop and name != "0002"
            ]
            (folder / f"{name}.txt").write_text("".join(rows))
    return score(load_kitti(*folders), tracker="mine", with_events=True)


@pytest.mark.slow
def test_page_with_sequences_and_without_any(scored: Scored, tmp_path: Path) -> None:
    from matplotlib.image import imread

    draw_report(tmp_path / "r.png", scored)  # nobody is a pedestrian there
    picture = imread(tmp_path / "r.png")
    assert picture.shape[1] == 1650
    assert picture[..., :3].std() > 0.05
    draw_report(tmp_path / "r.svg", scored)
    text = (tmp_path / "r.svg").read_text()
    assert "<svg" in text
    assert {p.suffix for p in tmp_path.iterdir() if p.is_file()} == {".png", ".svg"}


@pytest.mark.slow
def test_errors(scored: Scored, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ending in .png"):
        draw_report(tmp_path / "r.gif", scored)
    (tmp_path / "f").touch()
    with pytest.raises(OutputError, match=r"r\.png"):
        draw_report(tmp_path / "f" / "r.png", scored)  # a file is no folder
