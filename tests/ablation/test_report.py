from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import pytest

from mohart.ablation.report import write_report, write_timings
from mohart.errors import OutputError

FILES = {
    "index.html",
    "table.txt",
    "table.tex",
    "means.csv",
    "differences.csv",
    "cells.csv",
    "means.png",
    "differences.png",
    "strata.png",
    "learning.png",
}


def write(folder: Path, orders: Any, results: Any, references: Any = ("none",)) -> str:
    return write_report(
        folder,
        orders,
        results,
        metric="iou",
        margin=0.01,
        references=references,
        title="Ablation of <forces> & more",
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    folder: Path = tmp_path_factory.mktemp("report")
    write(folder, *make(variants=("none", "self_only", "attention"), worlds=("forces", "free")))
    return folder


@pytest.mark.slow
def test_the_report_is_whole(report: Path) -> None:
    assert {path.name for path in report.iterdir()} == FILES


@pytest.mark.slow
def test_equal_results_give_equal_bytes(report: Path, tmp_path: Path, make: Any) -> None:
    orders, results = make(worlds=("forces", "free"))
    write(tmp_path, orders, results[::-1])
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (report / name).read_bytes(), name


@pytest.mark.parametrize("name", ["means", "differences", "strata", "learning"])
def test_pictures_show_something(report: Path, name: str) -> None:
    picture = cv2.imread(str(report / f"{name}.png"))
    assert picture is not None
    assert picture.std() > 5


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_sound(report: Path) -> None:
    text = (report / "index.html").read_text("utf-8")
    page = Tags()
    page.feed(text)
    assert page.open == []
    assert len(page.links) == 4
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert "<title>Ablation of &lt;forces&gt; &amp; more</title>" in text
    assert "attention against none: +0.05" in text


def test_tables_of_numbers_agree_with_each_other(report: Path) -> None:
    means = rows(report / "means.csv")
    effects = rows(report / "differences.csv")
    chosen = {
        row["variant"]: float(row["value"])
        for row in means
        if (row["setting"], row["metric"], row["stratum"]) == ("free", "iou", "all")
    }
    effect = next(
        row
        for row in effects
        if (row["setting"], row["variant"], row["metric"], row["stratum"])
        == ("free", "attention", "iou", "all")
    )
    assert float(effect["difference"]) == pytest.approx(
        chosen["attention"] - chosen["none"], abs=2e-6
    )
    assert float(effect["low"]) < float(effect["difference"]) < float(effect["high"])
    assert effect["verdict"] == "better"
    cells = rows(report / "cells.csv")
    assert len(cells) == 30
    ours = [float(r["iou"]) for r in cells if (r["setting"], r["variant"]) == ("free", "none")]
    assert sum(ours) / 5 == pytest.approx(chosen["none"], abs=2e-6)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_latex_has_equal_columns_and_no_bare_underscore(report: Path) -> None:
    text = (report / "table.tex").read_text()
    tables = re.findall(r"\\begin\{tabular\}\{(l[r]+)\}(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tables) == 8
    for columns, body in tables:
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {line.count(" & ") + 1 for line in lines} == {len(columns)}
    assert "self\\_only" in text
    assert not re.search(r"(?<!\\)[_%](?! )", text)


def test_the_text_names_both_worlds(report: Path) -> None:
    text = (report / "table.txt").read_text()
    assert "== forces ==" in text
    assert "== free ==" in text
    assert re.search(r"attention - none +\+0\.0[45]", text)


@pytest.mark.slow
def test_one_variant_alone_is_reported_without_differences(tmp_path: Path, make: Any) -> None:
    orders, results = make(seeds=2)
    write(tmp_path, orders, results)
    alone = [order for order in orders if order.variant == "none"]
    text = write(tmp_path, alone, [r for r in results if r.order.variant == "none"], ())
    assert {path.name for path in tmp_path.iterdir()} == FILES - {"differences.png"}
    assert "difference" not in text.split("\n\n")[1]


@pytest.mark.slow
def test_errors_leave_the_name_of_the_file(tmp_path: Path, make: Any) -> None:
    (tmp_path / "means.png").mkdir()
    with pytest.raises(OutputError, match=r"means\.png: cannot be written"):
        write(tmp_path, *make(seeds=1))


def test_timings_are_summed(tmp_path: Path, make: Any) -> None:
    from mohart.ablation.cells import CellFolder, run_cell

    folder = CellFolder(tmp_path / "cell")
    order, result = (x[0] for x in make(seeds=1))
    folder.agree(replace(order, name="cell"))
    run_cell(folder, lambda o, f: (result, {"train_seconds": 3000, "test_seconds": 600}))
    write_timings(tmp_path / "timings.json", [folder])
    assert '"core_hours": 1.0' in (tmp_path / "timings.json").read_text()
