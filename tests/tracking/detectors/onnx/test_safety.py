"""A downloaded network may not read elsewhere, end the program or ask for endless pictures."""

from pathlib import Path

import pytest

from mohart.errors import ConfigError, FormatError
from mohart.tracking.detectors.onnx import safety
from mohart.tracking.detectors.onnx.picture import input_size
from mohart.tracking.detectors.onnx.safety import check_external_files, try_elsewhere


def field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def model(location: str, *, inside: str) -> bytes:
    """A graph with one tensor whose values lie in a file."""
    entry = field(1, b"location") + field(2, location.encode())
    tensor = field(13, entry)
    graph = {
        "initializer": field(5, tensor),
        "constant": field(1, field(5, field(5, tensor))),
        "branch": field(1, field(5, field(6, field(5, tensor)))),
    }[inside]
    return field(7, graph)


@pytest.mark.parametrize("inside", ["initializer", "constant", "branch"])
@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "a/../../b", "C:\\x", "..\\x"])
def test_weights_elsewhere_are_refused(tmp_path: Path, inside: str, location: str) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(model(location, inside=inside))
    with pytest.raises(FormatError, match=r"a\.onnx: names weights outside its folder"):
        check_external_files(path)
    path.write_bytes(model("weights.bin", inside=inside))
    check_external_files(path)


@pytest.mark.slow
def test_a_crash_in_another_process_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety, "TRIAL", "import os; os.abort()")
    with pytest.raises(FormatError, match="OpenCV crashes when it loads it"):
        try_elsewhere(tmp_path / "a.onnx")
    monkeypatch.setattr(safety, "TRIAL", "import time; time.sleep(9)")
    monkeypatch.setattr(safety, "TRIAL_SECONDS", 0.2)
    with pytest.raises(FormatError, match="does not get done with loading it"):
        try_elsewhere(tmp_path / "a.onnx")
    monkeypatch.setattr(safety, "TRIAL", "raise SystemExit(1)")  # that is told by the loader
    monkeypatch.setattr(safety, "TRIAL_SECONDS", 60)
    try_elsewhere(tmp_path / "a.onnx")


def test_pictures_of_any_size_have_an_upper_end() -> None:
    assert input_size((640, 480), (None, None), 8192, 640)[0] == 8192
    with pytest.raises(ConfigError, match=r"size: expected at most 8192 pixels, got 100000"):
        input_size((640, 480), (None, None), 100_000, 640)
    with pytest.raises(ConfigError, match=r"the file's imgsz: expected at most 8192 pixels"):
        input_size((640, 480), (None, None), None, 100_000)
    with pytest.raises(ConfigError, match=r"the network's input: expected at most 8192 pixels"):
        input_size((640, 480), (100_000, 100_000), None, 640)
