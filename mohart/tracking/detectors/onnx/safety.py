"""What a downloaded ONNX file may not do under OpenCV: read elsewhere, or end the program.

onnxruntime refuses both by itself.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mohart.errors import FormatError
from mohart.tracking.detectors.onnx.header import GRAPH, message_fields, read_bytes

NODE, INITIALIZER = 1, 5  # of GraphProto
ATTRIBUTE = 5  # of NodeProto
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH = 5, 6  # of AttributeProto
EXTERNAL_DATA = 13  # of TensorProto
DEEPEST = 20  # graphs in graphs
TRIAL_SECONDS = 120
TRIAL = "import cv2, sys; cv2.setLogLevel(0); cv2.dnn.readNetFromONNX(sys.argv[1])"


def check_external_files(path: Path) -> None:
    """Make sure that a network keeps its weights in the file, or in files beside it.

    Raises:
        FormatError: it names a file elsewhere.
    """
    try:
        graphs = [value for field, value in message_fields(read_bytes(path)) if field == GRAPH]
        names = [name for graph in graphs for name in _external(graph, 0)]
    except (ValueError, IndexError):
        return  # damaged, which its loader tells
    for name in names:
        place = PurePosixPath(name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in name:
            raise FormatError(
                f"{path}: names weights outside its folder, '{name[:80]}'; export it as one file"
            )


def _external(graph: memoryview | int, depth: int) -> Iterator[str]:
    """Names of the files that tensors of a graph lie in."""
    if not isinstance(graph, memoryview) or depth > DEEPEST:
        raise ValueError("no graph")
    for field, value in message_fields(graph):
        if field == INITIALIZER:
            yield from _locations(value)
        elif field == NODE and isinstance(value, memoryview):
            for part, attribute in message_fields(value):
                if part != ATTRIBUTE or not isinstance(attribute, memoryview):
                    continue
                for kind, inner in message_fields(attribute):
                    if kind == ATTRIBUTE_TENSOR:
                        yield from _locations(inner)
                    elif kind == ATTRIBUTE_GRAPH:
                        yield from _external(inner, depth + 1)


def _locations(tensor: memoryview | int) -> Iterator[str]:
    if not isinstance(tensor, memoryview):
        return
    for field, value in message_fields(tensor):
        if field == EXTERNAL_DATA and isinstance(value, memoryview):
            entry = dict(message_fields(value))
            key, said = (entry.get(n, b"") for n in (1, 2))
            if bytes(key if isinstance(key, memoryview) else b"") == b"location":
                yield bytes(said if isinstance(said, memoryview) else b"").decode(
                    "utf-8", "replace"
                )


def try_elsewhere(path: Path) -> None:
    """Load a network in a process of its own first: a damaged file can end OpenCV's.

    Raises:
        FormatError: that process ended by a signal, or not at all.
    """
    if not sys.executable:
        return
    try:
        done = subprocess.run(
            [sys.executable, "-c", TRIAL, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FormatError(
            f"{path}: OpenCV does not get done with loading it; export it again"
        ) from error
    if done.returncode < 0:
        raise FormatError(f"{path}: damaged, OpenCV crashes when it loads it; export it again")
