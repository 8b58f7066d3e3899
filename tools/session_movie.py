"""Record a session on the page as a moving picture: `python tools/session_movie.py VIDEO`.

    python tools/session_movie.py cups.mp4 -o docs/images/session.webp

Draws boxes, names one object, tracks, plays the result up to where it is wrong, corrects, goes on,
and plays the rest, as a person does with a mouse. Boxes and correction are of the README's video,
three cups that are shuffled (SAM 2 demo gallery, Meta Platforms, Inc., Apache-2.0); `--box` and
`--correct` for another. Needs `pip install '.[dev]'` and a Chromium of the system.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from demo_movie import write
from playwright.sync_api import Page, expect, sync_playwright
from screenshots import BROWSERS, FLAGS, draw, served

from mohart.aliases import Frame
from mohart.assembly.tracker import build_tracker
from mohart.video import open_source

Box = tuple[float, float, float, float]
CUPS = ("268,2,442,198", "572,292,738,544", "830,292,998,544")
FIXED = "132:848,264,1008,502"  # frame 132, where the first cup is then
WINDOW, WIDTH = (1120, 720), 800  # of the browser, of the picture; pixels
STEP = 5  # frames of the video between two pictures
RATE = 8.0  # pictures per second


class Film:
    """Pictures of a page, one after the other."""

    def __init__(self, page: Page) -> None:
        self.pictures: list[Frame] = []
        self._page = page

    def take(self, times: int = 1) -> None:
        """The page as it is, for so many pictures."""
        data = np.frombuffer(self._page.screenshot(), np.uint8)
        shown = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert shown is not None  # noqa: S101  # a browser's PNG
        height = round(WIDTH * WINDOW[1] / WINDOW[0])
        small = cv2.resize(shown, (WIDTH, height), interpolation=cv2.INTER_AREA)
        self.pictures += [small.astype(np.uint8)] * times


def record(
    page: Page, address: str, video: Path, boxes: list[Box], name: str, correct: str
) -> list[Frame]:
    """The whole session."""
    with open_source(video) as source:
        size, length = (source.width, source.height), source.length or 0
    film = Film(page)
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    film.take(6)
    page.set_input_files("#file", video)
    page.wait_for_selector("body[data-view=work]", timeout=120_000)
    page.wait_for_timeout(500)
    film.take(4)
    for n, box in enumerate(boxes):
        draw(page, box, size)
        page.wait_for_timeout(150)
        film.take(4)
        if n == 0 and name:
            page.fill("#name", name)
            page.keyboard.press("Enter")
            film.take(4)
    expect(page.locator("#saved")).to_have_text("Saved")
    track(page, film)
    at, _, there = correct.partition(":")
    stop = int(at) if at else length
    play(page, film, range(1, stop + 1, STEP))
    if at:
        go_to(page, stop)
        page.locator("#objects li").first.click()
        film.take(6)
        move(page, follow(video, boxes, stop), corners(there), size)
        page.wait_for_timeout(300)
        film.take(6)
        expect(page.locator("#saved")).to_have_text("Saved")
        track(page, film)
        play(page, film, range(stop, length + 1, STEP))
    film.take(10)
    page.click("#export")
    film.take(8)
    return film.pictures


def track(page: Page, film: Film) -> None:
    """Press the button and watch."""
    shown = len(film.pictures)
    page.click("#track")
    page.wait_for_timeout(700)
    while page.locator("#progress").is_visible():
        film.take()
        page.wait_for_timeout(700)
    film.pictures[shown:] = thin(film.pictures[shown:], 16)
    film.take(3)


def thin(pictures: list[Frame], most: int) -> list[Frame]:
    """At most so many, evenly."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, min(most, len(pictures))).round())
    return [pictures[int(n)] for n in chosen]


def play(page: Page, film: Film, frames: range) -> None:
    """Every so many frames of the video."""
    for frame in frames:
        go_to(page, frame)
        film.take()


def go_to(page: Page, frame: int) -> None:
    """A frame, counted from 1."""
    page.fill("#number", str(frame))
    page.keyboard.press("Enter")
    page.wait_for_timeout(250)


def follow(video: Path, boxes: list[Box], frame: int) -> Box:
    """Where the first box is said to be in a frame, counted from 1: as the page tracks it."""
    tracker = build_tracker("mohart", threads=1)
    with open_source(video) as source:
        first = source.read()
        assert first is not None  # noqa: S101  # the page has shown it
        said = tracker.init(first, boxes)
        for _, picture in zip(range(frame - 1), source, strict=False):
            said = tracker.update(picture, None, source.timestamp)
    x1, y1, x2, y2 = said.xyxy[0].tolist()
    return x1, y1, x2, y2


def move(page: Page, was: Box, to: Box, size: tuple[int, int]) -> None:
    """Drag a box to another place, then its corner to the right size."""
    place = page.locator("#picture").bounding_box()
    assert place is not None  # noqa: S101  # it is on the page
    scale = min(place["width"] / size[0], place["height"] / size[1])
    left = place["x"] + (place["width"] - size[0] * scale) / 2
    top = place["y"] + (place["height"] - size[1] * scale) / 2

    def drag(x: float, y: float, new_x: float, new_y: float) -> None:
        page.mouse.move(left + x * scale, top + y * scale)
        page.mouse.down()
        page.mouse.move(left + new_x * scale, top + new_y * scale, steps=6)
        page.mouse.up()

    middle = (was[0] + was[2]) / 2, (was[1] + was[3]) / 2
    drag(*middle, middle[0] + to[0] - was[0], middle[1] + to[1] - was[1])
    drag(to[0] + was[2] - was[0], to[1] + was[3] - was[1], to[2], to[3])


def corners(text: str) -> Box:
    """`X1,Y1,X2,Y2` in pixels."""
    x1, y1, x2, y2 = map(float, text.split(","))
    return x1, y1, x2, y2


def main() -> int:
    """Write the picture; 0, or 2 without a browser."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--box", action="append", metavar="X1,Y1,X2,Y2", help="in the first frame")
    parser.add_argument(
        "--correct",
        metavar="FRAME:X1,Y1,X2,Y2",
        help="where the first box is in a later frame, counted from 1",
    )
    parser.add_argument("--name", default="the ball", help="of the first box's object")
    parser.add_argument("--quality", type=int, default=45, help="of WebP, 1 to 100")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/session.webp"))
    args = parser.parse_args()
    browser_path = next((path for path in BROWSERS if Path(path).exists()), None)
    if browser_path is None:
        print(f"error: no browser; looked for {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    boxes = [corners(text) for text in args.box or CUPS]
    correct = args.correct or ("" if args.box else FIXED)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        page.set_default_timeout(60_000)
        with served(Path(place) / "app") as address:
            pictures = record(page, address, args.video, boxes, args.name, correct)
        browser.close()
    write(args.output, pictures, RATE, args.quality)
    print(f"{args.output}: {len(pictures)} pictures, {args.output.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
