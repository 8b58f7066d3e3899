"""Record a session on the page as a moving picture: `python tools/session_movie.py VIDEO`.

    python tools/session_movie.py cups.mp4 -o docs/images/session.webp

Draws boxes, names one object, tracks, and plays the result, as a person does with a mouse; the
boxes are of the README's video, three cups that are shuffled (SAM 2 demo gallery, Meta Platforms,
Inc., Apache-2.0): `--box X1,Y1,X2,Y2` in pixels of the first frame for another. Needs `pip install
'.[dev]'` and a Chromium of the system.
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
from mohart.video import open_source

CUPS = ("268,2,442,198", "572,292,738,544", "830,292,998,544")
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


def record(page: Page, address: str, video: Path, boxes: list[str], name: str) -> list[Frame]:
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
    for n, text in enumerate(boxes):
        x1, y1, x2, y2 = map(float, text.split(","))
        draw(page, (x1, y1, x2, y2), size)
        page.wait_for_timeout(150)
        film.take(4)
        if n == 0 and name:
            page.fill("#name", name)
            page.keyboard.press("Enter")
            film.take(4)
    expect(page.locator("#saved")).to_have_text("Saved")
    page.click("#track")
    while "tracked" not in (page.locator("#job-text").text_content() or ""):
        page.wait_for_timeout(700)
        film.take()
    film.pictures = thin(film.pictures, 70)
    film.take(4)
    for frame in range(1, length + 1, STEP):
        page.fill("#number", str(frame))
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        film.take()
    film.take(10)
    page.click("#export")
    film.take(8)
    return film.pictures


def thin(pictures: list[Frame], most: int) -> list[Frame]:
    """At most so many, evenly."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, min(most, len(pictures))).round())
    return [pictures[int(n)] for n in chosen]


def main() -> int:
    """Write the picture; 0, or 2 without a browser."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("--box", action="append", metavar="X1,Y1,X2,Y2")
    parser.add_argument("--name", default="the ball", help="of the first box's object")
    parser.add_argument("--quality", type=int, default=45, help="of WebP, 1 to 100")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/session.webp"))
    args = parser.parse_args()
    browser_path = next((path for path in BROWSERS if Path(path).exists()), None)
    if browser_path is None:
        print(f"error: no browser; looked for {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    boxes = args.box or [*CUPS]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        page.set_default_timeout(60_000)
        with served(Path(place) / "app") as address:
            pictures = record(page, address, args.video, boxes, args.name)
        browser.close()
    write(args.output, pictures, RATE, args.quality)
    print(f"{args.output}: {len(pictures)} pictures, {args.output.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
