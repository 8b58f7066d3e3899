"""mohart.evaluation.scoreboard: a kept result is used only where nothing has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mohart.assembly import build_tracker
from mohart.config.loader import config_from
from mohart.evaluation.scoreboard import key
from mohart.evaluation.scoreboard.code import code_hash, import_closure
from mohart.tracking.protocol import Tracker
from mohart.versions import PACKAGE

DECIDE = (  # to be found whatever else is; each changes what the learned tracker says
    "boxes.py",
    "model/cell.py",
    "model/tracker.py",
    "nn/align.py",
    "nn/appearance.py",
    "nn/glimpse.py",
    "nn/heads.py",
    "nn/memory.py",
    "nn/relation.py",
    "structures.py",
    "tracking/lifecycle.py",
    "tracking/learned/correction.py",
    "tracking/learned/online.py",
    "tracking/learned/recurrent.py",
    "tracking/learned/sight.py",
    "assembly/model.py",
    "assembly/weights.py",
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's source, which is hashed in the place of the package."""
    ignore = shutil.ignore_patterns("*.safetensors", "*.json", "__pycache__")
    return shutil.copytree(PACKAGE, tmp_path / "mohart", ignore=ignore)


def relative(paths: list[Path], package: Path) -> list[str]:
    return [path.relative_to(package).as_posix() for path in paths]


def hashed(tracker: Tracker, package: Path) -> str:
    return code_hash(key.deciding_files(tracker, package), package)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mohart", "static", "velocity", "mil", "sort", "bytetrack"])
def test_every_file_that_decides_counts_and_no_other_one(name: str, copy: Path) -> None:
    tracker = build_tracker(name)
    files = key.deciding_files(tracker, copy)
    before = hashed(tracker, copy)
    assert before == key.tracker_identity(tracker)["code"]
    for path in files:
        text = path.read_text()
        path.write_text(text + "\nCHANGED = 1\n")
        assert hashed(tracker, copy) != before, path
        path.write_text(text)
    others = set(copy.rglob("*.py")) - set(files)
    assert len(others) > 100
    for path in others:
        path.write_text(path.read_text() + "\nCHANGED = 1\n")
    assert hashed(tracker, copy) == before


def test_what_decides_is_found(copy: Path) -> None:
    learned = relative(key.deciding_files(build_tracker("mohart", engine="torch"), copy), copy)
    assert set(DECIDE) <= set(learned)
    assert not [f for f in learned if f.startswith(("cli/", "evaluation/", "training/", "synth/"))]
    static = relative(key.deciding_files(build_tracker("static"), copy), copy)
    assert "tracking/baselines/static.py" in static
    assert not [f for f in static if f.startswith(("nn/", "model/", "assembly/"))]


@pytest.mark.slow
def test_the_graph_decides_where_one_computes() -> None:
    """The shipped graphs are known by their content, not by the code that made them."""
    tracker = build_tracker("mohart", engine="onnx")
    assert len(key.tracker_identity(tracker)["details"]["engine"]["graph_sha256"]) == 64


def test_the_parts_that_a_model_has_count(copy: Path) -> None:
    """nn/filters.py is imported by the composition root alone, and decides where it is used."""
    from mohart.assembly.model import build_model

    sizes = {"glimpse": {"kind": "bilinear", "size": 16}, "features": 8, "hidden": 8}
    for appearance, expected in (("dynamic_filters", True), ("correlation", False)):
        config = config_from({"model": {**sizes, "appearance": appearance}})
        modules = key.modules_of_parts(build_model(config.model))
        assert ("nn/filters.py" in relative(import_closure(modules, copy), copy)) == expected


def test_comments_and_docstrings_are_no_other_code(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    hashes = []
    texts = ("x = 1\n", '"""Docs."""\n# why\nx = (\n    1\n)\n', "x = 2\n", "x = 1\n'a'\n")
    for text in texts:
        path.write_text(text)
        hashes.append(code_hash([path], tmp_path))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_what_an_import_is(tmp_path: Path) -> None:
    package = tmp_path / "house"
    files = {
        "__init__.py": "import house.far",
        "far.py": "",
        "a.py": "from house.room import b",
        "room/__init__.py": "",
        "room/b.py": "def f():\n    import house.room.c",
        "room/c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.far\n"
        "else:\n    from house.d import x",
        "d.py": "import numpy",
        "other.py": "",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    found = relative(import_closure(["house.a", "numpy"], package), package)
    assert found == ["a.py", "d.py", "room/__init__.py", "room/b.py", "room/c.py"]


def test_the_code_that_counts_is_in_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name() -> str:
        return key.result_path(tmp_path, "set", "t", definition={}, identity={}).name

    before = name()
    assert name() == before
    monkeypatch.setattr(key, "hash_of_modules", lambda *_: "another")
    assert name() != before
    counting = relative(import_closure(key.COUNTED_BY), PACKAGE)
    assert {"metrics/overlap/counts.py", "evaluation/initialised/run.py"} <= set(counting)


def test_a_label_is_a_name_that_every_file_system_takes(tmp_path: Path) -> None:
    path = key.result_path(tmp_path, "set", "v3:nano", definition={}, identity={})
    assert path.name.startswith("v3-nano-")
