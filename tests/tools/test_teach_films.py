"""Pseudo-labels: only what both ways agree on is kept."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.data.layout import read_folder
from mohart.structures import ACTIVE, TrackedObjects
from mohart.video import VideoWriter

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
teach_films = importlib.import_module("teach_films")


class Teacher:
    """Finds a bright square of 24 pixels; says `wrong` pixels beside it where it is asked back."""

    def __init__(self, wrong: float = 0.0) -> None:
        self.wrong, self.runs = wrong, 0

    def init(self, frame: Any, boxes: Any) -> None:
        self.boxes, self.runs = np.asarray(boxes, float), self.runs + 1

    def update(self, frame: NDArray[np.uint8]) -> TrackedObjects:
        y, x = (int(at.min()) for at in np.nonzero(frame[..., 1] > 200))
        said = np.array([x, y, x + 24, y + 24], float) + self.wrong * (self.runs % 2 == 0)
        many = np.repeat(said[None], len(self.boxes), 0).astype(np.float32)
        count = len(many)
        return TrackedObjects(many, np.arange(count), np.ones(count), np.full(count, ACTIVE))


def frames(count: int = 30, step: int = 3) -> list[NDArray[np.uint8]]:
    ground = np.random.default_rng(3).integers(0, 120, (120, 160, 3), np.uint8)
    made = []
    for t in range(count):
        frame = ground.copy()
        frame[40:64, 10 + step * t : 34 + step * t] = (20, 250, 20)
        made.append(frame)
    return made


def followed(teacher: Teacher) -> NDArray[np.bool_]:
    start = np.array([[10.0, 40, 34, 64], [60, 40, 84, 64]])  # the square, and something else
    boxes, sure = teach_films.followed(frames(), start, teacher)
    assert boxes.shape == (30, 2, 4)
    assert np.array_equal(boxes[0], start)
    return sure


def test_what_the_way_back_does_not_end_on_is_not_kept() -> None:
    assert followed(Teacher()).tolist() == [True, False]


def test_where_both_ways_differ_nothing_is_kept() -> None:
    assert followed(Teacher(wrong=12.0)).tolist() == [False, False]


@pytest.mark.parametrize(("step", "goes"), [(3, True), (0, False)])
def test_who_moves(step: int, goes: bool) -> None:
    boxes = np.array([[10.0 + step * t, 40, 34 + step * t, 64] for t in range(9)])
    assert teach_films.moves(boxes) is goes


def test_boxes_are_inside_and_apart() -> None:
    film = frames()
    boxes = teach_films.choose(film, None, np.random.default_rng(1))
    assert 2 <= len(boxes) <= teach_films.CHOSEN
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [160, 120]).all()
    again = teach_films.choose(film, None, np.random.default_rng(1))
    assert np.array_equal(boxes, again)


def test_a_film_becomes_a_sequence_to_train_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with VideoWriter(tmp_path / "square.mp4", 160, 120, 25.0) as writer:
        for frame in frames():
            writer.write(frame)
    monkeypatch.setattr(teach_films, "NanoTracker", lambda _: Teacher())
    chosen = np.array([[10.0, 40, 34, 64], [60, 40, 84, 64]])
    monkeypatch.setattr(teach_films, "choose", lambda *_: chosen)
    out = tmp_path / "films"
    command = [str(tmp_path / "square.mp4"), "-o", str(out), "--teacher", "a,b"]
    assert teach_films.main(command) == 0
    assert "30 frames, 1 objects followed" in capsys.readouterr().out
    (sequence,) = read_folder(out)
    assert (sequence.length, sequence.width) == (30, 160)
    first = sequence.tracks.at(0)
    assert np.allclose(first.boxes, chosen[:1])
    assert teach_films.main(["nothing.mp4", "-o", str(out), "--teacher", "a,b"]) == 2
    assert "error: " in capsys.readouterr().err
