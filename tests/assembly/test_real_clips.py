"""Real videos as clips to test on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mohart.assembly.real_clips as real_clips
from mohart.ablation.cells import CellFolder
from mohart.ablation.grid import Axis
from mohart.assembly.ablation import plan_ablation, train_and_test
from mohart.assembly.real_clips import build_real
from mohart.data.sequence import Sequence
from mohart.data.write import write_mot_sequence
from mohart.errors import ConfigError, MissingDataError

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"


@pytest.fixture
def folder(tmp_path: Path, moving_boxes: Sequence) -> Path:
    """`two` has two objects that count; `one` only one of them."""
    place = tmp_path / "real"
    write_mot_sequence(place / "two", moving_boxes)
    write_mot_sequence(place / "one", moving_boxes)
    truth = place / "one" / "gt" / "gt.txt"
    rows = [row for row in truth.read_text().splitlines() if row.split(",")[1] == "1"]
    truth.write_text("\n".join(rows) + "\n")
    return place


def test_beginnings_of_videos_with_several_objects(folder: Path, moving_boxes: Sequence) -> None:
    clips, names = build_real(folder, 5)
    assert names == ["two"]
    (clip,) = clips
    assert clip.frames.shape == (1, 5, 120, 160, 3)
    assert clip.boxes.shape == (1, 5, 3, 4)  # the ignored one is left out
    truth = moving_boxes.tracks.select(~moving_boxes.tracks.ignored)
    for t in range(5):
        np.testing.assert_allclose(clip.boxes[0, t], truth.at(t).boxes, atol=0.01)
    assert bool(clip.present.all())
    assert build_real(folder, 50)[0][0].frames.shape[1] == 8
    assert build_real(folder, 3, fewest=1)[1] == ["one", "two"]
    with pytest.raises(MissingDataError, match="no video with 4 labelled objects"):
        build_real(folder, 3, fewest=4)


def test_large_frames_and_their_boxes_are_made_smaller(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = build_real(folder, 3)[0][0]
    monkeypatch.setattr(real_clips, "LONGEST", 80)
    small = build_real(folder, 3)[0][0]
    assert small.frames.shape == (1, 3, 60, 80, 3)
    np.testing.assert_allclose(small.boxes * 2, usual.boxes, atol=1e-4)


def test_folders_without_any_are_told(folder: Path) -> None:
    (folder / "two" / "gt" / "gt.txt").unlink()
    with pytest.raises(MissingDataError, match="no video with 2 labelled objects"):
        build_real(folder, 3)


@pytest.mark.slow
def test_an_ablation_has_a_stratum_for_every_video(folder: Path, tmp_path: Path) -> None:
    axes = [Axis("model.relation", ("none", "attention"))]
    orders = plan_ablation(SMOKE, (), axes, seeds=1, sequences=2, real=folder)
    cell = CellFolder(tmp_path / "cell")
    cell.agree(orders[0])
    done = train_and_test(cell.read_order(), cell, device="cpu", report=lambda *_: None)
    assert done is not None
    assert done[0].groups == ["own", "own", "two"]
    assert max(done[0].objects["sequence"]) == 2
    with pytest.raises(ConfigError, match="--real: real videos are tracked, not predicted"):
        plan_ablation(SMOKE, (), axes, seeds=1, sequences=2, real=folder, horizon=1)
