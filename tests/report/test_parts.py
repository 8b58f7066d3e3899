"""Pictures, thumbnails, moments, and the page's promises as text."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.report.content import MOST_ROWS, Shown, script_data, size_of_boxes, state_runs
from mohart.report.encoder import Encoder
from mohart.report.moments import APART, MOST, choose_moments
from mohart.report.page import Page, render_page, safe_json
from mohart.report.pictures import Pictures, film_frames
from mohart.report.strips import TILE, Thumbnails, strip_frames
from mohart.report.truth import ErrorRow
from mohart.structures import Tracks


def error(first: int, last: int, box: list[float]) -> ErrorRow:
    count = last - first + 1
    return ErrorRow(
        kind="false_positive",
        first=first,
        last=last,
        count=count,
        truth_id=-1,
        result_id=3,
        previous_id=-1,
        iou=0.25,
        boxes=np.array([box] * count, np.float64),
        class_name="object",
    )


def shown(name: str = "clip", count: int = 4) -> Shown:
    frames = np.arange(count)
    tracks = Tracks.from_columns(frames, frames * 0 + 3, [[1, 2, 11, 22]] * count)
    state = np.full(count, "active")
    return Shown(name=name, length=count, tracks=tracks, state=state, width=64, height=48)


def test_quality_falls_until_there_is_room() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    rich, poor = Encoder(10**6, 10), Encoder(20_000, 10)
    assert len(rich.encode(noise)) > 2 * len(poor.encode(noise))
    assert sum(len(poor.encode(noise)) for _ in range(9)) < 40_000
    image = cv2.imdecode(np.frombuffer(poor.encode(noise), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (90, 120, 3)


def test_the_film_is_thinned_evenly() -> None:
    assert list(film_frames(5, 100)) == [0, 1, 2, 3, 4]
    assert len(film_frames(100_000, 320)) <= 320


def test_a_strip_shows_before_in_and_after() -> None:
    assert strip_frames(error(10, 10, [0, 0, 5, 5]), 50) == (8, 9, 10, 11, 12)
    assert strip_frames(error(10, 20, [0, 0, 5, 5]), 50) == (9, 10, 15, 20, 21)
    assert strip_frames(error(0, 3, [0, 0, 5, 5]), 4) == (0, 1, 3)


@pytest.mark.parametrize(
    "box", [[20, 10, 40, 40], [-500, -500, -480, -460], [5e5, 0, 9e5, 9], [60, 40, 64, 48]]
)
def test_thumbnails_of_any_box(box: list[float]) -> None:
    row = error(1, 1, box)
    tracks = Tracks.from_columns([1], [3], [box])
    strips = Thumbnails([row], 3, tracks, None, Encoder(10**5, 1))
    frame = np.full((48, 64, 3), 200, np.uint8)
    done = [strip for t in range(3) for strip in strips.look(t, frame)]
    ((index, frames, data),) = done
    assert (index, frames) == (0, (0, 1, 2))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (TILE, 3 * TILE, 3)
    assert strips.rest() == []


def test_a_video_that_ends_early_keeps_what_there_is() -> None:
    tracks = Tracks.from_columns([1], [3], [[20, 10, 40, 40]])
    strips = Thumbnails([error(1, 1, [20, 10, 40, 40])], 9, tracks, None, Encoder(10**5, 1))
    strips.look(0, np.zeros((48, 64, 3), np.uint8))
    ((_, frames, _),) = strips.rest()
    assert frames == (0,)


def test_moments_are_few_apart_and_about_somebody() -> None:
    frames = np.tile(np.arange(400), 2)
    ids = np.repeat([1, 2], 400)
    x = np.concatenate([np.arange(400.0), 400 - np.arange(400.0)])
    sure = np.where((ids == 1) & (frames % 100 == 50), 0.2, 0.95)
    tracks = Tracks.from_columns(
        frames, ids, np.stack([x, x * 0, x + 40, x * 0 + 80], -1), confidence=sure
    )
    state = np.full(800, "active")
    found = choose_moments(tracks, state)
    assert 2 <= len(found) <= MOST
    assert [m.frame for m in found] == sorted(m.frame for m in found)
    assert min(np.diff([m.frame for m in found])) >= APART
    assert {m.frame for m in found} == {50, 150, 200, 250, 350}
    assert "identities 1 and 2 cross" in next(m.why for m in found if m.frame == 200)
    assert "identity 1 is doubtful (20 %)" in found[0].why
    lost = choose_moments(tracks, np.full(800, "lost"))
    assert lost == []


def test_a_dull_result_still_has_a_moment() -> None:
    one = shown(count=9)
    (moment,) = choose_moments(one.tracks, one.state)
    assert 0 < moment.frame < 9
    assert choose_moments(Tracks.empty(), np.zeros(0, np.str_)) == []


def test_stretches_of_states() -> None:
    frames, states = np.array([2, 3, 4, 8]), np.array(["active", "active", "lost", "lost"])
    assert state_runs(frames, states) == [["active", 2, 3], ["lost", 4, 4], ["lost", 8, 8]]
    assert state_runs(frames[:0], states[:0]) == []


def test_boxes_that_are_no_numbers_are_left_out() -> None:
    tracks = Tracks.from_columns([0, 1], [3, 3], [[1, 2, 11, 22], [np.nan] * 4])
    one = Shown(name="", length=2, tracks=tracks, state=np.full(2, "lost"), width=64, height=48)
    (told,) = script_data(one)["ids"]
    assert told["path"] == [[0, [1, 2, 11, 22]]]
    assert told["runs"] == [["lost", 0, 1]]


def test_many_boxes_stay_on_frames_with_pictures() -> None:
    count = MOST_ROWS + 1
    one = shown(count=count)
    taken = Pictures(frames=count, film={0: "a", 1000: "b"}, film_size=(64, 48))
    from dataclasses import replace

    data = script_data(replace(one, pictures=taken))
    assert data["thin"]
    assert [run[0] for run in data["ids"][0]["path"]] == [0, 1000]
    assert data["ids"][0]["runs"] == [["active", 0, count - 1]]


def test_the_stage_without_a_video() -> None:
    assert size_of_boxes([np.zeros((0, 4))]) == (960, 540)
    assert size_of_boxes([np.array([[0, 0, 99.5, 50]])]) == (100, 50)


def test_the_page_lets_only_its_own_script_run() -> None:
    text = render_page(Page(title="<b>", facts=["a & b"]), [shown("</script>")])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    own = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy
    assert own
    digest = base64.b64encode(hashlib.sha256(own[1].encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert "<title>&lt;b&gt;</title>" in text
    assert "a &amp; b" in text
    assert "onclick=" not in text


def test_paths_that_are_no_text_can_be_written() -> None:
    text = render_page(Page(title="clip\udcff"), [shown()])
    text.encode("utf-8")


def test_json_in_a_script_element() -> None:
    told = safe_json({"a": "</script><!--&\u2028"})
    assert not set("<>&\u2028") & set(told)
    with pytest.raises(ValueError, match="not JSON compliant"):
        safe_json(float("nan"))


def test_the_parts_of_the_page_stay_small() -> None:
    folder = Path(render_page.__code__.co_filename).parent / "page"
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in folder.iterdir()}
    assert {name: n for name, n in lines.items() if n > 300} == {}
