"""Pictures of the page's main states, as PNG: `python tools/screenshots.py [FOLDER]`.

Needs `pip install 'mohart[dev]'` and a Chromium of the system.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "datasets" / "samples" / "synth-0080"
BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a page that runs as long as the block."""
    command = [sys.executable, "-m", "mohart", "app", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None  # noqa: S101  # it is a pipe
            found = re.search(r"http://\S+", server.stdout.readline())
            if found is None:
                raise SystemExit("error: the app did not start")
            yield found.group()
        finally:
            server.terminate()


def first_boxes() -> list[tuple[float, float, float, float]]:
    """Corners of the objects in the sample's first frame."""
    rows = [line.split(",") for line in (SAMPLE / "gt" / "gt.txt").read_text().splitlines()]
    boxes = [tuple(map(float, row[2:6])) for row in rows if row[0] == "1"]
    return [(max(x, 1), max(y, 1), x + w, min(y + h, 359)) for x, y, w, h in boxes]


def draw(page: Page, box: tuple[float, float, float, float], size: tuple[int, int]) -> None:
    """Draw a box with the mouse, corners in pixels of the frame."""
    place = page.locator("#picture").bounding_box()
    assert place is not None  # noqa: S101  # it is on the page
    scale = min(place["width"] / size[0], place["height"] / size[1])
    left = place["x"] + (place["width"] - size[0] * scale) / 2
    top = place["y"] + (place["height"] - size[1] * scale) / 2
    page.keyboard.down("Alt")  # a new box, also on top of another one
    page.mouse.move(left + box[0] * scale, top + box[1] * scale)
    page.mouse.down()
    page.mouse.move(left + box[2] * scale, top + box[3] * scale, steps=4)
    page.mouse.up()
    page.keyboard.up("Alt")


def story(page: Page, address: str, folder: Path, name: str) -> None:
    """Upload, draw, track, correct, export; a picture of each."""

    def keep(state: str) -> None:
        page.wait_for_timeout(250)
        page.screenshot(path=folder / f"{name}-{state}.png")

    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    keep("1-start")
    page.set_input_files("#file", SAMPLE / "img1.mp4")
    page.wait_for_selector("body[data-view=work]", timeout=60_000)
    expect(page.locator("#hint")).to_be_visible()
    keep("2-empty")
    for box in first_boxes():
        draw(page, box, (480, 360))
    expect(page.locator("#saved")).to_have_text("Saved")
    keep("3-drawn")
    page.click("#track")
    expect(page.locator("#job-text")).to_have_text(re.compile(r"^Frame [2-9]\d"), timeout=60_000)
    keep("4-tracking")
    expect(page.locator("#job-text")).to_contain_text("tracked", timeout=60_000)
    for _ in range(3):
        page.click("#doubt")
    keep("5-doubtful")
    page.click("#copy")
    expect(page.locator("#saved")).to_have_text("Saved")
    keep("6-corrected")
    page.click("#export")
    keep("7-export")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keep("8-help")
    page.keyboard.press("Escape")
    if name.startswith("phone"):
        page.locator("#objects-title").scroll_into_view_if_needed()
        keep("9-objects")


def main() -> int:
    """Write the pictures; 0, or 2 without a browser."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "out" / "screenshots")
    browser_path = next((path for path in BROWSERS if Path(path).exists()), None)
    if browser_path is None:
        print(f"error: no browser; looked for {', '.join(BROWSERS)}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        with served(Path(place) / "app") as address:
            for name, size in SIZES.items():
                for scheme in ("light", "dark"):
                    _one(browser, address, folder, name, size, scheme)
        browser.close()
    print(folder)
    return 0


def _one(
    browser: Browser, address: str, folder: Path, name: str, size: tuple[int, int], scheme: str
) -> None:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=name == "phone",
    )
    page.on("pageerror", lambda error: print(f"page: {error}", file=sys.stderr))
    page.set_default_timeout(20_000)
    label = name if scheme == "light" else f"{name}-dark"
    try:
        story(page, address, folder, label)
    except Exception:
        page.screenshot(path=folder / f"{label}-failed.png")
        raise
    page.close()


if __name__ == "__main__":
    sys.exit(main())
