"""mohart.plots."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

from mohart.errors import ConfigError, MissingDataError, OutputError
from mohart.plots import check_plot, plot_iou_over_time

CURVES = {"static": [None, 0.5, 0.2, None], "mohart": [None, 0.9, 0.8, 0.8]}


def test_png_can_be_read(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot_iou_over_time(tmp_path / "iou.png", CURVES, title="clip")
    picture = cv2.imread(str(tmp_path / "iou.png"))
    assert picture is not None
    assert picture.std() > 5
    assert [p.name for p in tmp_path.iterdir()] == ["iou.png"]


def test_svg_names_the_trackers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot_iou_over_time(tmp_path / "iou.svg", CURVES)
    assert "static" in (tmp_path / "iou.svg").read_text()


def test_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"ending in \.png, \.svg, \.pdf"):
        check_plot(tmp_path / "iou.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/iou\.png: cannot be written"):
        plot_iou_over_time(tmp_path / "file" / "iou.png", CURVES)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDataError, match=r"pip install 'mohart\[plot\]'"):
        check_plot(tmp_path / "iou.png")
