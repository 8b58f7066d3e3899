"""tools/identity.py: what looks are worth is counted right."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
looks_of, score, fit = (
    importlib.import_module(f"identities.{name}") for name in ("looks", "score", "fit")
)
TRACKS, EACH = 4, 4


def looks(scenes: int = 2) -> looks_of.Looks:
    """Every track of every scene has looks at times 0 to 3."""
    count = scenes * TRACKS * EACH
    scene, track, time = (x.ravel().astype(np.int32) for x in np.indices((scenes, TRACKS, EACH)))
    rng = np.random.default_rng(0)
    return looks_of.Looks(
        cells=rng.random((count, 8, 4, 4)).astype(np.float16),
        colours=np.eye(TRACKS, 6, dtype=np.float16)[track],
        pictures=np.zeros((count, 32, 32, 3), np.uint8),
        scene=scene,
        track=track,
        time=time,
        seen=np.ones(count, np.float32),
        size=np.full(count, 30, np.float32),
        rival=np.zeros((count, 0), np.float16),
    )


def test_the_later_looks_are_compared_with_the_means_of_the_earlier_ones() -> None:
    some = looks()
    colours = some.colours.astype(np.float32)
    first = score.rank_one(score.trials(some, colours, strangers=False))
    assert first.tolist() == [[8, 8], [8, 8]]  # two late looks of each of four tracks
    swapped = colours.copy()
    late = (some.time >= 2) & (some.track == 0)
    swapped[late] = colours[some.track == 1][0]
    first = score.rank_one(score.trials(some, swapped, strangers=False))
    assert score.share(first) == pytest.approx(6 / 8)


def test_strangers_are_those_who_are_not_in_the_gallery() -> None:
    some = looks()
    found = score.trials(some, some.colours.astype(np.float32), strangers=True)
    assert [int(np.isnan(t.right).sum()) for t in found] == [4, 4]
    counts = score.returns(found, 0.5)
    assert counts.tolist() == [[4, 0, 4], [4, 0, 4]]
    assert score.f_one(counts) == 1
    all_in = score.returns(found, -1.0)
    assert all_in.tolist() == [[4, 4, 4], [4, 4, 4]]
    assert score.f_one(all_in) == pytest.approx(2 * 8 / (8 + 8 + 8))
    assert score.f_one(score.returns(found, score.best_threshold(found))) == 1


def test_intervals_are_of_scenes_and_of_the_same_ones_for_a_difference() -> None:
    ours = np.array([[9.0, 10], [7, 10], [8, 10]])
    low, high = score.interval(ours, None, score.share)
    assert 0.7 <= low < 0.8 < high <= 0.9
    assert score.interval(ours, ours - [[1, 0]], score.share) == pytest.approx((0.1, 0.1))


def test_batches_have_several_tracks_of_every_scene() -> None:
    some = looks(scenes=fit.SCENES)
    cells, colours, pictures = next(iter(fit.Batches(some, 0)))
    assert len(cells) == fit.SCENES * fit.TRACKS * fit.LOOKS
    assert pictures.shape[1:] == (3, 32, 32)
    tracks = colours.argmax(1).view(-1, fit.LOOKS)
    assert (tracks == tracks[:, :1]).all()  # looks of one track stand together


def test_heads_are_trained_and_the_linear_one_is_the_start_of_all() -> None:
    some = looks(scenes=fit.SCENES)
    told: list[int] = []
    linear = fit.fit(some, "linear", steps=2, seed=0, width=3, progress=lambda s, _: None)
    both = fit.fit(
        some,
        "both",
        steps=2,
        seed=0,
        width=3,
        progress=lambda s, _: told.append(s),
        start=linear.head,
    )
    assert told == [1, 2]
    assert fit.embed(both.head, some).shape == (len(some), 3)
    same = linear.head.cells.weight.allclose(both.head.cells.weight, atol=1e-2)
    assert same


def test_boxes_are_shaken_and_cut_at_the_frame() -> None:
    boxes = np.array([[10.0, 10, 60, 90], [-30, 10, 6, 40], [300, 100, 310, 105]])
    rows, shaken = looks_of.shake(boxes, np.array([4, 5, 6]), np.random.default_rng(0), 320, 240)
    assert rows.tolist() == [4]  # the others are too small, or hardly inside
    assert np.abs(shaken[0] - boxes[0]).max() < 20
    assert looks_of.crop(np.zeros((240, 320, 3), np.uint8), shaken[0]).shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["draw", "--scenes", "bad"], "--scenes bad: expected PART:KIND:N"),
        (["draw", "--scenes", "train:nosuch:1"], "--scenes train:nosuch:1: expected PART:KIND:N"),
        (["draw", "--scenes", "test:people:x"], "--scenes test:people:x: expected PART:KIND:N"),
        (["draw", "--rival", "nope.onnx"], "--rival nope.onnx: no such file"),
        (["train"], "no looks of train mixed or collage; draw them first"),
        (["score"], "no looks of test people; draw them first"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module("identity").main([*words, "--work", str(tmp_path)])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
