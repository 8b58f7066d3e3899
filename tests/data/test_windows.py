from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mohart.data.mot import read_mot_folder
from mohart.data.sequence import Sequence
from mohart.data.windows import ClipArrays, _playing_order, sample_window
from mohart.errors import ConfigError, MissingDataError
from mohart.structures import Tracks


def window(sequence: Sequence, seed: int, **changes: int) -> ClipArrays:
    sizes = {"length": 5, "objects": 4, "width": 96, "height": 80} | changes
    return sample_window(sequence, np.random.default_rng(seed), **sizes)


def test_shapes_and_types(moving_boxes: Sequence) -> None:
    clip = window(moving_boxes, 0)
    assert (clip.frames.shape, clip.frames.dtype) == ((5, 80, 96, 3), np.uint8)
    assert (clip.boxes.shape, clip.boxes.dtype) == ((5, 4, 4), np.float32)
    assert (clip.visibility.shape, clip.visibility.dtype) == ((5, 4), np.float32)
    assert (clip.present.shape, clip.present.dtype) == ((5, 4), np.bool_)


def test_an_object_as_high_as_the_frame_leaves_one_window(moving_boxes: Sequence) -> None:
    # 120 pixels is the greatest height that is shown and the frame is 120 high: zoom 1, no choice
    tracks = Tracks.from_columns([0, 1], [7, 7], [[30, 0, 90, 120], [31, 0, 91, 125]])
    one = replace(moving_boxes.part(0, 2), tracks=tracks)
    clip = window(one, 0, length=2, objects=2, width=160, height=120)
    np.testing.assert_array_equal(clip.frames, list(one.frames()))
    n = int(clip.present[0].argmax())
    assert clip.present.sum(axis=0).tolist() == [2 * (n == 0), 2 * (n == 1)]
    assert clip.boxes[:, n].tolist() == [[30, 0, 90, 120], [31, 0, 91, 125]]
    assert clip.visibility[:, n].tolist() == [1, 1]  # what the frame cuts off counts in the labels


@pytest.mark.parametrize("seed", range(30))
def test_boxes_follow_the_pixels(moving_boxes: Sequence, seed: int) -> None:
    clip = window(moving_boxes, seed)
    seen = 0
    for t, n in zip(*np.nonzero(clip.present), strict=True):
        x1, y1, x2, y2 = clip.boxes[t, n]
        if clip.visibility[t, n] < 0.7 or min(x1, y1) < 0 or x2 > 96 or y2 > 80:
            continue
        inner = clip.frames[t, int(y1) + 3 : int(y2) - 2, int(x1) + 3 : int(x2) - 2].reshape(-1, 3)
        colours = [(250, 20, 20), (20, 250, 20)]
        near = [np.abs(inner - np.array(c)).max(axis=1) < 30 for c in colours]
        seen += 1
        # where the objects cross, one hides a part of the other
        assert (near[0] | near[1]).mean() > 0.95
    assert seen


@pytest.mark.parametrize("seed", range(30))
def test_the_promises_of_the_first_frame(moving_boxes: Sequence, seed: int) -> None:
    clip = window(moving_boxes, seed)
    boxes, visibility = clip.boxes[0][clip.present[0]], clip.visibility[0][clip.present[0]]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert len(boxes) >= 1
    assert (centre >= 0).all()
    assert (centre <= [96, 80]).all()
    assert (visibility >= 0.3).all()
    heights = boxes[:, 3] - boxes[:, 1]
    assert (heights <= 2.01 * 48).all()
    assert ((heights >= 19) & (heights <= 121)).any()
    assert not clip.boxes[~clip.present].any()
    assert not clip.visibility[~clip.present].any()


def test_the_generator_decides_everything(moving_boxes: Sequence) -> None:
    first, second, other = (window(moving_boxes, seed) for seed in (4, 4, 5))
    for name in ClipArrays._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.frames, other.frames)


def test_more_objects_than_wanted(moving_boxes: Sequence) -> None:
    chosen = {tuple(window(moving_boxes, seed, objects=1).boxes[0, 0]) for seed in range(20)}
    assert len(chosen) > 5
    assert window(moving_boxes, 0, objects=1).boxes.shape == (5, 1, 4)


def test_short_sequences_play_forth_and_back() -> None:
    rng = np.random.default_rng(0)
    orders = {tuple(_playing_order(4, 1, 8, rng).tolist()) for _ in range(20)}
    assert orders == {(1, 2, 3, 2, 1, 0, 1, 2), (1, 0, 1, 2, 3, 2, 1, 0)}
    assert _playing_order(1, 0, 3, rng).tolist() == [0, 0, 0]
    assert _playing_order(2, 1, 4, rng).tolist() == [1, 0, 1, 0]
    assert _playing_order(9, 3, 4, rng).tolist() == [3, 4, 5, 6]


def test_clip_longer_than_the_sequence(moving_boxes: Sequence) -> None:
    clip = window(moving_boxes.part(0, 3), 1, length=9)
    np.testing.assert_array_equal(clip.frames[0], clip.frames[4])
    np.testing.assert_array_equal(clip.boxes[1], clip.boxes[5])


def test_visibility_fades_where_the_box_leaves_the_window(moving_boxes: Sequence) -> None:
    for seed in range(100):
        clip = window(moving_boxes, seed, objects=1, length=8)
        left, right = clip.boxes[:, 0, 0], clip.boxes[:, 0, 2]
        cut = (left < -1) | (right > 97)
        assert (clip.visibility[(right <= 0) | (left >= 96), 0] == 0).all()
        assert (clip.visibility[cut, 0] < 1).all()
        if cut.any():
            break
    else:
        pytest.fail("no object ever left its window")


def test_objects_that_appear_later_are_not_chosen(moving_boxes: Sequence) -> None:
    late = moving_boxes.tracks.select(moving_boxes.tracks.frame >= 6)
    clip = window(replace(moving_boxes, tracks=late), 0, length=2)
    assert clip.present[0].any()
    with pytest.raises(MissingDataError, match=r"'moving-boxes': no window of 3 frames"):
        window(replace(moving_boxes, tracks=late), 0, length=3)


def test_no_window_possible(moving_boxes: Sequence) -> None:
    for sequence in (
        replace(moving_boxes, tracks=Tracks.empty()),
        replace(moving_boxes, tracks=moving_boxes.tracks.select(moving_boxes.tracks.ignored)),
    ):
        with pytest.raises(MissingDataError, match="'moving-boxes': no window of 5 frames"):
            window(sequence, 0)
    with pytest.raises(MissingDataError, match="none of these can be shown 20"):
        window(moving_boxes, 0, width=640, height=480)  # would need a zoom of 4
    with pytest.raises(MissingDataError, match="labels only"):
        window(replace(moving_boxes, width=0, height=0), 0)
    with pytest.raises(ConfigError, match="window: expected positive sizes"):
        window(moving_boxes, 0, objects=0)


@pytest.mark.slow
def test_real_video(shared_data: Path) -> None:
    for n, sequence in enumerate(read_mot_folder(shared_data / "mot17-mini")):
        clip = window(sequence, n, length=8, width=256, height=192)
        assert clip.frames.shape == (8, 192, 256, 3)
        assert clip.frames.std() > 10
        assert clip.present[0].any()
