"""The page's files: all there, small, nothing from elsewhere, nothing the policy would block."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mohart.app.server import STATIC

FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
TEXT = {path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in FILES}


def test_files_are_small_and_in_the_package() -> None:
    assert {name: text.count("\n") for name, text in TEXT.items() if text.count("\n") > 300} == {}
    setup = (STATIC.parents[2] / "setup.cfg").read_text()
    (listed,) = re.findall(r"^mohart\.app = (.+)$", setup, re.MULTILINE)
    patterns = [pattern.removeprefix("static/") for pattern in listed.split(", ")]
    for path in FILES:
        inside = path.relative_to(STATIC)
        assert any(inside.match(p) and len(inside.parts) == p.count("/") + 1 for p in patterns)


@pytest.mark.parametrize("name", TEXT)
def test_nothing_comes_from_elsewhere_and_no_text_becomes_markup(name: str) -> None:
    text = TEXT[name].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn", text)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", text
    )
    if name.endswith(".html"):
        assert not re.search(r"<script>|\son\w+=|\sstyle=|javascript:", text)


def test_every_import_and_every_element_is_there() -> None:
    page = TEXT["index.html"]
    ids = set(re.findall(r'\bid="([\w-]+)"', page))
    for name, text in TEXT.items():
        for module in re.findall(r'from "\./([\w.]+)"', text):
            assert f"js/{module}" in TEXT, name
        if name.startswith("js/"):
            assert set(re.findall(r'\bby\("([\w-]+)"\)', text)) <= ids, name
    for link in re.findall(r'(?:href|src)="/static/([\w./]+)"', page):
        assert link in TEXT
    for label in re.findall(r'aria-labelledby="([\w-]+)"', page):
        assert label in ids


def test_colours_are_those_of_the_package() -> None:
    palette = pytest.importorskip("mohart.palette", reason="the palette is not there yet")
    (listed,) = re.findall(r"COLOURS = \[(.+)\]", TEXT["js/palette.js"])
    assert tuple(re.findall(r'"(#\w+)"', listed)) == palette.COLOURS
    assert f'["{palette.DARK_INK}", "{palette.LIGHT_INK}"]' in TEXT["js/palette.js"]
    assert Path(palette.__file__).is_file()
