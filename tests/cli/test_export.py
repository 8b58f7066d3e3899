"""mohart export: all graphs, named and checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mohart.cli.main import main


@pytest.mark.slow
def test_writes_all_graphs_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    step = tmp_path / "new" / "step.onnx"
    assert main(["export", "default", "-o", str(step)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == [
        str(step.with_name(name))
        for name in ("step-first.onnx", "step.onnx", "step-coast.onnx", "step-aim.onnx")
    ]
    session = onnxruntime.InferenceSession(step, providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["config"])["model"]["heads"]["kind"] == "localise"
    assert set(json.loads(metadata["calibration"])) == {"logit", "mean", "looks", "offset"}
    assert float(metadata["distance_px"]) < 1e-3
    assert main(["export", "shipped", "-o", str(step)]) == 2
    assert "step-first.onnx: exists already" in capsys.readouterr().err


def test_weights_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "x.safetensors"), "-o", str(tmp_path / "s.onnx")]) == 2
    assert "x.safetensors" in capsys.readouterr().err
