from pathlib import Path

import pytest

from mohart.errors import FormatError
from mohart.formats.json_lines import ElementLines, parse_json

TEXT = """{
  "images": [], "other": {"annotations": [1]},
  "annotations": [
    {"a": "]\\n"}, 2,
    [3,
     4], 5
  ],
  "last": 1}
"""


def test_lines_of_elements() -> None:
    lines = ElementLines(TEXT, "annotations", [3, 0, 1, 2, 99])
    assert list(lines) == [6, 4, 4, 5, 1]
    assert lines[1:3] == [4, 4]
    assert len(lines) == 5
    assert ElementLines(TEXT, "images", [0])[0] == 1
    assert ElementLines("[]", "images", [0])[0] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"a": }', r"a\.json:4: not JSON \(Expecting value\); was the file cut off\?"),
        ("[" * 100_000, r"a\.json:3: (cannot be read as JSON|not JSON)"),
        ("1" * 5000, r"a\.json:3: cannot be read as JSON"),
    ],
)
def test_errors_name_the_line(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_json(text, Path("a.json"), 3)
