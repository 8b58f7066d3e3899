"""A re-identification network as a rival, such as OSNet: crops in, embeddings out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 256, 128
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, RGB


class Rival:
    """A network in ONNX that takes [N, 3, 256, 128], RGB as ImageNet's networks do.

    Args:
        path: of its file.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name

    def describe(
        self, frame_bgr: NDArray[np.uint8], boxes: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """[N, F] of boxes [N, 4] that lie inside the frame."""
        found = []
        for box in boxes:
            x1, y1 = np.floor(box[:2]).astype(int)
            x2, y2 = np.ceil(box[2:]).astype(int)
            cut = cv2.resize(frame_bgr[y1:y2, x1:x2], (WIDTH, HEIGHT))
            rgb = (cut[..., ::-1].astype(np.float32) / 255 - MEAN) / DEVIATION
            fed = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32)
            found.append(self._session.run(None, {self._input: fed})[0][0])
        vectors = np.array(found, np.float32)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(length, 1e-9)
        return unit
