"""Running an ONNX network: through onnxruntime where it is installed, otherwise through OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, FormatError, MissingDataError, did_you_mean
from mohart.tracking.detectors.onnx.safety import check_external_files, try_elsewhere
from mohart.video.camera import quiet_opencv

Runtime = Literal["auto", "onnxruntime", "opencv"]
RUNTIMES = ("auto", "onnxruntime", "opencv")
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class Network(Protocol):
    """A network that is ready.

    Attributes:
        runtime: what runs it, with version.
        output_names: in the order in which `run` gives them.
    """

    runtime: str
    output_names: Sequence[str]

    def run(self, blob: NDArray[Any]) -> list[NDArray[Any]]:
        """All outputs for an input [1, 3, H, W] or [1, H, W, 3].

        Raises:
            ConfigError: the network does not take an input of this size.
        """


def load_network(
    path: Path, input_name: str, *, runtime: str = "auto", threads: int = 0
) -> Network:
    """An ONNX network.

    Args:
        path: the file.
        input_name: of the picture.
        runtime: one of `RUNTIMES`; `auto` takes onnxruntime where it is installed.
        threads: that onnxruntime may use; 0 leaves it to onnxruntime. OpenCV has one number for
            the whole process (`cv2.setNumThreads`), which is left alone.

    Raises:
        ConfigError: no such runtime.
        FormatError: the file cannot be run; says what the runtime says.
        MissingDataError: onnxruntime was asked for and is not installed.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(f"runtime: unknown '{runtime}'{did_you_mean(runtime, RUNTIMES)}")
    if runtime != "opencv":
        try:
            return _OnnxRuntime(path, input_name, threads)
        except ImportError as error:
            if runtime == "onnxruntime":
                raise MissingDataError(
                    "onnxruntime is not installed; run: pip install 'mohart[onnx]', or take "
                    "runtime=opencv"
                ) from error
    return _OpenCV(path)


class _OnnxRuntime:
    """A network in onnxruntime; a GPU is used where the installed package has one."""

    def __init__(self, path: Path, input_name: str, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what goes wrong is told as an exception
        there = onnxruntime.get_available_providers()
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=[name for name in PROVIDERS if name in there]
            )
        except Exception as error:  # onnxruntime has one class per kind, without a common base
            raise FormatError(
                f"{path}: onnxruntime cannot load it ({_short(error)}); export it again with a "
                "lower opset, or take runtime=opencv"
            ) from error
        self.runtime = f"onnxruntime {onnxruntime.__version__}"
        self.output_names: Sequence[str] = [output.name for output in self._session.get_outputs()]
        self._input = input_name

    def run(self, blob: NDArray[Any]) -> list[NDArray[Any]]:
        try:
            found = self._session.run(None, {self._input: blob})
        except Exception as error:
            raise ConfigError(_refusal(blob, error)) from error
        return [np.asarray(value) for value in found]


class _OpenCV:
    """A network in cv2.dnn.

    OpenCV fits its layers to the first input. Where the number of boxes is found inside, it then
    fails on a picture with more of them, so after a failure the network is loaded again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        check_external_files(path)
        try_elsewhere(path)
        self._net = self._load()
        self.runtime = f"opencv {cv2.__version__}"
        self.output_names: Sequence[str] = list(self._net.getUnconnectedOutLayersNames())

    def run(self, blob: NDArray[Any]) -> list[NDArray[Any]]:
        try:
            return self._forward(blob)
        except cv2.error:
            self._net = self._load()
        try:
            return self._forward(blob)
        except cv2.error as error:
            raise ConfigError(_refusal(blob, error)) from error

    def _forward(self, blob: NDArray[Any]) -> list[NDArray[Any]]:
        with quiet_opencv():
            self._net.setInput(blob)
            return [np.asarray(value) for value in self._net.forward(self.output_names)]

    def _load(self) -> Any:
        try:
            with quiet_opencv():
                return cv2.dnn.readNetFromONNX(str(self._path))
        except cv2.error as error:
            raise FormatError(
                f"{self._path}: OpenCV {cv2.__version__} cannot load it ({_short(error)}); run: "
                "pip install 'mohart[onnx]'"
            ) from error


def _refusal(blob: NDArray[Any], error: Exception) -> str:
    shape = list(blob.shape)
    return f"the network does not run on an input {shape} ({_short(error)}); give another size"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
