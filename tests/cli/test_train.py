from __future__ import annotations

from pathlib import Path

import pytest

from mohart.cli.main import main

CONFIGS = Path(__file__).parents[2] / "configs"


def test_dry_run_prints_the_resolved_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(CONFIGS / "toy.yaml"), "--dry-run", "--set", "train.steps=7"]) == 0
    out = capsys.readouterr().out
    assert "steps: 7" in out
    assert "parameters" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name either a configuration or --resume"),
        (["nowhere.yaml"], "no such configuration"),
        (["TOY", "--set", "train.stpes=7"], "did you mean 'steps'"),
        (["TOY", "--set", "train.steps"], "expected key=value"),
        (["TOY", "--set", "train.optim.rate=1e-3"], "write a point"),
        (["TOY", "--set", "model.relation=attn"], "is none of none, mlp"),
        (["TOY", "--protocol", "hart"], "names no data.folders"),
        (["TOY", "--device", "gpu7", "-o", "OUT"], "not usable here"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    places = {"TOY": str(CONFIGS / "toy.yaml"), "OUT": str(tmp_path / "run")}
    assert main(["train", *(places.get(a, a) for a in arguments)]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_protocol_hart_splits_every_folder_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    config = str(CONFIGS / "mot17.yaml")
    assert main(["train", config, "--dry-run", "--protocol", "hart"]) == 0
    out = capsys.readouterr().out
    assert "protocol: hart" in out
    assert main(["train", config, "--dry-run"]) == 0
    assert "protocol: sequence" in capsys.readouterr().out


def test_resume_needs_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--resume", str(tmp_path)]) == 2
    assert "no such configuration" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_that_is_complete_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    few = [
        word for name in ("steps=1", "validation_clips=2") for word in ("--set", f"train.{name}")
    ]
    assert main(["train", "smoke", *few, "-o", run]) == 0
    assert "done already" not in capsys.readouterr().err
    assert main(["train", "--resume", run]) == 0
    said = capsys.readouterr()
    assert said.out == f"{run}/best.safetensors\n"
    assert said.err.startswith("nothing to do: all 1 training steps are done\ntry them: mohart ")
    assert main(["track", "clip.mp4", "--box", "1,1,9,9", "--model", run]) == 2
