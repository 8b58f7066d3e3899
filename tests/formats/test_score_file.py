from pathlib import Path

import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.formats.score_file import read_scores, write_scores


def test_round_trip_with_one_line_per_row(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    rows = [{"sequence": "a", "scores": {"HOTA": 1.5}}, {"sequence": "b", "scores": {"HOTA": None}}]
    content = {"rows": rows, "protocol": {"name": "x"}, "notes": []}
    write_scores(path, content)
    assert read_scores(path) == content
    lines = path.read_text().splitlines()
    assert sum('"sequence"' in line for line in lines) == 2
    assert lines[-1] == "}"
    write_scores(path, {"rows": []})
    assert read_scores(path) == {"rows": []}


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "not JSON"), ("{", "not JSON"), ("[1]", "found other JSON"), ("[" * 99999, "not JSON")],
)
def test_damaged(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "scores.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_scores(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError):
        read_scores(tmp_path / "none.json")
