from __future__ import annotations

from pathlib import Path

import pytest

from mohart.assembly import build_tracker
from mohart.assembly.knobs import knob_ranges, make_knobs, read_knobs
from mohart.errors import ConfigError, MissingDataError


def test_knobs_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "knobs.yaml"
    path.write_text("recall: 0.7\nsearch_frames: 30\n")
    assert read_knobs(path) == {"recall": 0.7, "search_frames": 30}
    assert make_knobs(read_knobs(path)).search_frames == 30
    path.write_text("{}  # nothing\n")
    assert read_knobs(path) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recal: 0.7", r"knobs\.yaml: no knob 'recal'; did you mean 'recall'"),
        ("recall: 7", r"knobs\.yaml: recall: expected a number from 0\.01 to 0\.99, got 7"),
        ("search_frames: 1.5", "search_frames: expected a whole number"),
        ("- recall", "a list; expected lines such as 'recall: 0.8'"),
        ("recall: 0.7\nrecall: 0.8", "recall"),
    ],
)
def test_what_is_no_file_of_knobs(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "knobs.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_knobs(path)


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="no such file"):
        read_knobs(tmp_path / "knobs.yaml")


def test_other_trackers_have_no_knobs() -> None:
    with pytest.raises(ConfigError, match="knobs: tracker 'iou' has none"):
        build_tracker("iou", knobs={"recall": 0.7})


def test_the_page_of_knobs_has_every_knob_as_it_is() -> None:
    page = Path(__file__).parents[2] / "docs/guide/knobs.md"
    rows = [line.split("|")[1:5] for line in page.read_text("utf-8").splitlines()]
    told = {r[0].strip(): (r[1].strip(), r[2].strip(), r[3].strip()) for r in rows if len(r) == 4}
    for name, (default, low, high, _) in knob_ranges().items():
        value, span, effect = told[f"`{name}`"]
        low_text, high_text = (f"{x:.10g}" for x in (low, high))
        assert (value, span) == (f"{default:g}", f"{low_text} to {high_text}")
        assert len(effect) > 20
    known = {name for name in told if name.strip("`") in knob_ranges()}
    assert len(known) == len(knob_ranges())


def test_every_default_lies_in_its_range() -> None:
    for name, (default, low, high, whole) in knob_ranges().items():
        assert low <= default <= high, name
        assert whole == isinstance(default, int)
