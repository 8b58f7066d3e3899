"""The whole story in a browser: upload, draw, track, correct, swap, continue, export."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from mohart.app.jobs import KEYFRAMES
from mohart.app.rooms import Settings
from mohart.assembly import build_tracker
from mohart.formats.keyframes import read_keyframes
from mohart.formats.mot.tracks import read_mot
from mohart.session.run import track_video
from mohart.video import open_source

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.app.conftest import Serve, Served

pytestmark = pytest.mark.slow

SIZE = (160, 120)
MARKUP = "<img src=x onerror=document.title='broken'>"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab; what its scripts complain about fails the test."""
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        tab = context.new_page()
        yield watched(tab)
        assert tab.complaints == []  # type: ignore[attr-defined]


def watched(tab: Page) -> Page:
    complaints: list[str] = []
    tab.complaints = complaints  # type: ignore[attr-defined]
    tab.on("pageerror", lambda error: complaints.append(str(error)))

    def hear(message: Any) -> None:
        expected = "status of 4" in message.text  # a refusal that a test asks for
        if message.type == "error" and not expected:
            complaints.append(message.text)

    tab.on("console", hear)
    tab.set_default_timeout(60_000)
    return tab


def expect(page: Page, selector: str) -> Any:
    from playwright.sync_api import expect as expect_

    expect_.set_options(timeout=60_000)
    return expect_(page.locator(selector))


def on_page(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the frame is in the window."""
    place = page.locator("#picture").bounding_box()
    assert place is not None
    scale = min(place["width"] / SIZE[0], place["height"] / SIZE[1])
    left = place["x"] + (place["width"] - SIZE[0] * scale) / 2
    top = place["y"] + (place["height"] - SIZE[1] * scale) / 2
    return left + x * scale, top + y * scale


def drag(page: Page, start: tuple[float, float], stop: tuple[float, float]) -> None:
    page.mouse.move(*on_page(page, *start))
    page.mouse.down()
    page.mouse.move(*on_page(page, *stop), steps=4)
    page.mouse.up()


def open_clip(page: Page, served: Served, path: Path) -> str:
    """Upload on the page; the id of the video, which is open then."""
    page.goto(served.url)
    expect(page, "body").to_have_attribute("data-ready", "yes")
    page.set_input_files("#file", path)
    expect(page, "body").to_have_attribute("data-view", "work")
    expect(page, "#of").to_have_text("of 40")
    found = re.search(r"video=([0-9a-f]{16})", page.url)
    if found is None:
        page.wait_for_url(re.compile("video="))
        found = re.search(r"video=([0-9a-f]{16})", page.url)
    assert found is not None
    return found.group(1)


def drawn(served: Served, video: str) -> dict[tuple[int, int], list[float] | None]:
    rows = served.client.get(f"/api/videos/{video}/keyframes").json()["rows"]
    return {(row["frame"], row["id"]): row["box"] for row in rows}


def saved(page: Page) -> None:
    expect(page, "#saved").to_have_text("Saved")


def go(page: Page, frame: int) -> None:
    """To a frame, counted from 1."""
    page.fill("#number", str(frame))
    page.keyboard.press("Enter")
    page.wait_for_timeout(150)


def test_from_upload_to_export(page: Page, serve: Serve, clip: Path, tmp_path: Path) -> None:
    with serve(tmp_path / "data", settings=Settings()) as served:
        video = open_clip(page, served, clip)
        drag(page, (10, 30), (30, 60))
        drag(page, (130, 70), (146, 100))
        drag(page, (70, 5), (90, 25))
        saved(page)
        assert [key for key, _ in drawn(served, video).items()] == [(0, 1), (0, 2), (0, 3)]
        assert drawn(served, video)[0, 1] == pytest.approx([10, 30, 30, 60], abs=0.5)

        page.fill("#name", MARKUP)
        page.keyboard.press("Enter")
        expect(page, "#objects li:nth-child(3)").to_contain_text(MARKUP)
        page.click("#track")
        expect(page, "#progress").to_be_visible()
        expect(page, "#job-text").to_have_text(re.compile(r"Frame \d+ of 40 · [\d.]+ frames/s"))
        expect(page, "#job-text").to_contain_text("40 frames tracked")
        expect(page, "#export").to_be_enabled()

        go(page, 20)
        page.click("#objects li:nth-child(1) button")
        expect(page, "#facts").to_contain_text("confidence")
        now = served.rooms.jobs.place(served.rooms.jobs.of_video(video)[0]["id"])
        rows = read_mot(now / "result" / "tracks.txt", kind="results").at(19)
        before = dict(zip(rows.track_id.tolist(), rows.boxes.tolist(), strict=True))
        page.select_option("#swap", "2")
        saved(page)
        expect(page, "#track").to_have_text("Continue from frame 20")
        swapped = drawn(served, video)
        assert swapped[19, 1] == pytest.approx(before[2], abs=0.02)
        assert swapped[19, 2] == pytest.approx(before[1], abs=0.02)
        page.click("#undo")
        saved(page)
        assert (19, 1) not in drawn(served, video)
        page.click("#redo")
        saved(page)
        assert drawn(served, video) == swapped

        go(page, 10)
        page.click("#labels button:nth-child(3)")
        page.click("#end")
        go(page, 25)
        page.click("#objects li:nth-child(1) button")
        x1, y1, x2, y2 = 10 + 2 * 24, 30, 30 + 2 * 24, 60  # a correction by hand
        page.click("#copy")
        saved(page)
        box = drawn(served, video)[24, 1]
        assert box is not None
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        drag(page, middle, ((x1 + x2) / 2, (y1 + y2) / 2))
        saved(page)
        moved = drawn(served, video)[24, 1]
        assert moved is not None
        assert (moved[0] + moved[2]) / 2 == pytest.approx((x1 + x2) / 2, abs=0.6)

        expect(page, "#track").to_have_text("Continue from frame 10")
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        expect(page, "#track").to_have_text("Tracking…")
        page.reload()  # everything goes on, and is still there
        expect(page, "#job-text").to_have_text("40 frames tracked.")
        expect(page, "#number").to_have_value("25")

        page.click("#export")
        files = {}
        for kind in ("mot", "kitti", "csv", "json", "coco", "video"):
            with page.expect_download() as download:
                page.click(f"#exports a[data-kind={kind}]")
            files[kind] = Path(download.value.path()).read_bytes()
        assert all(files.values())
        expect(page, "#export-note").to_have_text("")
        assert page.title() == "clip.mp4 – mohart"

        job = served.rooms.jobs.place(served.rooms.jobs.of_video(video)[0]["id"])
        keyframes = read_keyframes(job / KEYFRAMES, frame="all").keyframes
        assert len(keyframes) == 7
        with open_source(clip) as source:
            tracker = build_tracker("mohart", threads=1)
            track_video(source, tracker, keyframes, output=tmp_path / "api", video=False)
        assert files["mot"] == (tmp_path / "api" / "tracks.txt").read_bytes()


def test_drawing_moving_resizing_and_the_keyboard(page: Page, served: Served, clip: Path) -> None:
    video = open_clip(page, served, clip)
    drag(page, (20, 20), (60, 60))
    drag(page, (40, 40), (50, 45))  # its middle: moves
    drag(page, (70, 65), (80, 75))  # its corner: resizes
    drag(page, (100, 100), (180, 130))  # over the edge: ends there
    saved(page)
    assert drawn(served, video)[0, 1] == pytest.approx([30, 25, 80, 75], abs=0.6)
    assert drawn(served, video)[0, 2] == pytest.approx([100, 100, 160, 120], abs=0.6)
    keys = page.keyboard
    keys.press("Escape")
    keys.press("ArrowDown")
    for key in ("l", "l", "k", "Shift+L", "ArrowRight", "c", "End", "e"):
        keys.press(key)
    saved(page)
    rows = drawn(served, video)
    assert rows[0, 1] == pytest.approx([32, 26, 84, 76], abs=0.6)
    assert rows[1, 1] == rows[0, 1]
    assert rows[39, 1] is None
    keys.press("Home")
    keys.press("Delete")
    saved(page)
    assert set(drawn(served, video)) == {(0, 2), (1, 1), (39, 1)}
    keys.press("ArrowDown")
    keys.press("Shift+Delete")
    saved(page)
    assert set(drawn(served, video)) == {(1, 1), (39, 1)}
    for _ in range(20):
        keys.press("Control+z")
    saved(page)
    assert drawn(served, video) == {}
    page.mouse.move(*on_page(page, 80, 60))
    page.mouse.wheel(0, -400 * np.log(2))  # twice as large, seen from the middle
    drag(page, (60, 50), (100, 70))
    saved(page)
    assert drawn(served, video)[0, 1] == pytest.approx([70, 55, 90, 65], abs=0.6)
    keys.press("?")
    expect(page, "#help-dialog").to_be_visible()
    expect(page, "#shortcuts").to_contain_text("next, previous doubtful moment")


def test_the_frame_that_is_shown_is_the_frame_that_was_asked_for(
    page: Page, served: Served, clip: Path
) -> None:
    open_clip(page, served, clip)
    for frame in (40, 1, 23, 22, 7):
        go(page, frame)
        page.wait_for_timeout(200)
        # the white bar at the top of frame t is 2 t + 2 pixels long
        x, y = on_page(page, 0, 6)
        shot = page.screenshot(
            clip={"x": x, "y": y, "width": on_page(page, 160, 6)[0] - x, "height": 1}
        )

        line = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)[0].min(axis=-1)
        white = int((line < 235).argmax()) * 160 / len(line)
        assert white == pytest.approx(2 * frame, abs=1.2), frame


def test_a_page_with_a_token(page: Page, serve: Serve, clip: Path, tmp_path: Path) -> None:
    with serve(tmp_path / "data", host="0.0.0.0", token="s3cret") as served:
        page.goto(f"{served.url}/?token=s3cret")
        expect(page, "body").to_have_attribute("data-ready", "yes")
        assert "token" not in page.url
        page.set_input_files("#file", clip)
        expect(page, "#of").to_have_text("of 40")
        drag(page, (20, 20), (60, 60))
        page.click("#track")
        expect(page, "#job-text").to_contain_text("40 frames tracked")
        page.goto(served.url)  # the cookie knows
        expect(page, "#videos li").to_have_count(1)


def test_two_tabs_of_one_video(chromium: Browser, served: Served, clip: Path) -> None:
    with chromium.new_context() as context:
        one, two = watched(context.new_page()), watched(context.new_page())
        video = open_clip(one, served, clip)
        two.goto(f"{served.url}/#video={video}")
        expect(two, "#of").to_have_text("of 40")
        drag(one, (20, 20), (60, 60))
        saved(one)
        drag(two, (80, 20), (120, 60))  # from a state that is old by now
        expect(two, "#message").to_contain_text("another tab has changed this video")
        expect(two, "#objects li").to_have_count(1)
        assert list(drawn(served, video)) == [(0, 1)]
        drag(two, (80, 20), (120, 60))
        saved(two)
        one.evaluate("() => dispatchEvent(new Event('focus'))")
        expect(one, "#objects li").to_have_count(2)
        assert one.complaints == two.complaints == []  # type: ignore[attr-defined]


def test_a_broken_video_and_a_killed_worker_are_said_on_the_page(
    page: Page, served: Served, clip: Path, tmp_path: Path
) -> None:
    cut = tmp_path / f"{MARKUP}.mp4".replace("/", "")
    cut.write_bytes(clip.read_bytes()[:6000])
    page.goto(served.url)
    page.set_input_files("#file", cut)
    expect(page, "#message").to_contain_text("cannot be used: the file is damaged")
    expect(page, "#videos").to_contain_text(MARKUP)
    page.set_input_files("#file", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"<html>"})
    expect(page, "#message").to_contain_text("no video that is known here")
    open_clip(page, served, clip)
    drag(page, (20, 20), (60, 60))
    served.rooms.jobs._begin = dying(served)  # type: ignore[method-assign]
    page.click("#track")
    expect(page, "#job-text").to_contain_text("was killed (signal 9)")
    expect(page, "#export").to_be_disabled()
    del served.rooms.jobs._begin
    page.click("#track")
    expect(page, "#job-text").to_contain_text("40 frames tracked")


def dying(served: Served) -> Callable[[str], None]:
    begin = served.rooms.jobs._begin

    def start_and_kill(job: str) -> None:
        begin(job)
        served.rooms.jobs._running[job].kill()

    return start_and_kill


def test_a_phone(chromium: Browser, served: Served, clip: Path) -> None:
    with chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = watched(context.new_page())
        video = open_clip(page, served, clip)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390
        finger = context.new_cdp_session(page)

        def touch(kind: str, *point: float) -> None:
            points = [{"x": x, "y": y} for x, y in [on_page(page, *point)]] if point else []
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 20, 20)
        for step in range(1, 5):
            touch("touchMove", 20 + 10 * step, 20 + 10 * step)
        touch("touchEnd")
        saved(page)
        assert drawn(served, video)[0, 1] == pytest.approx([20, 20, 60, 60], abs=0.6)
        page.click("#track")  # a tap is a long press where the machine is busy
        expect(page, "#job-text").to_contain_text("40 frames tracked")
        assert page.complaints == []  # type: ignore[attr-defined]
