"""ONNX metadata: what a file says about its input and outputs, read from the file itself.

OpenCV runs ONNX networks but does not tell these sizes, and onnx and onnxruntime are optional.
An ONNX file is a protocol buffer; a dozen lines walk to the few fields that matter.

Source: ONNX, `onnx.proto3` (ModelProto, GraphProto, ValueInfoProto, TensorShapeProto) and Protocol
Buffers, "Encoding".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mohart.errors import FormatError, MissingDataError

GRAPH, METADATA = 7, 14  # of ModelProto
GRAPH_INPUT, GRAPH_OUTPUT = 11, 12  # of GraphProto
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5  # wire types
TYPES = {1: "float32", 2: "uint8", 10: "float16"}


class Header(NamedTuple):
    """What an ONNX file says.

    Attributes:
        input_name: of the picture.
        height: of the input, pixels; None where any will do.
        width: of the input, pixels; None where any will do.
        channels_last: whether the input is [1, H, W, 3] and not [1, 3, H, W].
        dtype: of the input, `float32`, `float16` or `uint8`.
        metadata: the file's own key -> value, such as `names` and `imgsz` of YOLO exports.
    """

    input_name: str
    height: int | None
    width: int | None
    channels_last: bool
    dtype: str
    metadata: dict[str, str]

    @property
    def class_names(self) -> dict[int, str]:
        """Class number -> name, empty where the file does not say."""
        found = _literal(self.metadata.get("names", ""))
        if isinstance(found, (list, tuple)):
            found = dict(enumerate(found))
        if not isinstance(found, dict) or not all(isinstance(n, int) for n in found):
            return {}
        return {number: str(name) for number, name in found.items()}

    @property
    def usual_size(self) -> int | None:
        """The longer side that the file calls its picture size, pixels."""
        found = _literal(self.metadata.get("imgsz", ""))
        sides = found if isinstance(found, (list, tuple)) else [found]
        whole = [side for side in sides if isinstance(side, int) and side > 0]
        return max(whole, default=None)


class _Value(NamedTuple):
    """An input or output: its name, element type and shape; None for a side that may be any."""

    name: str
    kind: int
    shape: list[int | None]


def read_header(path: Path) -> Header:
    """The header of an ONNX file.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not ONNX, or takes no picture with three channels.
    """
    inputs, metadata = _read(path, GRAPH_INPUT)
    pictures = [v for v in inputs if len(v.shape) == 4 and v.shape[:1] in ([1], [None])]
    several = [v.name for v in pictures if 3 in (v.shape[1], v.shape[3])]
    if len(several) > 1:
        raise FormatError(
            f"{path}: takes {len(several)} pictures ({', '.join(several)[:80]}), and a detector "
            f"one; is it the network of a tracker?"
        )
    for name, kind, shape in inputs:
        if len(shape) == 4 and 3 in (shape[1], shape[3]):
            last = shape[1] != 3
            height, width = shape[1:3] if last else shape[2:4]
            return Header(name, height, width, last, TYPES.get(kind, "float32"), metadata)
    shapes = ", ".join(f"{name} {shape}" for name, _, shape in inputs) or "none"
    raise FormatError(
        f"{path}: expected a network with a picture [1, 3, H, W] as input, its inputs are: {shapes}"
    )


def read_output_shapes(path: Path) -> list[list[int | None]]:
    """Shape of every output of an ONNX file, in order; None for a side that may be anything.

    Raises:
        MissingDataError: there is no such file.
        FormatError: it is not ONNX.
    """
    return [shape for _, _, shape in _read(path, GRAPH_OUTPUT)[0]]


def _read(path: Path, wanted: int) -> tuple[list[_Value], dict[str, str]]:
    """The graph's inputs or outputs (a field of GraphProto), and the file's metadata."""
    data = read_bytes(path)
    graphs: list[memoryview] = []
    metadata: dict[str, str] = {}
    values: list[_Value] = []
    try:
        for field, value in message_fields(data):
            if field == GRAPH and isinstance(value, memoryview):
                graphs.append(value)
            elif field == METADATA and isinstance(value, memoryview):
                entry = {n: _text(v) for n, v in message_fields(value)}
                metadata[entry.get(1, "")] = entry.get(2, "")
        for graph in graphs:
            values += [_value_info(v) for n, v in message_fields(graph) if n == wanted]
    except (ValueError, IndexError) as error:
        raise FormatError(f"{path}: not an ONNX file, or cut off; export it again") from error
    return values, metadata


def read_bytes(path: Path) -> memoryview:
    """The file.

    Raises:
        MissingDataError: there is no such file.
    """
    try:
        return memoryview(path.read_bytes())
    except OSError as error:
        raise MissingDataError(
            f"{path}: no such ONNX file ({error.strerror}); check the path"
        ) from error


def message_fields(data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Number and value of every field of a message.

    Raises:
        ValueError: not a protocol buffer.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(kind, -1)
        if kind == LENGTH:
            size, place = _varint(data, place)
        if size < 0 or place + size > len(data) or key >> 3 == 0:
            raise ValueError("not a protocol buffer")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ValueError("not a protocol buffer")


def _value_info(data: memoryview | int) -> _Value:
    top = dict(message_fields(_message(data)))
    tensor = dict(message_fields(_message(dict(message_fields(_message(top.get(2)))).get(1))))
    kind = tensor.get(1, 0)
    shape: list[int | None] = []
    for field, dimension in message_fields(_message(tensor.get(2))):
        if field == 1:
            size = dict(message_fields(_message(dimension))).get(1)
            shape.append(size if isinstance(size, int) and 0 < size < 1 << 31 else None)
    return _Value(_text(top.get(1)), kind if isinstance(kind, int) else 0, shape)


def _message(value: memoryview | int | None) -> memoryview:
    return value if isinstance(value, memoryview) else memoryview(b"")


def _text(value: memoryview | int | None) -> str:
    return bytes(_message(value)).decode("utf-8", "replace")


def _literal(text: str) -> object:
    """A Python literal, None where the text is none."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
