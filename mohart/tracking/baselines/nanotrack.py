"""NanoTrack through onnxruntime: a small Siamese tracker (template, search region), as a rival.

OpenCV's `TrackerNano` runs its version 2; it assumes a map of 16 rows, and version 3 has 15. Here
both run, one network for all objects, each object with a template of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.aliases import Floats, Frame
from mohart.errors import CheckpointError, ConfigError, FormatError, MissingDataError
from mohart.structures import ACTIVE, TrackedObjects
from mohart.tracking.checks import FrameGuard, as_bgr
from mohart.tracking.detectors.onnx.header import read_output_shapes
from mohart.tracking.lifecycle import Lifecycle
from mohart.tracking.protocol import refuse_detections

EXEMPLAR_PX, INSTANCE_PX = 127, 255  # sides of the template's and the search region's picture
STRIDE_PX = 16  # of the map, in the search region's picture
CONTEXT = 0.5  # of width plus height, around the object
PENALTY = 0.138  # on changes of size and shape
INFLUENCE = 0.455  # of the window that prefers the middle
RATE = 0.348  # of the size, times the score
SMALLEST_PX = 10.0
RULES = Lifecycle(seen=0.2, margin=0.05)  # as those of OpenCV's trackers


@dataclass
class _Target:
    """One object: its box, what it looked like, and the mean colour around it then."""

    centre: Floats
    size: Floats
    template: NDArray[np.float32]
    mean: Floats


class NanoTracker:
    """Follows every object with NanoTrack; see :class:`mohart.tracking.protocol.Tracker`.

    Confidence is the score of the cell that was chosen.

    Attributes:
        name: `nano`.
        details: hashes of the model files and onnxruntime's version, for the record.

    Args:
        model: two ONNX files, `backbone.onnx,head.onnx`.

    Raises:
        ConfigError: not two files.
        MissingDataError: a file does not exist, or onnx and onnxruntime are not installed.
        CheckpointError: the files are no NanoTrack.

    Source: the test-time procedure of Siamese trackers with a regression head, Li et al. 2018
    (SiamRPN), sec. 4.3, with NanoTrack's published constants; boxes by distances to four sides,
    Xu et al. 2020 (SiamFC++), sec. 3.2.
    """

    takes_detections = False

    def __init__(self, model: str | Path | None) -> None:
        files = nano_files(model)
        self.name = "nano"
        self._backbone, self._head = (_session(file) for file in files)
        if len(self._backbone.get_inputs()) != 1 or len(self._head.get_inputs()) != 2:
            raise CheckpointError(
                f"{model}: expected a backbone with one input and a head with two; "
                "write backbone.onnx,head.onnx"
            )
        self.details = {
            "engine": "onnxruntime",
            "files": {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
        }
        self._cells = head_cells(files[1])
        steps = (np.arange(self._cells) - self._cells // 2) * STRIDE_PX
        self._points = np.stack(np.meshgrid(steps, steps)).astype(np.float64)
        fade = np.hanning(self._cells)
        self._window = np.outer(fade, fade)
        self._guard = FrameGuard()
        self._targets: list[_Target] = []
        self.reset()

    def init(
        self, frame_bgr: Frame, boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Take a template of every object."""
        frame_bgr = as_bgr(frame_bgr)
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        self._targets = [self._start(frame_bgr, box.astype(np.float64)) for box in boxes]
        self._ids = numbers
        self._lives = RULES.start(len(boxes))
        return TrackedObjects(
            xyxy=boxes.copy(),
            tracker_id=numbers.copy(),
            confidence=np.ones(len(boxes), np.float32),
            state=np.full(len(boxes), ACTIVE),
        )

    def update(
        self, frame_bgr: Frame, detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """Look for every object around where it was."""
        refuse_detections(self.name, detections)
        frame_bgr = as_bgr(frame_bgr)
        width, height = self._guard.check(frame_bgr)
        scores = np.array([self._follow(frame_bgr, target) for target in self._targets])
        boxes = np.zeros((len(self._targets), 4), np.float32)
        for row, target in zip(boxes, self._targets, strict=True):
            row[:2], row[2:] = target.centre - target.size / 2, target.centre + target.size / 2
        self._lives = RULES.advance(self._lives, boxes, scores, width, height)
        return TrackedObjects(
            xyxy=boxes,
            tracker_id=self._ids.copy(),
            confidence=self._lives.confidence.astype(np.float32),
            state=self._lives.state,
        )

    def reset(self) -> None:
        """Forget all objects."""
        self._guard.clear()
        self._targets = []
        self._ids = np.zeros(0, np.int64)
        self._lives = RULES.start(0)

    def _start(self, frame: Frame, box: Floats) -> _Target:
        centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
        mean = frame.mean((0, 1))
        picture = _region(frame, centre, _extent(size), EXEMPLAR_PX, mean)
        return _Target(centre, size, self._features(picture), mean)

    def _follow(self, frame: Frame, target: _Target) -> float:
        """Move the target; the score of the cell that was chosen."""
        extent = _extent(target.size)
        scale = EXEMPLAR_PX / extent
        side = extent * INSTANCE_PX / EXEMPLAR_PX
        seen = self._features(_region(frame, target.centre, side, INSTANCE_PX, target.mean))
        names = [one.name for one in self._head.get_inputs()]
        both = dict(zip(names, (target.template, seen), strict=True))
        logits, reach = (x[0].astype(np.float64) for x in self._head.run(None, both))
        score = 1 / (1 + np.exp(logits[0] - logits[1]))
        size = np.stack([reach[0] + reach[2], reach[1] + reach[3]])
        middle = self._points + np.stack([reach[2] - reach[0], reach[3] - reach[1]]) / 2
        own = target.size * scale
        grown = _either_way(_extent(size) / _extent(own))
        bent = _either_way((own[0] / own[1]) / (size[0] / size[1]))
        penalty = np.exp(-(grown * bent - 1) * PENALTY)
        judged = penalty * score * (1 - INFLUENCE) + self._window * INFLUENCE
        y, x = divmod(int(judged.argmax()), self._cells)
        rate = penalty[y, x] * score[y, x] * RATE
        limit = np.array(frame.shape[1::-1], float)
        target.centre = np.clip(target.centre + middle[:, y, x] / scale, 0, limit)
        mixed = (1 - rate) * target.size + rate * size[:, y, x] / scale
        target.size = np.clip(mixed, SMALLEST_PX, limit)
        return float(score[y, x])

    def _features(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        name = self._backbone.get_inputs()[0].name
        return np.asarray(self._backbone.run(None, {name: picture})[0], np.float32)


def nano_files(model: str | Path | None) -> tuple[Path, Path]:
    """The two files of `backbone.onnx,head.onnx`.

    Raises:
        ConfigError: not two names.
        MissingDataError: one of the two does not exist.
    """
    names = str(model).split(",") if model is not None else []
    if len(names) != 2:
        raise ConfigError(
            f"tracker 'nano' needs its model: --model BACKBONE.onnx,HEAD.onnx, got {model}"
        )
    for name in names:
        if not Path(name).is_file():
            raise MissingDataError(f"tracker 'nano': no such model file: {name}")
    return Path(names[0]), Path(names[1])


def head_cells(head: Path) -> int:
    """Rows of the map that a NanoTrack head answers with: 16 for version 2, 15 for version 3.

    Read without a package: OpenCV, which runs version 2, needs none.

    Raises:
        MissingDataError: there is no such file.
        CheckpointError: the file is no such head.
    """
    try:
        shapes = read_output_shapes(head)
    except FormatError as error:
        raise CheckpointError(f"{head}: not an ONNX file of a NanoTrack head") from error
    cells = shapes[0][3] if shapes and len(shapes[0]) == 4 else None
    if cells is None:
        raise CheckpointError(f"{head}: its first output has no fixed number of cells")
    return cells


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise MissingDataError(
            "tracker 'nano': this model needs onnx and onnxruntime; pip install onnx onnxruntime"
        ) from error
    return onnx


def _session(file: Path) -> Any:
    """A session that takes pictures of any size; the files state the search region's."""
    onnx = _onnx()
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDataError(
            "tracker 'nano': this model needs onnxruntime; pip install onnxruntime"
        ) from error
    try:
        model = onnx.load(str(file))
        if len(model.graph.input) == 1:
            for value in (*model.graph.input, *model.graph.output):
                for axis in (2, 3):
                    value.type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
            del model.graph.value_info[:]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers)
    except Exception as error:  # protobuf and onnxruntime raise errors of their own kinds
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{file}: onnxruntime cannot read this model: {reason}") from None


def _extent(size: Floats) -> Any:
    """Side of the square that shows a box with its context: [2, ...] -> [...]."""
    room = CONTEXT * size.sum(0)
    return np.sqrt((size[0] + room) * (size[1] + room))


def _either_way(ratio: Any) -> Any:
    return np.maximum(ratio, 1 / ratio)


def _region(
    frame: Frame, centre: Floats, side: float, pixels: int, mean: Floats
) -> NDArray[np.float32]:
    """A square around a place, [1, 3, pixels, pixels] BGR; the mean colour where there is none."""
    count = max(round(side), 2)
    left, top = np.floor(centre - count / 2 + 0.5).astype(int)
    height, width = frame.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + count, width), min(top + count, height)
    if (x0, y0, x1, y1) == (left, top, left + count, top + count):
        square = frame[y0:y1, x0:x1]
    else:
        square = np.empty((count, count, 3), np.uint8)
        square[:] = mean.astype(np.uint8)
        if x1 > x0 and y1 > y0:
            square[y0 - top : y1 - top, x0 - left : x1 - left] = frame[y0:y1, x0:x1]
    resized = cv2.resize(square, (pixels, pixels)).astype(np.float32)
    return np.ascontiguousarray(resized.transpose(2, 0, 1)[None])
