"""`eval kitti` equals TrackEval's own pipeline on the same files, to 1e-9 in every field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.evaluation.files.input import load_kitti
from mohart.evaluation.files.scoring import score
from mohart.formats.kitti.seqmap import read_seqmap
from mohart.formats.kitti.tracks import CLASSES
from mohart.metrics.evaluate import evaluate
from mohart.metrics.rules import PlainRules

Check = Callable[..., Any]
REST = "1.5 1.6 3.9 1 2 3 0"


def label(frame: int, track: int, name: str, x: float, **more: Any) -> str:
    """One row of a label file; boxes are 40 wide and 60 high."""
    y, w, h = more.get("y", 100), more.get("w", 40), more.get("h", 60)
    flags = f"{more.get('truncated', 0)} {more.get('occluded', 0)}"
    return f"{frame} {track} {name} {flags} -1.5 {x} {y} {x + w} {y + h} {REST}\n"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "label_02", tmp_path / "mine"
    for folder in made:
        folder.mkdir()
    return made


def test_demo_is_perfect_with_the_rules_and_worthless_without(
    folders: tuple[Path, Path], trackeval_kitti: Check, assert_equal: Check
) -> None:
    """Eight labels: one car that counts and one thing for every rule, all of them reported."""
    truth = [
        label(0, 1, "Car", 100),
        label(0, 2, "Van", 200),
        label(0, 3, "Car", 300, occluded=3),
        label(0, 4, "Car", 400, truncated=1),
        "0 -1 DontCare -1 -1 -10 500 100 560 160 -1000 -1000 -1000 -10 -1 -1 -1\n",
        label(1, 1, "Car", 104),
        label(1, 2, "Van", 204),
        label(1, 5, "Pedestrian", 700),
    ]
    results = [
        *(label(0, n, "Car", 100 * n) for n in (1, 2, 3, 4)),
        label(0, 5, "Car", 510),  # more than half of it in DontCare
        label(1, 1, "Car", 104),
        label(1, 2, "Car", 204),
        label(1, 6, "Car", 800, h=25),  # low and alone
    ]
    (folders[0] / "0000.txt").write_text("".join(truth))
    (folders[1] / "0000.txt").write_text("".join(results))
    scores = score(load_kitti(*folders)).scores
    assert_equal(scores, trackeval_kitti(*folders, {"0000": 2}))
    car = scores.row("car")
    assert car.scores["MOTA"] == 100
    assert dict(car.ignored) == {
        "result on a neighbour class": 2,
        "result on an occluded box": 1,
        "result on a truncated box": 1,
        "result without match, 25 px or lower": 1,
        "result without match, in DontCare": 1,
        "truth of the neighbour class": 2,
        "truth occluded": 1,
        "truth truncated": 1,
    }
    sequence = load_kitti(*folders).sequences[0]
    cars = sequence.truth.select(sequence.truth.class_id == CLASSES["Car"])
    plain = evaluate([replace(sequence, truth=cars)], PlainRules()).row("object")
    assert plain.scores["MOTA"] == 0  # 4 of 4 cars found, 4 results on other things


@pytest.mark.parametrize("seed", range(6))
def test_random_labels_with_every_rule(
    folders: tuple[Path, Path], trackeval_kitti: Check, assert_equal: Check, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    names = ("Car", "Van", "Pedestrian", "Person", "Cyclist", "Truck")
    for sequence in ("0000", "0001"):
        truth, results = [], []
        for t in range(25):
            for n in np.flatnonzero(generator.random(12) < 0.8).tolist():
                name, x = names[n % 6], 60.0 * n + 2 * t
                levels = {
                    "occluded": int(generator.choice([0, 0, 1, 2, 3])),
                    "truncated": int(generator.choice([0, 0, 0, 1, 2])),
                }
                truth.append(label(t, n, name, x, **levels))
                if generator.random() < 0.8:
                    said = "Car" if n % 6 in (0, 1, 5) else "Pedestrian"
                    moved = x + float(generator.normal(0, 8))
                    results.append(label(t, n + 7 * (t > 15), said, moved, truncated=-1.0))
            for k in range(3):
                place = {"y": 300.0, "h": float(generator.choice([20, 25, 25.5, 60]))}
                results.append(label(t, 90 + k, "Car", 50.0 + 100 * k, **place))
            truth.append(f"{t} -1 DontCare -1 -1 -10 60 290 170 400 {REST}\n")
        (folders[0] / f"{sequence}.txt").write_text("".join(truth))
        (folders[1] / f"{sequence}.txt").write_text("".join(results))
    files = load_kitti(*folders)
    assert files.errors == []
    scores = score(files).scores
    assert_equal(scores, trackeval_kitti(*folders, dict.fromkeys(("0000", "0001"), 25)))
    assert all(scores.row("car").ignored.values()), "every rule must have been at work"


@pytest.mark.slow
@pytest.mark.parametrize("tracker", ["CIWT", "YOLO-SORT", "YOLO-OC-SORT"])
def test_real_trackers(
    shared_data: Path, trackeval_kitti: Check, assert_equal: Check, tracker: str
) -> None:
    folder = shared_data / "kitti"
    lengths = read_seqmap(folder / "evaluate_tracking.seqmap.training")
    files = load_kitti(folder / "label_02", folder / "results" / tracker)
    assert files.errors == []
    assert (len(files.sequences), files.split) == (21, "training")
    scores = score(files).scores
    assert {row.class_name for row in scores.rows} == {"car", "pedestrian"}
    assert_equal(
        scores, trackeval_kitti(folder / "label_02", folder / "results" / tracker, lengths)
    )
