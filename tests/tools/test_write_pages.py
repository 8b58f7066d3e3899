"""tools/keep_results.py and tools/write_pages.py: from a benchmark's file to a page."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mohart.cli.main import main
from mohart.errors import ConfigError, FormatError, MissingDataError

TOOLS = Path(__file__).parents[2] / "tools"
RUN = ["--machine", "two cores", "--command", "mohart bench ...", "--commit", "abc1234"]


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(TOOLS))
    names = ("keep_results", "write_pages", "pages.kept", "pages.tables", "pages.records")
    return {name: importlib.import_module(name) for name in names}


def bench(trackers: str, folder: Path) -> Path:
    target = folder / f"{trackers}.json"
    words = ["bench", "--trackers", trackers, "--strata", "fast", "--sequences", "1", "--overwrite"]
    assert main([*words, "-o", str(folder / "bench"), "--json", str(target)]) == 0
    return target


@pytest.mark.slow
def test_a_benchmark_becomes_a_board_and_a_table(
    tools: dict[str, ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep, tables = tools["keep_results"].main, tools["pages.tables"]
    kept = tmp_path / "kept"
    kept.mkdir()
    into = ["--kept", str(kept), *RUN]
    with pytest.raises(ConfigError, match="give the new board a --title"):
        keep(["new", str(bench("static", tmp_path)), *into])
    keep(["new", str(bench("static", tmp_path)), "--title", "Fast things", *into])
    keep(["new", str(bench("velocity", tmp_path)), *into, "--date", "2026-01-02"])
    board = tools["pages.kept"].load_board(kept / "new.json")
    given = json.loads((tmp_path / "velocity.json").read_text())["sets"][0]["trackers"]
    assert board.score("fast", "velocity", "iou") == pytest.approx(
        given["velocity"]["iou"]["value"], abs=1e-5
    )
    assert {row.tracker: row.measured for row in board.results} == {"static": "a", "velocity": "b"}
    assert board.measured["b"]["date"] == "2026-01-02"
    text = tables.set_tables(board)
    assert text.startswith("fast: low frame rates and high speeds; 1 windows, 3 objects")
    assert f"| static | {board.score('fast', 'static', 'iou'):.3f} |" in text
    assert "Run b, commit abc1234, 2026-01-02, two cores." in tables.runs(board)


@pytest.mark.slow
def test_measured_again_replaces_only_what_was_measured(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    keep, into = tools["keep_results"].main, ["--kept", str(kept), *RUN]
    keep(["new", str(bench("static,velocity", tmp_path)), "--title", "Fast things", *into])
    keep(["new", str(bench("static", tmp_path)), *into])
    board = tools["pages.kept"].load_board(kept / "new.json")
    assert {row.tracker: row.measured for row in board.results} == {"static": "b", "velocity": "a"}
    keep(["new", str(bench("velocity", tmp_path)), *into])
    board = tools["pages.kept"].load_board(kept / "new.json")
    assert list(board.measured) == ["b", "c"]  # nothing is left of run a


ONLINE: dict[str, Any] = {
    "trackers": "2.6.1",
    "results": [
        {
            "set": "crowd",
            "about": "two crowds",
            "every": 5,
            "sequences": ["a", "b"],
            "rows": [
                {
                    "tracker": "mohart",
                    "rival": False,
                    "view": "online",
                    "settings": {},
                    "scores": {"HOTA": 50.0, "IDF1": 60.0, "IDSW": 3.0},
                },
                *(
                    {
                        "tracker": "sort",
                        "rival": True,
                        "view": view,
                        "settings": {},
                        "scores": {"HOTA": hota, "IDF1": 1.0, "IDSW": 2.0},
                    }
                    for view, hota in [
                        ("online", 8.0),
                        ("called only then", 9.0),
                        ("coasted", 20.0),
                        ("interpolated", 30.0),
                    ]
                ),
            ],
            "against_rivals": [
                {
                    "tracker": "mohart",
                    "against": kind,
                    "paired": {
                        "sort": {"HOTA": {"difference": gain, "low": gain - 1, "high": gain + 1}}
                    },
                }
                for kind, gain in [("online", 41.0), ("coasted", 30.0)]
            ],
        }
    ],
}


def test_the_benchmark_with_detections_is_kept_too(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    source = tmp_path / "online.json"
    source.write_text(json.dumps(ONLINE))
    kept = tmp_path / "kept"
    kept.mkdir()
    into = ["--kept", str(kept), *RUN]
    tools["keep_results"].main(["online", str(source), "--title", "Crowds", *into])
    board = tools["pages.kept"].load_board(kept / "online.json")
    assert dict(board.on("crowd-every-5")[1].scores) == {
        "HOTA": 9.0,
        "IDF1": 1.0,
        "IDSW": 2.0,
        "coasted_HOTA": 20.0,
        "coasted_IDF1": 1.0,
        "coasted_IDSW": 2.0,
        "filled_HOTA": 30.0,
        "filled_IDF1": 1.0,
        "filled_IDSW": 2.0,
    }
    assert "| **50.0** | trackers: SORT 9.0 | +41.0 (+40.0 to +42.0) |" in tools[
        "pages.tables"
    ].summary(board)
    lines = tools["pages.tables"].differences(board).splitlines()
    assert lines[-1] == "| trackers: SORT, coasted | 20.0 | 2 | +30.0 (+29.0 to +31.0) |"


def test_damaged_boards_are_refused_with_what_is_wrong(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    load, path = tools["pages.kept"].load_board, tmp_path / "bad.json"
    run = {"commit": "a", "date": "b", "machine": "c", "command": "d"}
    row = {"set": "s", "tracker": "t", "measured": "a", "scores": {}}
    good = {
        "schema": 1,
        "title": "T",
        "order": "iou",
        "measured": {"a": run},
        "sets": [{"name": "s", "title": "S", "about": ""}],
        "results": [row],
    }
    for changes, what in [
        ({"schema": 2}, "schema 1"),
        ({"sets": []}, "s, t: no such set"),
        ({"results": [row, row]}, "s, t: there twice"),
        ({"results": [{**row, "measured": "z"}]}, "no run 'z'"),
        ({"measured": {"a": {**run, "commit": ""}}}, "measured a: no commit"),
    ]:
        path.write_text(json.dumps({**good, **changes}))
        with pytest.raises(FormatError, match=what):
            load(path)
    path.write_text("{")
    with pytest.raises(FormatError, match=r"bad\.json:1: not JSON"):
        load(path)
    with pytest.raises(MissingDataError, match="there are: bad"):
        load(tmp_path / "other.json")


def test_only_files_of_the_benchmarks_are_kept(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    source = tmp_path / "x.json"
    source.write_text("{}")
    with pytest.raises(FormatError, match="neither"):
        tools["keep_results"].main(["x", str(source), "--kept", str(tmp_path), *RUN])
    with pytest.raises(MissingDataError, match="no such file"):
        tools["keep_results"].main(["x", str(tmp_path / "y.json"), *RUN])


def test_unknown_parts_are_errors(tools: dict[str, ModuleType]) -> None:
    page = Path("page.md")
    with pytest.raises(ConfigError, match="nothing is called 'board'"):
        tools["write_pages"].filled("<!-- generated: board -->\n<!-- end -->", page)
    with pytest.raises(ConfigError, match="no part 'heads'"):
        tools["write_pages"].filled("<!-- generated: board boxes heads -->\n<!-- end -->", page)


def test_pictures_are_absolute_once_the_repository_is_known(
    tools: dict[str, ModuleType], tmp_path: Path
) -> None:
    setup = tmp_path / "setup.cfg"
    setup.write_text("[metadata]\nname = x\n")
    tool = tools["write_pages"]
    assert tool.repository_url(setup) is None
    assert tool.picture("docs/a.webp", "A", None) == "![A](docs/a.webp)"
    setup.write_text("[metadata]\nname = x\nurl = https://host.example/me/x/\n")
    url = tool.repository_url(setup)
    assert tool.picture("docs/a.webp", "A", url) == (
        "![A](https://host.example/me/x/raw/HEAD/docs/a.webp)"
    )


def test_a_record_without_a_field_is_refused(tools: dict[str, ModuleType], tmp_path: Path) -> None:
    records = tools["pages.records"]
    path = tmp_path / "0001-x.md"
    path.write_text("# 0001. X\n\n| | |\n|---|---|\n| Question | Why? |\n")
    with pytest.raises(FormatError, match="lacks 'Expected'"):
        records.read_record(path)
    path.write_text("# X\n")
    with pytest.raises(FormatError, match=r"expected a title '# 0001\. \.\.\.'"):
        records.experiments(tmp_path)
