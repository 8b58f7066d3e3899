"""`mohart probe` from the command line; readings are made by very few steps here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mohart.cli.main import main
from mohart.probes.layers import fit

CONFIGS = Path(__file__).parents[2] / "configs"
SETS = ["--data", str(CONFIGS / "worlds" / "bend.yaml"), "--set", "data.sight=pixels"]
SMALL = ["--clips", "16", "--test-clips", "16", "--length", "4", "--seeds", "2", "--every", "1"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "bent"
    changes = ["train.steps=1", "train.batch=2", "train.validation_clips=8", "data.sight=pixels"]
    sets = [word for change in changes for word in ("--set", change)]
    assert main(["train", str(CONFIGS / "worlds" / "bend.yaml"), *sets, "-o", str(folder)]) == 0
    return folder


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "STEPS", 5)


@pytest.mark.slow
def test_every_layer_is_read_and_a_stopped_probe_goes_on(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    out = tmp_path / "out"
    command = ["probe", str(weights), *SETS, *SMALL, "--label", "kind,speed,rate", "-o", str(out)]
    assert main(command) == 0
    table = (out / "table.txt").read_text()
    assert table.strip() in capsys.readouterr().out
    assert "rate" not in table, "the world does not know it"
    assert {p.name for p in out.iterdir()} == {
        *("readings", "index.html", "layers.png", "order.json", "scores.csv", "table.txt")
    }
    cells = {p.name: p for p in (out / "readings" / "bent").iterdir()}
    assert len(cells) == 5 * 3
    assert json.loads(cells["memory.rate.json"].read_text()) is None
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    for name in ("memory.kind.json", "encoder.speed.json"):  # a kill would have left these out
        cells[name].unlink()
    assert main(command) == 0
    assert before == {p.name: p.read_bytes() for p in out.iterdir() if p.is_file()}
    cells["memory.kind.json"].write_text("[")
    assert main(command) == 2
    assert "remove it, and it is made again" in capsys.readouterr().err
    assert main([*command, "--seeds", "3"]) == 2
    assert "holds the readings of another order" in capsys.readouterr().err


@pytest.mark.slow
def test_a_probe_that_was_killed_ends_with_the_same_files(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    monkeypatch.undo()  # as many steps as the process takes
    command = ["probe", str(weights), *SETS, *SMALL, "--label", "kind,speed", "--layer", "memory"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*command, "-o", str(whole)]) == 0
    code = "import mohart.cli.main as m, sys; sys.exit(m.main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, *command, "-o", str(cut)])
    for _ in range(12000):
        if list(cut.glob("readings/*/*.json")):
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert len(list(cut.glob("readings/*/*.json"))) == 1
    assert not (cut / "table.txt").exists()
    assert main([*command, "-o", str(cut)]) == 0
    names = [p.relative_to(whole) for p in whole.rglob("*") if p.is_file() and p.name != ".lock"]
    assert len(names) == 5 + 2
    assert all((whole / name).read_bytes() == (cut / name).read_bytes() for name in names)


@pytest.mark.slow
def test_adversarial_mode_trains_further_and_reads_both(weights: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="draws with matplotlib")
    out = tmp_path / "out"
    command = ["probe", str(weights), *SMALL, "--layer", "memory", "--label", "kind"]
    mode = ["--mode", "adversarial", "--lambda", "0.5", "--steps", "2", "-o", str(out)]
    assert main([*command, *mode]) == 0
    config = (out / "run" / "config.yaml").read_text()
    assert "weight: -0.5" in config
    assert {p.name for p in (out / "readings").iterdir()} == {"bent", "taught"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: no such weights; expected a run, a file, or a name; known"),
        (["shipped", "--layer", "lstm"], "--layer lstm: is none of glimpse"),
        (["shipped", "--label", "sise"], "did you mean 'size'"),
        (["shipped", "--lambda", "1"], "the analytic mode lets nothing back"),
        (["shipped", "--mode", "auxiliary"], "expected --lambda of more than 0"),
        (["shipped", "--mode", "auxiliary", "--lambda", "1"], "--layer and --label by name"),
        (["shipped", "shipped"], "two weights are called 'shipped'"),
        (["shipped", "--length", "2"], "--length of at least 3"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "out"
    assert main(["probe", *arguments, "-o", str(out)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
    assert not out.exists()
