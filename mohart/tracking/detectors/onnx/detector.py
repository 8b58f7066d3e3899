"""ONNX object detector: any YOLO-style or SSD-style network, with non-maximum suppression (NMS).

Source: the published recipes of the families, see `layouts` and `picture`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.structures import Detections
from mohart.tracking.detectors.onnx.header import read_header
from mohart.tracking.detectors.onnx.layouts import (
    LAYOUTS,
    OVERLAPPING,
    PRESET_OF,
    Proposals,
    decode,
    recognise,
)
from mohart.tracking.detectors.onnx.picture import PAD, PRESETS, input_size, prepare
from mohart.tracking.detectors.onnx.runtime import load_network
from mohart.tracking.detectors.protocol import WholeDetector

USUAL_SIZE = 640
MOST = 1000  # proposals that are compared with each other, the best ones
# The 80 classes of COCO (Lin et al. 2014) in the order in which detectors number them, from 0,
# without the gaps of the annotation files.
_COCO = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant,
stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe,
backpack, umbrella, handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite,
baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, wine glass, cup, fork,
knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog, pizza, donut, cake,
chair, couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard,
cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear,
hair drier, toothbrush
"""
COCO_NAMES = dict(enumerate(" ".join(_COCO.split()).split(", ")))
SAME = 0.8  # boxes of two classes with a larger IoU are one object that looks like both


class OnnxDetector(WholeDetector):
    """An ONNX network as a detector.

    What its outputs mean and how a frame must be prepared is told by the shapes of the outputs for
    an empty picture, when the first frame comes; `details` then says what was found.

    Args:
        path: the file.
        score: proposals below are no detections, in (0, 1].
        overlap: of two boxes of a class with a larger IoU the weaker is left out, for networks that
            do not do so themselves.
        size: the longer side of the input, pixels, for networks that take any; None: as the file
            says, otherwise 640.
        preset: how to prepare a frame, one of `picture.PRESETS`; None: as usual for the layout.
        layout: one of `layouts.LAYOUTS`; None: recognised.
        runtime: `auto` (onnxruntime where installed), `onnxruntime` or `opencv`.
        threads: for onnxruntime; 0 leaves it to onnxruntime.

    Attributes:
        classes: class number -> name: as the file says, otherwise COCO's for 80 classes.
        details: file, hash, runtime, input size, layout and preset.

    Raises:
        MissingDataError: no such file, or the runtime is not installed.
        FormatError: not an ONNX file that can be run, or it takes no picture.
        ConfigError: an option is unknown or out of range.
    """

    name = "onnx"
    follows_video = False

    def __init__(
        self,
        path: str | Path,
        *,
        score: float = 0.1,
        overlap: float = 0.5,
        size: int | None = None,
        preset: str | None = None,
        layout: str | None = None,
        runtime: str = "auto",
        threads: int = 0,
    ) -> None:
        for word, value, known in (("preset", preset, PRESETS), ("layout", layout, LAYOUTS)):
            if value is not None and value not in known:
                raise ConfigError(f"{word}: unknown '{value}'{did_you_mean(value, known)}")
        if not 0 <= score <= 1 or not 0 < overlap <= 1:
            raise ConfigError(f"expected score and overlap in 0..1, got {score:g} and {overlap:g}")
        file = Path(path)
        self._header = read_header(file)
        self._network = load_network(
            file, self._header.input_name, runtime=runtime, threads=threads
        )
        self._score, self._overlap, self._size = score, overlap, size
        self._layout, self._preset = layout, preset
        self._input: tuple[int, int] | None = None
        self._frame_size: tuple[int, int] | None = None
        self.classes: Mapping[int, str] = self._header.class_names or COCO_NAMES
        self.details: dict[str, Any] = {
            "path": str(file),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "runtime": self._network.runtime,
            "lowest_score": score,
        }

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        """The objects in a frame, uint8 [H, W, 3] of any size, best first.

        Raises:
            ConfigError: the outputs are of no known layout, or the network refuses the input.
        """
        size = self._begin((frame_bgr.shape[1], frame_bgr.shape[0]))
        layout = self._recognised(size)
        recipe = PRESETS[self._preset or PRESET_OF[layout]]
        blob, placement = prepare(
            frame_bgr,
            size,
            recipe,
            dtype=self._header.dtype,
            channels_last=self._header.channels_last,
        )
        outputs = self._network.run(blob)
        known = len(self._header.class_names) or None
        names = self._network.output_names
        found = decode(layout, outputs, names, size, self._score, known)
        if layout in OVERLAPPING:
            found = remove_overlaps(found, self._overlap)
            found = remove_overlaps(found, SAME, across_classes=True)
        boxes = placement.to_frame(found.boxes)
        kept = (boxes[:, 2:] > boxes[:, :2]).all(1) & (found.classes >= 0)
        order = np.flatnonzero(kept)[np.argsort(-found.scores[kept], kind="stable")]
        return Detections(
            boxes[order], found.scores[order].astype(np.float32), found.classes[order]
        )

    def _begin(self, frame_size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the input for frames of a size."""
        if self._input is None or frame_size != self._frame_size:
            fixed = (self._header.width, self._header.height)
            usual = self._header.usual_size or USUAL_SIZE
            try:
                self._input = input_size(frame_size, fixed, self._size, usual)
            except ConfigError as error:
                raise ConfigError(f"{self.details['path']}: {error}") from error
            self._frame_size = frame_size
        return self._input

    def _recognised(self, size: tuple[int, int]) -> str:
        """The layout of the outputs, found with a grey picture if nobody said it."""
        if self._layout is None:
            grey = np.full((size[1], size[0], 3), PAD, np.uint8)
            blob, _ = prepare(
                grey,
                size,
                PRESETS[self._preset or "yolo"],
                dtype=self._header.dtype,
                channels_last=self._header.channels_last,
            )
            known = len(self._header.class_names) or None
            self._layout = recognise(self._network.run(blob), size, known)
        if "layout" not in self.details:
            self.details |= {
                "input": list(size),
                "layout": self._layout,
                "preset": self._preset or PRESET_OF[self._layout],
            }
        return self._layout


def remove_overlaps(found: Proposals, overlap: float, *, across_classes: bool = False) -> Proposals:
    """NMS: without the weaker of boxes (of a class) whose IoU is above `overlap`, best first."""
    order = np.argsort(-found.scores, kind="stable")[:MOST]
    boxes, scores, classes = found.boxes[order], found.scores[order], found.classes[order]
    # classes are moved apart, so that boxes of different ones never overlap
    step = 0.0 if across_classes else np.abs(boxes).max(initial=0) * 2 + 1
    apart = boxes[:, :2] + (classes * step)[:, None]
    kept = cv2.dnn.NMSBoxes(
        np.concatenate([apart, boxes[:, 2:] - boxes[:, :2]], 1).tolist(),
        scores.tolist(),
        0.0,
        overlap,
    )
    rows = np.asarray(kept, np.int64).reshape(-1)
    return Proposals(boxes[rows], scores[rows], classes[rows])
