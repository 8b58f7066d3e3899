from collections.abc import Mapping
from pathlib import Path

import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.formats.markup import escaped, read_markup

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotations>&b;</annotations>
"""
OUTSIDE = """<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>
<x>&secret;</x>
"""


def read(path: Path) -> list[object]:
    found: list[object] = []

    def start(names: tuple[str, ...], attributes: Mapping[str, str], line: int) -> None:
        found.append((names, dict(attributes), line))

    read_markup(path, start, lambda names, text: found.append((names[-1], text)))
    return found


def test_elements_with_lines_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<a>\n <b n="1 &lt; 2"> x &amp;\n</b></a>')
    assert read(path) == [
        (("a",), {}, 1),
        (("a", "b"), {"n": "1 < 2"}, 2),
        ("b", "x &"),
        ("a", ""),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, r"a\.xml:2: a document type or entity declaration is not accepted"),
        (OUTSIDE, r"a\.xml:1: a document type or entity declaration"),
        ("<a>\n<b></a>", r"a\.xml:2: not well-formed XML \(mismatched tag\)"),
        ("", r"a\.xml:1: not well-formed XML \(no element found\)"),
        ("<a>&undefined;</a>", r"a\.xml:1: not well-formed XML"),
        ("<a>" * 60, r"a\.xml:1: elements 50 deep"),
        ('<?xml version="1.0" encoding="shift_jis"?><a/>', r"a\.xml:1: "),
        ('<?xml version="1.0" encoding="nothing"?><a/>', r"a\.xml:1: "),
    ],
)
def test_unsafe_and_broken_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read(path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file"):
        read(tmp_path / "a.xml")
    with pytest.raises(MissingDataError, match="cannot be read"):
        read(tmp_path)


def test_any_text_survives(tmp_path: Path) -> None:
    text = "a & b < c > \"d\" 'e' é 漢"
    path = tmp_path / "a.xml"
    path.write_text(f'<a n="{escaped(text)}">{escaped(text)}</a>', encoding="utf-8")
    assert read(path) == [(("a",), {"n": text}, 1), ("a", text)]
