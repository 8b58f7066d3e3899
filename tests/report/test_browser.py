"""The page in a real browser: quiet, quick, sortable, linked, and usable on a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mohart.cli.main import main

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "datasets/samples/synth-0080"
PAINT_MS = 2000
MEGABYTES = 15


class Visit:
    """A page that was opened, and everything that it complained about or asked for."""

    def __init__(self, context: Any, path: Path, place: str = "") -> None:
        self.tab = context.new_page()
        self.said: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("request", self._asked)
        self.tab.goto(path.as_uri() + place)
        self.tab.wait_for_selector("html[data-ready]", state="attached")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.said.append(f"asked for {request.url}")

    @property
    def frame(self) -> int:
        return int(self.tab.input_value(".at"))

    def wait(self, expression: str) -> None:
        """Until it is true; the page's policy lets nothing poll inside it."""
        for _ in range(100):
            if self.tab.evaluate(expression):
                return
            self.tab.wait_for_timeout(50)
        raise AssertionError(expression)

    def column(self, number: int) -> list[str]:
        found: list[str] = self.tab.locator(
            f".errors tbody td:nth-child({number})"
        ).all_inner_texts()
        return found


@pytest.fixture
def visit(chromium: Any, page: Path) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    visit = Visit(context, page)
    yield visit
    assert visit.said == []
    context.close()


def test_it_opens_quietly_and_at_once(visit: Visit) -> None:
    paints = visit.tab.evaluate("performance.getEntriesByType('paint').map(p => p.startTime)")
    assert paints
    assert max(paints) < PAINT_MS
    assert visit.tab.locator(".identity").count() == 7  # 1 to 5, 7 and 9
    loaded = "i => i.complete && i.naturalWidth > 0"
    assert visit.tab.eval_on_selector(".stage img", loaded)
    visit.tab.locator(".strip img").first.scroll_into_view_if_needed()
    visit.wait("document.querySelector('.strip img').naturalWidth > 0")


def test_headers_sort_both_ways(visit: Visit) -> None:
    counts = [int(text) for text in visit.column(4)]
    assert len(counts) == 4
    visit.tab.click("button[data-key=count]")
    assert [int(text) for text in visit.column(4)] == sorted(counts)
    visit.tab.keyboard.press("Enter")  # the button has the focus
    assert [int(text) for text in visit.column(4)] == sorted(counts, reverse=True)
    header = visit.tab.locator("th[aria-sort]")
    assert (header.count(), header.get_attribute("aria-sort")) == (1, "descending")
    visit.tab.click("button[data-key=id]")
    assert [text.split()[-1] for text in visit.column(2)] == ["1", "7", "7", "9"][-len(counts) :]


def test_an_error_leads_to_its_moment(visit: Visit) -> None:
    row = visit.tab.locator("tr[data-kind=switch]")
    assert "2 becomes 9" in row.inner_text()
    row.locator(".when a").click()
    visit.wait("document.querySelector('.at').value === '30'")
    assert row.evaluate("row => row.classList.contains('current')")
    x = "document.querySelector('.cursor').getBoundingClientRect().left"
    before = visit.tab.evaluate(x)
    visit.tab.locator("tr[data-kind=false_positive]").last.locator(".when a").click()
    visit.wait("document.querySelector('.at').value === '40'")
    assert visit.tab.evaluate(x) > before


def test_kinds_can_be_left_out(visit: Visit) -> None:
    visit.tab.uncheck(".filter input[value=false_positive]")
    kinds = visit.tab.locator(".errors tbody tr:visible").evaluate_all(
        "rows => rows.map(row => row.dataset.kind)"
    )
    assert "false_positive" not in kinds
    assert "miss" in kinds


def test_lanes_take_the_keyboard(visit: Visit) -> None:
    lane = visit.tab.locator(".identity[data-id='9']")
    lane.focus()
    lane.press("Home")
    assert visit.frame == 30
    lane.press("ArrowRight")
    assert visit.frame == 31
    assert lane.get_attribute("aria-valuenow") == "31"
    assert "tracked" in (lane.get_attribute("aria-valuetext") or "")
    visit.tab.locator(".stage").press("ArrowLeft")
    assert visit.frame == 30


def test_a_click_on_the_timeline_goes_there_and_zoom_keeps_the_frame(visit: Visit) -> None:
    lane = visit.tab.locator(".identity .run").first
    box = lane.bounding_box()
    lane.click(position={"x": box["width"] / 2, "y": 5})
    assert abs(visit.frame - 38) <= 1
    now = visit.frame
    visit.tab.click(".zoom .in")
    assert visit.frame == now
    assert visit.tab.locator(".lanes").evaluate("e => e.clientWidth") > 1.8 * box["width"]


def test_it_fits_a_phone(chromium: Any, page: Path) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    visit = Visit(context, page, "#s=0&frame=21")
    assert visit.frame == 21
    assert visit.tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert visit.said == []
    context.close()


def test_nothing_jumps_while_pictures_come(visit: Visit) -> None:
    visit.tab.evaluate(
        "() => { window.moved = 0; new PerformanceObserver(list => list.getEntries()"
        ".forEach(e => window.moved += e.hadRecentInput ? 0 : e.value))"
        ".observe({type: 'layout-shift', buffered: true}); }"
    )
    visit.tab.locator(".errors tbody tr").last.scroll_into_view_if_needed()
    visit.tab.wait_for_timeout(300)
    assert visit.tab.evaluate("window.moved") < 0.1


def test_a_page_beside_its_pictures(chromium: Any, result: Path, tmp_path: Path) -> None:
    path = tmp_path / "a #1 & b.html"
    assert main(["report", str(result), "--source", str(SAMPLE), "--link", "-o", str(path)]) == 0
    context = chromium.new_context()
    visit = Visit(context, path)
    visit.wait("document.querySelector('.stage img').naturalWidth > 0")
    assert visit.said == []
    context.close()


def test_the_long_video(
    chromium: Any, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trackeval")
    pets = shared_data / "pets09-s2l1"
    truth = pets / "gt" / "gt.txt"
    tracks = tmp_path / "tracks.txt"
    rows = [line.split(",") for line in truth.read_text().splitlines()]
    tracks.write_text(  # late, shifted, and the odd ones swapped in the second half
        "".join(
            f"{r[0]},{int(r[1]) ^ (int(r[0]) > 400)},{float(r[2]) + int(r[0]) % 40},{r[3]},{r[4]},"
            f"{r[5]},0.9,-1,-1,-1\n"
            for r in rows
        )
    )
    path = tmp_path / "report.html"
    command = ["report", str(tracks), "--source", str(pets / "video.avi"), "--gt", str(truth)]
    assert main([*command, "-o", str(path)]) == 0
    assert path.stat().st_size < MEGABYTES * 1e6
    scores = tmp_path / "scores.json"
    told = ["eval", "mot", "--gt", str(truth), "--results", str(tracks), "--json", str(scores)]
    assert main(told) == 0
    capsys.readouterr()
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    visit = Visit(context, path)
    paints = visit.tab.evaluate("performance.getEntriesByType('paint').map(p => p.startTime)")
    assert max(paints) < PAINT_MS
    shown = json.loads(visit.tab.text_content("#scores"))
    official = json.loads(scores.read_text())["rows"]
    assert [row["scores"] for row in shown] == [row["scores"] for row in official]
    assert visit.tab.input_value(".at") == "1"
    assert visit.said == []
    context.close()
