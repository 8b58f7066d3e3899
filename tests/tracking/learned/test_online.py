"""The network's eyes and a detector's, reconciled: births, corrections, deaths, returns.

The network is replaced by one that keeps every box where it is and sees the object if the middle of
the box is not grey; so every change of a box comes from detections.
"""

from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.structures import TrackedObjects
from mohart.tracking.learned.knobs import Knobs
from mohart.tracking.learned.picture import Picture
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.state import Array, NetworkState

RED, BLUE = (30, 30, 220), (220, 60, 20)
AT = [20.0, 20, 40, 60]
THERE = [100.0, 30, 120, 70]
SIZE = (120, 160)


class Staring:
    """Sees what is not grey, and never moves."""

    def aim(self, boxes: Array) -> Array:
        return boxes

    def start(self, picture: Picture, boxes: Array) -> NetworkState:
        count = boxes.shape[1]
        return NetworkState(
            boxes=boxes,
            windows=boxes,
            velocity=np.zeros((1, count, 2), np.float32),
            hidden=np.zeros((1, count, 1), np.float32),
            cell=np.zeros((1, count, 1), np.float32),
            memories=(np.zeros((1, count, 2, 1), np.float32),),
            frame=SIZE,
        )

    def step(self, picture: Picture | None, state: NetworkState) -> tuple[Array, NetworkState]:
        centre = ((state.boxes[0, :, :2] + state.boxes[0, :, 2:]) / 2).astype(int)
        seen = np.full((len(centre),), -6.0)
        if picture is not None:
            x, y = centre[:, 0].clip(0, SIZE[1] - 1), centre[:, 1].clip(0, SIZE[0] - 1)
            colour = picture.pixels[y, x].astype(int)
            seen = np.where(np.abs(colour - 127).max(1) > 20, 6.0, -6.0)
        return seen[None], state


def picture(*objects: tuple[list[float], tuple[int, int, int]]) -> np.ndarray:
    frame = np.full((*SIZE, 3), 127, np.uint8)
    for (x1, y1, x2, y2), colour in objects:
        frame[int(y1) : int(y2), int(x1) : int(x2)] = colour
    return frame


def tracker(**knobs: float) -> RecurrentTracker:
    return RecurrentTracker(Staring(), knobs=Knobs(**knobs))


def said(tracks: TrackedObjects) -> list[tuple[int, str]]:
    return list(zip(tracks.tracker_id.tolist(), tracks.state.tolist(), strict=True))


BOTH = picture((AT, RED), (THERE, BLUE))


def test_a_sure_detection_is_born_at_once_and_a_doubtful_one_when_it_is_confirmed() -> None:
    mine = tracker()
    first = mine.update(BOTH, [[*AT, 0.95], [*THERE, 0.6]])
    assert said(first) == [(1, "active"), (-1, "tentative")]
    assert first.fates is not None
    assert first.fates.kind.tolist() == ["born", "tentative"]
    assert first.fates.tracker_id.tolist() == [1, -1]
    for _ in range(3):
        later = mine.update(BOTH, [[*THERE, 0.6], [*AT, 0.95]])
    assert said(later) == [(1, "active"), (2, "active")]
    assert later.source_index.tolist() == [1, 0]
    assert later.fates is not None
    assert later.fates.kind.tolist() == ["matched", "matched"]


def test_between_detections_everybody_goes_on() -> None:
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95], [*THERE, 0.95]])
    for _ in range(50):
        silent = mine.update(BOTH)
    assert said(silent) == [(1, "active"), (2, "active")]
    assert silent.fates is None
    assert silent.source_index.tolist() == [-1, -1]


def test_a_false_alarm_is_never_numbered() -> None:
    mine = tracker()
    mine.update(BOTH, [[60, 60, 80, 100, 0.6]])
    assert len(mine.update(BOTH, [])) == 0
    for _ in range(3):
        tracks = mine.update(BOTH, [[*AT, 0.95]])
    assert said(tracks) == [(1, "active")]


def test_a_track_that_the_detector_does_not_confirm_ends_and_says_so_once() -> None:
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95]])
    ends = [k for k in range(60) if "ended" in mine.update(BOTH, []).state]
    assert len(ends) == 1
    assert len(mine.update(BOTH, [])) == 0


def test_a_detection_moves_the_box_part_of_the_way() -> None:
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95]])
    moved = mine.update(BOTH, [[24, 20, 44, 60, 0.95]])
    left, top, right, bottom = moved.xyxy[0].tolist()
    assert 21 < left < 23
    assert right == pytest.approx(left + 20)
    assert (top, bottom) == (20, 60)


def test_after_a_longer_silence_a_detection_moves_the_box_further() -> None:
    moved = []
    for silent in (0, 4):
        mine = tracker()
        mine.update(BOTH, [[*AT, 0.95]])
        for _ in range(silent):
            mine.update(BOTH)
        moved.append(mine.update(BOTH, [[24, 20, 44, 60, 0.95]]).xyxy[0, 0] - 20)
    assert moved[1] > 1.5 * moved[0] > 0


def test_every_detection_has_a_fate_with_a_reason() -> None:
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95]])
    inner = [22, 30, 38, 50]
    found = [[*AT, 0.9], [20, 20, 40, 59, 0.8], [*inner, 0.9], [*THERE, 0.05], [*THERE, 0.3]]
    fates = mine.update(BOTH, found).fates
    assert fates is not None
    assert fates.kind.tolist() == ["matched", *["dropped"] * 4]
    assert fates.why.tolist() == [
        "",
        "the same as detection 0",
        "lies on track 1, which another detection fed",
        "score below 0.1",
        "score below 0.4 and no track there",
    ]


def test_who_is_lost_and_comes_back_elsewhere_has_the_old_identity() -> None:
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95], [*THERE, 0.95]])
    gone = picture((THERE, BLUE))
    states = [dict(said(mine.update(gone))).get(1) for _ in range(20)]
    ends = states.index("ended")
    assert states[0] == "predicted"
    assert states[ends - 1] == "lost"
    assert states[ends + 1 :] == [None] * (19 - ends)
    elsewhere = [50.0, 40, 70, 80]
    frame = picture((elsewhere, RED), (THERE, BLUE))
    back = mine.update(frame, [[*elsewhere, 0.95], [*THERE, 0.9]])
    assert said(back) == [(2, "active"), (1, "active")]
    assert back.fates is not None
    assert back.fates.kind.tolist() == ["matched", "matched"]


def test_who_looks_different_or_comes_back_too_far_away_is_somebody_else() -> None:
    for where, colour in ((AT, (20, 200, 20)), ([110.0, 70, 130, 110], RED)):
        mine = tracker()
        mine.update(picture((AT, RED)), [[*AT, 0.95]])
        for _ in range(16):
            mine.update(picture())
        tracks = mine.update(picture((where, colour)), [[*where, 0.95]])
        assert said(tracks) == [(2, "active")]


def test_drawn_boxes_and_detections_can_be_mixed() -> None:
    mine = tracker()
    mine.init(BOTH, [AT], ids=[7])
    mixed = mine.update(BOTH, [[*THERE, 0.95]])
    assert said(mixed) == [(7, "active"), (8, "active")]
    for _ in range(80):  # what a person has drawn is never given up
        later = mine.update(picture(), [])
    assert said(later) == [(7, "lost")]


def test_classes_are_voted_for() -> None:
    mine = tracker()
    for class_id in (3, 5, 5):
        tracks = mine.update(BOTH, [[*AT, 0.95, class_id]])
    assert tracks.class_id.tolist() == [5]


def test_identities_go_on_behind_those_that_were_given_and_are_never_used_again() -> None:
    mine, numbers = tracker(), []
    mine.init(BOTH, [AT, THERE], ids=[4, 9])
    for colour in (RED, BLUE):  # each ends before the next, who looks different
        elsewhere = [60.0, 60, 80, 100]
        frame = picture((AT, RED), (THERE, BLUE), (elsewhere, colour))
        for _ in range(3):  # until it is confirmed
            tracks = mine.update(frame, [[*elsewhere, 0.95]])
        numbers.append(int(tracks.tracker_id[2]))
        while len(tracks) > 2:
            tracks = mine.update(BOTH, [])
    assert numbers == [10, 11]


def test_colours_are_met_once_and_boxes_are_those_of_the_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    described = []
    real = Picture.looks

    def looks(self: Picture, boxes: np.ndarray) -> np.ndarray:
        described.append(len(boxes))
        return real(self, boxes)

    monkeypatch.setattr(Picture, "looks", looks)
    mine = tracker()
    mine.update(BOTH, [[*AT, 0.95]])
    described.clear()
    mine.update(BOTH, [[24, 20, 44, 60, 0.95], [*THERE, 0.95]])  # corrects one, bears another
    assert described == [2]  # both detections together
    objects = mine._online._objects
    assert objects is not None
    assert np.array_equal(objects.boxes, objects.state.boxes[0])


def test_two_trackers_do_not_touch_each_other_and_reset_starts_anew() -> None:
    one, other = tracker(), tracker()
    one.update(BOTH, [[*AT, 0.95], [*THERE, 0.95]])
    assert said(other.update(BOTH, [[*AT, 0.95]])) == [(1, "active")]
    one.reset()
    assert said(one.update(BOTH, [[*AT, 0.95]])) == [(1, "active")]


@pytest.mark.parametrize(("gap", "state"), [(0.1, "predicted"), (0.5, "lost"), (2.0, "ended")])
def test_a_gap_in_time_is_as_long_as_the_frames_that_are_missing(gap: float, state: str) -> None:
    mine = tracker()
    for t in range(10):
        mine.update(BOTH, [[*AT, 0.95]], timestamp=t * 0.1)
    assert said(mine.update(picture(), timestamp=0.9 + gap)) == [(1, state)]


def test_there_has_to_be_something_to_follow() -> None:
    with pytest.raises(ConfigError, match="or give detections"):
        tracker().update(BOTH)
    assert len(tracker().update(BOTH, [])) == 0
