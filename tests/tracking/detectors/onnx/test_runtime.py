from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.tracking.detectors.onnx.runtime import load_network

Maker = Callable[..., Path]

OUTPUTS = {"dets": [[[1.0, 2, 3, 4, 0.5], [5, 6, 7, 8, 0.25]]], "labels": [[0, 7]]}
HERE = ["opencv", *(["onnxruntime"] if find_spec("onnxruntime") else [])]


@pytest.mark.parametrize("runtime", HERE)
def test_outputs_come_with_their_names(make_network: Maker, runtime: str) -> None:
    network = load_network(make_network(OUTPUTS), "picture", runtime=runtime, threads=1)
    assert network.runtime.startswith(runtime)
    found = dict(
        zip(network.output_names, network.run(np.ones((1, 3, 64, 64), np.float32)), strict=True)
    )
    assert found["dets"].tolist() == OUTPUTS["dets"]
    assert found["labels"].tolist() == OUTPUTS["labels"]


def test_opencv_takes_over_where_onnxruntime_is_not_installed(
    make_network: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # importing it now fails
    path = make_network(OUTPUTS)
    assert load_network(path, "picture").runtime.startswith("opencv")
    with pytest.raises(MissingDataError, match=r"pip install 'mohart\[onnx\]'"):
        load_network(path, "picture", runtime="onnxruntime")


@pytest.mark.skipif("onnxruntime" not in HERE, reason="onnxruntime is not installed")
def test_an_input_of_another_size_is_refused_in_one_line(make_network: Maker) -> None:
    network = load_network(make_network(OUTPUTS), "picture", runtime="onnxruntime")
    with pytest.raises(ConfigError, match=r"does not run on an input \[1, 3, 32, 32\]") as caught:
        network.run(np.ones((1, 3, 32, 32), np.float32))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("runtime", HERE)
def test_what_cannot_be_loaded(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "a.onnx").write_bytes(b"\x08\x01 no network")
    with pytest.raises(FormatError, match="cannot load it"):
        load_network(tmp_path / "a.onnx", "picture", runtime=runtime)
    with pytest.raises(ConfigError, match="did you mean 'opencv'"):
        load_network(tmp_path / "a.onnx", "picture", runtime="opncv")
