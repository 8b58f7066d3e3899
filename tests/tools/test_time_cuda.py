"""tools/time_cuda.py: says that there is no GPU, compares on the CPU, goes on where one fails."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import pytest
import torch

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(TOOLS))
    threads = torch.get_num_threads(), cv2.getNumThreads()
    yield importlib.import_module("time_cuda")
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main([]) == 2
    assert capsys.readouterr().err.splitlines() == [tool.NO_GPU]


@pytest.mark.slow
def test_times_what_works_and_compares_boxes(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(tool, "TorchEngine", broken)
    found = tmp_path / "found.json"
    size = ["--size", "160x120", "--objects", "2", "--frames", "3"]
    assert tool.main(["--device", "cpu", *size, "--json", str(found)]) == 0
    said = capsys.readouterr()
    assert "cpu eager, 2 objects, failed:" in said.err
    assert "RuntimeError: no such kernel" in said.err
    runs = {run["engine"]: run for run in json.loads(found.read_text())["runs"]}
    assert list(runs) == ["cpu", "cpu graphs", "cpu graphs bfloat16"]
    assert runs["cpu graphs"]["px"] < 0.05
    assert said.out.splitlines()[-1].startswith("| 2 | cpu graphs bfloat16 |")
