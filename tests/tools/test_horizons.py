from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from mohart.cli.main import main

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "horizons.py"
SMALL = [
    *("--sequences", "4", "--set", "train.steps=2", "--set", "train.batch=2"),
    *("--set", "train.validation_clips=2", "--set", "train.validate_every=2"),
    *("--set", "data.sight=boxes"),
]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("matplotlib", reason="mohart ablate draws with matplotlib")
    spec = importlib.util.spec_from_file_location("horizons_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def grid(folder: Path, *options: str) -> Path:
    config = str(ROOT / "configs" / "worlds" / "free.yaml")
    variants = ["--relation", "none,attention", "--seeds", "2", "--jobs", "0"]
    assert main(["ablate", config, *variants, *SMALL, *options, "-o", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_the_steps_are_those_of_the_grid(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = grid(tmp_path)
    assert tool.main([str(folder)]) == 0
    out = capsys.readouterr().out
    assert "t+6 (16)" in out
    assert (folder / "horizons.txt").read_text() in out
    lines = list(csv.DictReader((folder / "horizons.csv").read_text().splitlines()))
    assert len(lines) == 2 * 2 * 6
    means = list(csv.DictReader((folder / "report" / "means.csv").read_text().splitlines()))
    whole = {
        (row["variant"], row["metric"]): float(row["value"])
        for row in means
        if row["trait"] == "all"
    }
    for variant in ("none", "attention"):
        of = {
            name: [
                float(line["value"])
                for line in lines
                if (line["variant"], line["metric"]) == (variant, name)
            ]
            for name in ("iou", "distance")
        }
        # nobody leaves this world, so that the mean over the steps is the grid's own
        assert sum(of["iou"]) / 6 == pytest.approx(whole[variant, "iou"], abs=1e-4)
        assert sum(of["distance"]) / 6 == pytest.approx(whole[variant, "ade"], abs=1e-3)
        assert of["iou"][-1] == pytest.approx(whole[variant, "iou_end"], abs=1e-4)
        assert of["distance"][-1] == pytest.approx(whole[variant, "fde"], abs=1e-3)
    apart = {line["variant"]: line for line in lines if line["step"] == "6"}
    assert apart["none"]["difference"] == ""
    difference = float(apart["attention"]["difference"])
    assert difference == pytest.approx(whole["attention", "fde"] - whole["none", "fde"], abs=1e-3)


@pytest.mark.slow
def test_mistakes_are_one_line(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        tool.main([str(tmp_path)])
    assert stop.value.code == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith("no cell that is done; expected a folder of mohart ablate")
    )
    folder = grid(tmp_path / "tracks", "--horizon", "0")
    with pytest.raises(SystemExit) as stop:
        tool.main([str(folder)])
    assert stop.value.code == 2
    assert "expected a grid that predicts" in capsys.readouterr().err.splitlines()[-1]
    (next(folder.glob("cells/*")) / "result.json").unlink()
    with pytest.raises(SystemExit):
        tool.main([str(folder)])
    assert "3 of 4 cells are done; finish the grid" in capsys.readouterr().err.splitlines()[-1]
