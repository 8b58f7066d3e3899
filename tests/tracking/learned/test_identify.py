from __future__ import annotations

import numpy as np
import pytest
import torch

from mohart.assembly.identity import without_torch
from mohart.assembly.model import build_model
from mohart.config.slots import CnnConfig, ModelConfig
from mohart.nn.identity import IdentityHead
from mohart.structures import Tracks
from mohart.tracking.learned.fragments import LOOKS, FragmentLooks, choose_looks
from mohart.tracking.learned.given import drawn
from mohart.tracking.learned.identify import (
    EVERY,
    LATER,
    STRANGE,
    STRANGEST,
    Identifier,
    recognise,
    remember,
)
from mohart.tracking.learned.knobs import UNSEEN
from mohart.tracking.learned.objects import Objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.torch_engine import TorchEngine

CPU = torch.device("cpu")
BOXES = np.array([[10, 10, 40, 50], [60, 10, 90, 50]], np.float32)


@pytest.fixture
def engine() -> TorchEngine:
    torch.manual_seed(0)
    return TorchEngine(build_model(ModelConfig(encoder=CnnConfig(width=16))), CPU)


@pytest.fixture
def says() -> Identifier:
    torch.manual_seed(1)
    return Identifier(without_torch(IdentityHead(16, 8, 96, width=6)))


@pytest.fixture
def picture() -> Picture:
    return Picture(np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8))


def objects(engine: TorchEngine, says: Identifier, picture: Picture) -> Objects:
    state, looks = engine.start(picture, BOXES[None]), picture.looks(BOXES)
    return drawn(state, looks, np.array([1, 2]), np.zeros_like(BOXES), says.first(state, looks))


def test_without_a_head_nothing_is_said_and_nothing_changes(
    engine: TorchEngine, picture: Picture
) -> None:
    silent = Identifier()
    some = objects(engine, silent, picture)
    assert (silent.width, some.identity.shape, some.identified.tolist()) == (0, (2, 0), [1, 1])
    assert recognise(some, picture, engine, silent) is some


def test_the_mean_grows_while_an_object_stands_alone(
    engine: TorchEngine, says: Identifier, picture: Picture
) -> None:
    some = objects(engine, says, picture)
    assert np.linalg.norm(some.identity, axis=1) == pytest.approx([1, 1], abs=1e-5)
    later = recognise(some, picture, engine, says)
    assert later.identified.tolist() == [2, 2]
    not_yet = some.changed(age=np.array([1, EVERY + 1]))
    assert recognise(not_yet, picture, engine, says).identified.tolist() == [1, 1]
    crowd = some.changed(boxes=some.boxes[[0, 0]])
    assert recognise(crowd, picture, engine, says).identified.tolist() == [1, 1]


def test_a_mean_is_that_of_all_looks() -> None:
    torch.manual_seed(0)
    says = Identifier(without_torch(IdentityHead(16, 8, 96, width=6)))
    engine = TorchEngine(build_model(ModelConfig(encoder=CnnConfig(width=16))), CPU)
    some = objects(engine, says, Picture(np.zeros((80, 120, 3), np.uint8)))
    first = np.eye(6, dtype=np.float32)[[0, 1]]
    known = some.changed(identity=first, identified=np.array([3, 3]))
    after = remember(known, np.array([1]), np.eye(6, dtype=np.float32)[[2]])
    assert after.identity[1] == pytest.approx(np.array([0, 3, 1, 0, 0, 0]) / 10**0.5, abs=1e-6)
    assert after.identity[0].tolist() == first[0].tolist()
    assert after.identified.tolist() == [3, 4]


def test_a_lost_object_comes_back_only_where_it_looks_like_itself(
    engine: TorchEngine, says: Identifier, picture: Picture
) -> None:
    some = objects(engine, says, picture)
    lost = some.changed(life=some.life.changed(lost=np.array([True, True])))
    strange = lost.changed(identity=some.identity * np.array([[1], [-1]], np.float32))
    after = recognise(strange, picture, engine, says)
    assert after.visibility.tolist() == [1, pytest.approx(UNSEEN)]


def test_the_longer_it_was_lost_the_more_it_has_to_look_like_itself(
    engine: TorchEngine, says: Identifier, picture: Picture
) -> None:
    some = objects(engine, says, picture)
    away = np.random.default_rng(0).normal(size=(2, 6))
    away -= (away * some.identity).sum(1, keepdims=True) * some.identity
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    half = (0.5 * some.identity + 0.75**0.5 * away).astype(np.float32)  # similarity of 0.5
    seen = []
    for frames in (int((0.4 - STRANGE) / LATER), int((0.6 - STRANGE) / LATER), 10_000):
        lost = np.array([True, True]), np.full(2, frames)
        life = some.life.changed(lost=lost[0], lost_frames=lost[1])
        after = recognise(some.changed(life=life, identity=half), picture, engine, says)
        seen.append((after.visibility == 1).all())
    assert seen == [True, False, False]
    assert STRANGEST < 1  # who looks exactly as before is always known


def rows(*columns: tuple[int, int, float]) -> Tracks:
    """Rows of frame, id, and left of a box of 30 x 40."""
    frame, track, left = zip(*columns, strict=True)
    boxes = [[x, 10, x + 30, 50] for x in left]
    return Tracks.from_columns(frame, track, boxes)


def test_looks_are_spread_and_taken_where_a_track_stands_alone() -> None:
    crowded = [(t, 2, 12.0) for t in range(0, 60) if t % 3]
    tracks = rows(*[(t, 1, 10.0) for t in range(60)], *crowded)
    chosen = choose_looks(tracks)
    first = chosen[tracks.track_id[chosen] == 1]
    assert len(first) == LOOKS
    assert (tracks.frame[first] % 3 == 0).all()  # where 2 is not
    assert np.ptp(tracks.frame[first]) > 45


def test_fragments_of_a_result(engine: TorchEngine, says: Identifier, picture: Picture) -> None:
    tracks = rows((0, 5, 10.0), (1, 5, 12.0), (3, 8, 70.0), (4, 9, 119.0))
    looks = FragmentLooks(tracks, engine, says)
    assert looks.frames == [0, 1, 3, 4]
    for frame in looks.frames:
        looks.add(frame, picture.pixels)
    first, second, third = looks.fragments()
    assert (first.track_id, first.first, first.last, first.looks) == (5, 0, 1, 2)
    assert second.first_box.tolist() == [70, 10, 100, 50]
    assert np.linalg.norm(second.identity) == pytest.approx(1, abs=1e-5)
    assert third.looks == 0  # hardly anything of it is inside
