"""mohart.tracking.learned.scenery: what was there when the object was elsewhere is not it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.structures import LOST
from mohart.tracking.learned.camera import Camera
from mohart.tracking.learned.knobs import RULES, UNSEEN
from mohart.tracking.learned.objects import Objects, fresh_objects
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.scenery import EVERY, KEPT, LATELY, Scenery
from mohart.tracking.learned.state import NetworkState

WIDTH, HEIGHT, BORDER = 320, 240, 80
HERE, THERE = (40.0, 60.0, 70.0, 120.0), (200.0, 90.0, 230.0, 150.0)
Box = tuple[float, float, float, float]


def texture(seed: int, *shape: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 3).astype(np.float32)
    return np.clip((soft - 128) * 5 + 128, 0, 255).astype(np.uint8)


WORLD = texture(0, HEIGHT + 2 * BORDER, WIDTH + 2 * BORDER)
THING = texture(1, 60, 30)


def frame(at: Box | None, shift: int = 0) -> Picture:
    """The world from where the camera is, with the thing at a place of the picture, or without."""
    picture = WORLD[BORDER : BORDER + HEIGHT, BORDER + shift : BORDER + shift + WIDTH].copy()
    if at is not None:
        x, y = int(at[0]), int(at[1])
        picture[y : y + 60, x : x + 30] = THING
    return Picture(picture)


def state(box: Box) -> NetworkState:
    return NetworkState(
        boxes=np.array([[box]], np.float32),
        windows=np.zeros((1, 1, 4), np.float32),
        velocity=np.zeros((1, 1, 2), np.float32),
        hidden=np.zeros((1, 1, 3), np.float32),
        cell=np.zeros((1, 1, 3), np.float32),
        memories=(),
        frame=(HEIGHT, WIDTH),
    )


def started(box: Box, *, given: bool = True) -> Objects:
    looks = frame(box).looks(np.array([box], np.float32))
    start = RULES.start(1)
    return fresh_objects(
        state(box),
        looks,
        start,
        tracker_id=np.array([7]),
        given=given,
        belief=np.ones(1),
        visibility=np.ones(1),
    )


class Video:
    """Frames one after the other, and where the network says that the object is."""

    def __init__(self, *, given: bool = True) -> None:
        self.camera = Camera()
        self.scenery = Scenery(self.camera)
        self.objects = started(HERE, given=given)
        self.camera.see(frame(HERE))

    def show(
        self,
        thing: Box | None,
        said: Box,
        *,
        frames: int = 1,
        sure: float = 0.9,
        lost: bool = False,
        shift: int = 0,
    ) -> float:
        """Visibility behind the last of these frames."""
        for _ in range(frames):
            self.camera.move(self.objects, frame(thing, shift))
            life = self.objects.life
            if lost:
                life = replace(life, lost=np.ones(1, bool), state=np.array([LOST]))
            told = self.objects.moved(state(said)).changed(visibility=np.array([sure]), life=life)
            self.objects = self.scenery.doubt(told)
            self.objects = self.objects.changed(age=self.objects.age + 1)  # as `give_way` does
        return float(self.objects.visibility[0])


def test_a_place_that_has_not_changed_since_the_object_was_elsewhere_is_not_it() -> None:
    video = Video()
    assert video.show(HERE, HERE, frames=2 * EVERY) == 0.9  # it stands there
    assert video.show(None, THERE, frames=4) == UNSEEN  # the window has found something else
    assert video.show(None, THERE) == UNSEEN  # and stays there


def test_who_has_come_there_is_seen() -> None:
    video = Video()
    video.show(HERE, HERE, frames=2 * EVERY)
    for _ in range(3 * EVERY):
        assert video.show(THERE, THERE) == 0.9


def test_who_stands_still_for_long_is_seen() -> None:
    video = Video()
    for _ in range(6 * EVERY):
        assert video.show(HERE, HERE) == 0.9


def test_a_detector_has_the_word_for_what_it_found() -> None:
    video = Video(given=False)
    video.show(HERE, HERE, frames=2 * EVERY)
    assert video.show(None, THERE, frames=4) == 0.9


def test_who_is_lost_is_not_back_where_nothing_has_come() -> None:
    video = Video()
    video.show(HERE, HERE, frames=2 * EVERY)
    near: Box = (55.0, 75.0, 85.0, 135.0)  # it may have stood there in part
    video.show(None, near, frames=2 * EVERY, sure=0.1, lost=True)
    assert video.show(None, THERE, lost=True) == UNSEEN
    assert video.show(THERE, THERE, lost=True) == 0.9


def test_a_person_who_draws_it_there_is_right() -> None:
    video = Video()
    video.show(HERE, HERE, frames=2 * EVERY)  # wrong all the time: it stood there
    video.objects = started(THERE)
    for _ in range(2 * EVERY):
        assert video.show(None, THERE) == 0.9


def test_what_was_there_before_it_was_drawn_elsewhere_is_not_it() -> None:
    video = Video()
    video.show(None, HERE, frames=2 * EVERY)
    video.objects = started(HERE)  # drawn only now, and its window slides off at once
    video.show(HERE, HERE)
    assert video.show(None, THERE, frames=4) == UNSEEN


def test_a_window_that_was_believed_for_a_while_is_found_out() -> None:
    """A place with the object in front passes for it; as soon as that has gone, it does not."""
    video = Video()
    video.show(HERE, HERE, frames=2 * EVERY)
    assert video.show(THERE, THERE, frames=3 * EVERY) == 0.9  # something like it stands there
    assert video.show(None, THERE, frames=4) == UNSEEN


def test_places_go_along_with_the_camera() -> None:
    video = Video()
    video.show(HERE, HERE, frames=2 * EVERY)
    moved: Box = (THERE[0] - 20, THERE[1], THERE[2] - 20, THERE[3])
    for shift in (5, 10, 15, 20):
        video.show(None, moved, sure=0.1, shift=shift)
    assert video.show(None, moved, frames=4, shift=20) == UNSEEN
    assert video.show(moved, moved, frames=4, shift=20) == 0.9


def test_plain_places_say_nothing() -> None:
    video = Video()
    flat = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    with_thing = flat.copy()
    with_thing[60:120, 40:70] = THING
    for picture, said in [(with_thing, HERE)] * (2 * EVERY) + [(flat, THERE)] * 4:
        video.camera.move(video.objects, Picture(picture))
        told = video.objects.moved(state(said)).changed(visibility=np.array([0.9]))
        told = told.changed(age=told.age + 1)
        video.objects = video.scenery.doubt(told)
        assert video.objects.visibility[0] == 0.9


def test_few_pictures_reach_far_back() -> None:
    video = Video()
    video.show(HERE, HERE, frames=400)
    ages = [video.scenery._frame - then.frame for then in video.scenery._kept]
    assert len(ages) == KEPT
    assert ages[0] > 380
    assert ages[-1] < EVERY
    assert all(older <= 3 * (newer + EVERY) for older, newer in pairwise(ages))


@pytest.mark.parametrize("frames", [EVERY - 1, 3 * EVERY])
def test_it_goes_on_from_a_snapshot(frames: int) -> None:
    video, other = Video(), Video()
    video.show(HERE, HERE, frames=frames)
    video.show(None, THERE, frames=5)
    packed = video.scenery.pack()
    other.camera.unpack(video.camera.pack())
    other.scenery.unpack(packed)
    other.objects = video.objects
    assert [video.show(None, THERE) for _ in range(9)] == [
        other.show(None, THERE) for _ in range(9)
    ]
    assert repr(video.scenery.pack()) == repr(other.scenery.pack())


@pytest.mark.parametrize("shift", [0, 2])
def test_how_much_a_place_looks_as_it_did_also_where_the_camera_moves(shift: int) -> None:
    """The ground does; where somebody has come since it does not. Drawn ones are not asked."""
    camera = Camera()
    scenery = Scenery(camera)
    camera.see(frame(None))
    assert np.isnan(scenery.unchanged(started(HERE, given=False))).all()  # nothing is remembered
    nobody = started(HERE, given=False)
    for t in range(EVERY + LATELY):
        nobody = camera.move(nobody, frame(None, shift * t))
        scenery.doubt(nobody)
    last = shift * (EVERY + LATELY)
    nobody = camera.move(nobody, frame(HERE, last))
    scenery.doubt(nobody)
    three = started(THERE, given=False).join(started(HERE, given=False)).join(started(THERE))
    alike = scenery.unchanged(three)
    assert alike[0] > 0.9
    assert alike[1] < 0.5
    assert np.isnan(alike[2])
