"""OpenCV's single-object trackers (CSRT, KCF, MIL, ViT, NanoTrack), one instance per object.

Which ones there are depends on the installed OpenCV: `opencv-python` 5 has mil, vit and nano;
`opencv-contrib-python` 4 has all. vit and nano need a model file that the user names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.boxes import clip_to_frame, xywh_to_xyxy
from mohart.errors import (
    CheckpointError,
    ConfigError,
    MissingDataError,
    did_you_mean,
)
from mohart.structures import ACTIVE, PREDICTED, TrackedObjects
from mohart.tracking.catalogue import TRACKERS
from mohart.tracking.checks import FrameGuard, as_bgr
from mohart.tracking.lifecycle import Lifecycle
from mohart.tracking.protocol import refuse_detections
from mohart.video.camera import quiet_opencv

CLASSES = {name: known.opencv for name, known in TRACKERS.items() if known.opencv}
MODEL_PARTS = {"vit": ("net",), "nano": ("backbone", "neckhead")}  # by OpenCV's names of the files
RULES = Lifecycle(seen=0.2, margin=0.05)  # scores of these trackers are low where they are right
SMALLEST_PX = 2  # OpenCV refuses boxes without pixels
SMALLEST_MIL_PX = 8  # on 5 x 3 pixels and less, mil draws features that cannot fit for ever


def available_opencv_trackers() -> tuple[str, ...]:
    """Names of the trackers that the installed OpenCV has, such as `("mil", "vit", "nano")`."""
    return tuple(kind for kind in CLASSES if _constructor(kind) is not None)


class OpenCVTracker:
    """Follows every object with its own OpenCV tracker.

    The trackers only see the part of a box that lies inside the frame, rounded to whole pixels;
    `init` still answers with the boxes as given. An object whose tracker reports a failure (or
    raises an error inside OpenCV) keeps its last box and becomes predicted, then lost; it comes
    back when the tracker succeeds again for a few frames. An object that OpenCV refuses to start
    on keeps its first box and becomes lost.

    Confidence is the tracking score where the tracker has one (vit, nano), otherwise 1 while it
    reports success; it falls while it fails.

    Attributes:
        name: the kind.
        details: OpenCV's version and the SHA-256 of the model files, for the record.

    Args:
        kind: `csrt`, `kcf`, `mil`, `mosse`, `medianflow`, `vit` or `nano`.
        model: for `vit` the ONNX file; for `nano` two ONNX files `backbone.onnx,head.onnx`.

    Raises:
        ConfigError: unknown kind, a model where none is used, or none where one is needed.
        MissingDataError: the installed OpenCV lacks this tracker, or a model file does not exist.
        CheckpointError: OpenCV cannot read the model file.
    """

    takes_detections = False

    def __init__(self, kind: str, model: str | Path | None = None) -> None:
        if kind not in CLASSES:
            raise ConfigError(f"unknown OpenCV tracker '{kind}'{did_you_mean(kind, CLASSES)}")
        if _constructor(kind) is None:
            has = ", ".join(available_opencv_trackers()) or "none"
            raise MissingDataError(
                f"tracker '{kind}': the installed OpenCV {cv2.__version__} does not have it "
                f"(it has {has}); lay opencv-contrib-python over it: pip install 'mohart[rivals]', "
                f"or in a checkout python tools/install_rivals.py"
            )
        self.name = kind
        self.details = {"opencv": cv2.__version__, "files": _hashes(model)}
        self._smallest = SMALLEST_MIL_PX if kind == "mil" else SMALLEST_PX
        self._create = self._maker(kind, model)
        self._guard = FrameGuard()
        self._trackers: list[Any] = []
        self.reset()

    def init(
        self, frame_bgr: NDArray[np.uint8], boxes_xyxy: ArrayLike, ids: ArrayLike | None = None
    ) -> TrackedObjects:
        """Start one OpenCV tracker per box; see :class:`mohart.tracking.protocol.Tracker`."""
        frame_bgr = as_bgr(frame_bgr)
        boxes, numbers = self._guard.start(frame_bgr, boxes_xyxy, ids)
        height, width = frame_bgr.shape[:2]
        with quiet_opencv():
            self._trackers = [
                self._start(frame_bgr, rectangle)
                for rectangle in _whole_pixels(boxes, width, height, self._smallest)
            ]
        self._boxes, self._ids = boxes, numbers
        self._lives = RULES.start(len(boxes))
        started = np.array([tracker is not None for tracker in self._trackers], bool)
        return TrackedObjects(
            xyxy=boxes.copy(),
            tracker_id=numbers.copy(),
            confidence=started.astype(np.float32),
            state=np.where(started, ACTIVE, PREDICTED),
        )

    def update(
        self, frame_bgr: NDArray[np.uint8], detections: Any = None, timestamp: float | None = None
    ) -> TrackedObjects:
        """Ask every OpenCV tracker for its object."""
        refuse_detections(self.name, detections)
        frame_bgr = as_bgr(frame_bgr)
        width, height = self._guard.check(frame_bgr)
        scores = np.zeros(len(self._trackers))
        with quiet_opencv():
            for n, tracker in enumerate(self._trackers):
                found = _follow(tracker, frame_bgr)
                if found is not None:
                    self._boxes[n], scores[n] = found
        self._lives = RULES.advance(self._lives, self._boxes, scores, width, height)
        return TrackedObjects(
            xyxy=self._boxes.copy(),
            tracker_id=self._ids.copy(),
            confidence=self._lives.confidence.astype(np.float32),
            state=self._lives.state,
        )

    def reset(self) -> None:
        """Forget all objects."""
        self._guard.clear()
        self._trackers = []
        self._boxes = np.zeros((0, 4), np.float32)
        self._ids = np.zeros(0, np.int64)
        self._lives = RULES.start(0)

    def _start(self, frame: NDArray[np.uint8], rectangle: tuple[int, int, int, int]) -> Any:
        """A started tracker, or None where OpenCV refuses this box."""
        tracker = self._create()
        try:
            started = tracker.init(frame, rectangle)
        except cv2.error:
            return None
        return None if started is False else tracker  # cv2.legacy answers, cv2 returns None

    def _maker(self, kind: str, model: str | Path | None) -> Callable[[], Any]:
        """A function that makes one tracker; tried once here, so that a bad model is told now."""
        constructor = _constructor(kind)
        assert constructor is not None  # noqa: S101  # checked by the caller
        if kind not in MODEL_PARTS:
            if model is not None:
                raise ConfigError(f"tracker '{kind}' uses no model file, got {model}")
            return constructor
        names = MODEL_PARTS[kind]
        files = str(model).split(",") if model is not None else []
        if len(files) != len(names):
            need = "MODEL.onnx" if len(names) == 1 else "BACKBONE.onnx,HEAD.onnx"
            raise ConfigError(f"tracker '{kind}' needs its model: --model {need}, got {model}")
        for file in files:
            if not Path(file).is_file():
                raise MissingDataError(f"tracker '{kind}': no such model file: {file}")
        parameters = getattr(cv2, f"{CLASSES[kind]}_Params")()
        for name, file in zip(names, files, strict=True):
            setattr(parameters, name, file)

        def create() -> Any:
            return constructor(parameters)

        try:
            with quiet_opencv():
                create()
        except cv2.error as error:
            reason = " ".join(str(error).split())
            raise CheckpointError(f"{model}: OpenCV cannot read this model: {reason}") from None
        return create


def _hashes(model: str | Path | None) -> dict[str, str]:
    """File name -> SHA-256 of the model files that exist."""
    files = [Path(part) for part in str(model or "").split(",")]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}


def _constructor(kind: str) -> Callable[..., Any] | None:
    """`cv2.TrackerX_create`, or that of cv2.legacy, or None."""
    function = f"{CLASSES[kind]}_create"
    for place in (cv2, getattr(cv2, "legacy", None)):
        found: Callable[..., Any] | None = getattr(place, function, None)
        if found is not None:
            return found
    return None


def _whole_pixels(
    boxes: NDArray[np.float32], width: int, height: int, smallest: int
) -> list[tuple[int, int, int, int]]:
    """left, top, width, height of the part inside the frame, at least `smallest` a side."""
    low_high = np.rint(clip_to_frame(boxes.astype(np.float64), width, height)).astype(int)
    rectangles = []
    for left, top, right, bottom in low_high.tolist():
        left, top = min(left, max(width - smallest, 0)), min(top, max(height - smallest, 0))
        size = (max(right - left, smallest), max(bottom - top, smallest))
        rectangles.append((left, top, *size))
    return rectangles


def _follow(tracker: Any, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float] | None:
    """The new box [4] xyxy and its score, or None where the tracker failed."""
    if tracker is None:
        return None
    try:
        success, rectangle = tracker.update(frame)
        score = float(tracker.getTrackingScore()) if hasattr(tracker, "getTrackingScore") else 1.0
    except cv2.error:
        return None
    box = xywh_to_xyxy(np.asarray(rectangle, np.float32))
    if not success or not np.isfinite(box).all() or not (box[2:] > box[:2]).all():
        return None
    return box, score
