from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.tracking.detectors.onnx.header import read_header, read_output_shapes

Maker = Callable[..., Path]

OUT = {"out": [[[0.0]]]}


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((1, 3, 48, 64), "float32", (48, 64, False, "float32")),
        (("batch", 3, "height", "width"), "float32", (None, None, False, "float32")),
        ((1, 3, None, 64), "float16", (None, 64, False, "float16")),
        ((1, 48, 64, 3), "uint8", (48, 64, True, "uint8")),
    ],
)
def test_input(make_network: Maker, shape: tuple[int, ...], dtype: str, expected: object) -> None:
    header = read_header(make_network(OUT, shape, dtype))
    assert header.input_name == "picture"
    assert (header.height, header.width, header.channels_last, header.dtype) == expected


@pytest.mark.parametrize(
    ("metadata", "names", "size"),
    [
        ({"names": "{0: 'person', 1: 'car'}", "imgsz": "[480, 640]"}, {0: "person", 1: "car"}, 640),
        ({"names": "['a', 'b']", "imgsz": "320"}, {0: "a", 1: "b"}, 320),
        ({"names": "__import__('os')", "imgsz": "nonsense"}, {}, None),
        ({"names": "{'a': 1}"}, {}, None),
        ({}, {}, None),
    ],
)
def test_metadata(
    make_network: Maker, metadata: dict[str, str], names: dict[int, str], size: int | None
) -> None:
    header = read_header(make_network(OUT, metadata=metadata))
    assert header.class_names == names
    assert header.usual_size == size


def test_a_network_without_a_picture(make_network: Maker) -> None:
    with pytest.raises(FormatError, match=r"expected a network with a picture.*picture \[1, 5\]"):
        read_header(make_network(OUT, (1, 5)))


@pytest.mark.parametrize("content", [b"", b"hello, this is no network", b"\xff" * 100, b"\x08"])
def test_what_is_no_onnx_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.onnx: "):
        read_header(tmp_path / "a.onnx")
    with pytest.raises(MissingDataError, match="no such ONNX file"):
        read_header(tmp_path / "none.onnx")


def test_every_cut_of_a_file_is_an_error_or_a_header(make_network: Maker, tmp_path: Path) -> None:
    data = make_network(OUT).read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut.onnx").write_bytes(data[:length])
        try:
            read_header(tmp_path / "cut.onnx")
        except FormatError:
            continue


def test_real_networks(shared_data: Path) -> None:
    header = read_header(shared_data / "models" / "yolox_nano.onnx")
    assert (header.input_name, header.height, header.width) == ("images", 416, 416)
    header = read_header(shared_data / "models" / "rtmdet_nano_person.onnx")
    assert (header.input_name, header.height, header.width) == ("input", None, None)


def test_shapes_of_the_outputs(make_network: Maker) -> None:
    network = make_network({"a": np.zeros((1, 2, 5)).tolist(), "b": [[0.0, 1.0]]})
    assert read_output_shapes(network) == [[1, 2, 5], [1, 2]]
