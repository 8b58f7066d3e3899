"""What README.md shows is true: its Python example runs, its commands and files exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mohart.cli.main import build_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_python_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(example, "README.md", "exec"), {})
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2 * 74  # two objects, all frames but the first
    assert lines[0].startswith("1 ")
    assert lines[0].endswith("active")


def test_links_point_to_files() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_verb_that_the_pages_show_exists() -> None:
    actions = [a for a in build_parser()._actions if a.dest == "verb"]
    verbs = set(actions[0].choices or ())
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "datasets/README.md"]:
        blocks = "\n".join(re.findall(r"```\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
        shown = set(re.findall(r"^\s*mohart ([a-z]+) ", blocks, re.MULTILINE))
        assert shown <= verbs, f"{page.name}: {shown - verbs}"


def test_configurations_that_the_pages_name_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"configs/(\w+\.yaml)", page.read_text("utf-8")):
            assert (ROOT / "configs" / name).is_file(), f"{page.name}: {name}"
