from __future__ import annotations

from pathlib import Path

import pytest

import mohart
from mohart.cli.main import main
from mohart.config.loader import load_config
from mohart.config.shipped import shipped_configs


def test_ls_tells_names_and_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["configs", "ls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(shipped_configs())
    assert all(len(line.split()) > 3 and "#" not in line for line in lines)


def test_cp_gives_a_file_that_trains_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["configs", "cp", "worlds/forces"]) == 0
    assert capsys.readouterr().out == "forces.yaml\n"
    source = shipped_configs()["worlds/forces"]
    assert Path("forces.yaml").read_bytes() == source.read_bytes()
    Path("new").mkdir()
    assert main(["configs", "cp", "default.yaml", "new"]) == 0
    assert sorted(p.name for p in Path("new").iterdir()) == ["default.yaml", "stage4.safetensors"]
    start = load_config(Path("new/default.yaml")).train.start_from
    assert start == str(tmp_path / "new/stage4.safetensors")


def test_what_the_shipped_configurations_start_from_goes_along(tmp_path: Path) -> None:
    """setup.py puts the same files into the wheel; tests/test_distribution.py copies from there."""
    root = Path(mohart.__file__).parents[1]
    build = (root / "setup.py").read_text("utf-8")
    starts = set()
    for name in shipped_configs():
        start = load_config(shipped_configs()[name]).train.start_from
        if start is not None and Path(start).is_file():
            starts.add(Path(start).stem)
    assert starts >= {"stage4", "stage7"}
    assert {name for name in starts if f'"{name}"' not in build} == set()


def test_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text("mine")
    for arguments, message in (
        (["cp", "toy"], "toy.yaml: exists already"),
        (["cp", "tyo"], "did you mean 'toy'"),
        ([], "ls|cp"),
    ):
        assert main(["configs", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert Path("toy.yaml").read_text() == "mine"
