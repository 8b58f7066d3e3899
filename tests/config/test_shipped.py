"""Configurations by name, and paths that do not depend on where somebody stands."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from mohart.config.loader import PATHS, load_config
from mohart.config.schema import Config
from mohart.config.shipped import find_config, shipped_configs
from mohart.errors import MissingDataError

NAMED_LIKE_A_PATH = {"path", "folder", "photographs", "start_from"}


def test_names_are_those_of_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"toy", "smoke", "default", "hart", "worlds/forces"} <= shipped_configs().keys()
    assert find_config("toy") == find_config("toy.yaml") == shipped_configs()["toy"]
    assert find_config("worlds/forces").parent.name == "worlds"


def test_a_file_comes_before_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text("note: mine\n")
    assert load_config(find_config("toy.yaml")).note == "mine"
    assert load_config(find_config("toy")).note == "toy"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tyo", r"tyo: no such configuration.*mohart configs ls.*did you mean 'toy'"),
        ("a/b/c.yaml", r"c\.yaml: no such configuration.*mohart configs ls\)$"),
    ],
)
def test_names_that_are_not_there(name: str, message: str) -> None:
    with pytest.raises(MissingDataError, match=message):
        find_config(name)


def test_paths_are_relative_to_the_file_and_those_of_changes_to_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "a.yaml").write_text(
        "train: {start_from: w.safetensors}\n"
        "data: {generator: {photographs: ../photos}, folders: [{path: set}, {path: /abs/set}]}\n"
    )
    monkeypatch.chdir(here)
    config = load_config(Path("../there/a.yaml"))
    assert config.train.start_from == str(there / "w.safetensors")
    assert config.data.generator.photographs == str(tmp_path / "photos")
    assert [f.path for f in config.data.folders] == [str(there / "set"), "/abs/set"]
    changed = load_config(there / "a.yaml", ["train.start_from=v.safetensors"])
    assert changed.train.start_from == str(here / "v.safetensors")
    for name in ("shipped", "default", "fast"):  # weights of the package; of folders only a path
        named = load_config(
            there / "a.yaml", [f"train.start_from={name}", f"data.generator.photographs={name}"]
        )
        assert named.train.start_from == name
        assert named.data.generator.photographs == str(here / name)


def test_shipped_configurations_start_from_what_is_there() -> None:
    made_before = {"stem", "fast"}  # their heads say how
    for name, path in shipped_configs().items():
        start = load_config(path).train.start_from
        assert start in (None, "shipped") or name in made_before or Path(start).is_file(), name


def test_every_setting_that_looks_like_a_path_is_one() -> None:
    assert set(_settings(Config, ())) == set(PATHS)


def _settings(cls: Any, where: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Keys of all settings that are named like a path."""
    found, hints = [], typing.get_type_hints(cls)
    for f in fields(cls):
        if f.name in NAMED_LIKE_A_PATH:
            found.append((*where, f.name))
        for hint in _dataclasses(hints[f.name]):
            many = ("*",) if typing.get_origin(hints[f.name]) is tuple else ()
            found += _settings(hint, (*where, f.name, *many))
    return list(dict.fromkeys(key for key in found if key != ("data", "folders")))


def _dataclasses(hint: Any) -> list[Any]:
    if is_dataclass(hint):
        return [hint]
    return [c for argument in typing.get_args(hint) for c in _dataclasses(argument)]
