"""mohart: draw boxes once, get identities for the whole video.

A recurrent multi-object tracker with attention glimpses and relational reasoning, after HART and
MOHART. Start with :func:`load_tracker`; everything else is imported from the module it lives in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mohart.tracking.protocol import Tracker

__version__ = "0.1.0"


def load_tracker(
    name: str = "mohart", *, model: str | Path | None = None, device: str = "auto"
) -> Tracker:
    """A tracker that is ready for `init`, by default the learned one with the shipped weights.

    Args:
        name: `mohart`, `static`, `velocity`, or an OpenCV tracker that is installed
            (`csrt`, `kcf`, `mil`, `mosse`, `medianflow`, `vit`, `nano`).
        model: weights to use instead of the shipped ones (`mohart`), or the ONNX file that
            `vit` and `nano` need.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, ...

    Returns:
        An object with `init(frame_bgr, boxes_xyxy)` and `update(frame_bgr)`, see
        :class:`mohart.tracking.protocol.Tracker`.

    Raises:
        ConfigError: no tracker has this name.
        CheckpointError: the weights cannot be read.
        MissingDataError: the weights do not exist, or OpenCV lacks this tracker.
    """
    from mohart.build import build_tracker  # torch is imported only when it is needed

    return build_tracker(name, model=model, device=device)
