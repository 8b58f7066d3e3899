"""mohart: draw boxes once, get identities for the whole video.

A recurrent multi-object tracker with attention glimpses and relational reasoning, after HART and
MOHART. Start with :func:`load_tracker`, and with :func:`load_detector` where objects shall be found
and not drawn; everything else is imported from the module it lives in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mohart.versions import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import Any

    from mohart.regions import Zone
    from mohart.tracking.catalogue import Returns, WholeBoxes
    from mohart.tracking.detectors.protocol import SelectingDetector
    from mohart.tracking.detectors.wanted import Score
    from mohart.tracking.protocol import Tracker

__all__ = ["__version__", "load_detector", "load_tracker"]


def load_tracker(
    name: str = "mohart",
    *,
    model: str | Path | None = None,
    device: str = "auto",
    whole_boxes: WholeBoxes = "auto",
    threads: int | None = None,
    engine: str = "auto",
    precision: str = "float32",
    knobs: Mapping[str, Any] | None = None,
    returns: Returns = "normal",
    end_after: int | None = None,
) -> Tracker:
    """A tracker that is ready for `init`, by default the learned one with the shipped weights.

    Args:
        name: `mohart`, `static`, `velocity`, `iou`, `sort`, `bytetrack`, or an OpenCV tracker that
            is installed (`csrt`, `kcf`, `mil`, `mosse`, `medianflow`, `vit`, `nano`).
        model: weights of `mohart`: `default`, `fast` (0.7 of the time, a little less exact)
            or a .safetensors file, `./fast` where it has the name of weights; for `vit` and `nano`
            the ONNX file that they need.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, ...
        whole_boxes: `yes`: boxes of `mohart` may reach outside the frame where a part of the object
            does; `no`: they are the part inside; `auto`: whole ones if one was drawn that reaches
            beyond the edge.
        threads: of torch, for the whole process; None leaves them as they are (but one in a forked
            process, where more would wait for ever). One is best on most machines, and what the
            commands use.
        engine: who computes the network of `mohart`: `torch`; `cuda`, on a GPU, as CUDA graphs;
            `onnx`, twice as fast for few objects on a CPU (pip install 'mohart[fast]'); or `auto`,
            which is `cuda` on a GPU, and on a CPU `onnx` where it is installed and its boxes are
            those of torch. `details["engine"]` says which.
        precision: `float32`; `int8` with `engine="onnx"`: faster for many objects, boxes differ by
            a quarter of a pixel (pip install 'mohart[fast]'); or `bfloat16` with `engine="cuda"`.
        returns: `strict`: a lost object of `mohart` is active again only on strong evidence;
            `normal`; `never`: who is lost has left.
        end_after: frames of being lost after which an object of `mohart` has left; None: it is
            looked for to the end.
        knobs: how `mohart` uses detections, name -> value in the place of the default, see
            docs/guide/knobs.md; `mohart tune` chooses them.

    Returns:
        An object with `init(frame_bgr, boxes_xyxy)` and `update(frame_bgr)`, see
        :class:`mohart.tracking.protocol.Tracker`.

    Raises:
        ConfigError: no tracker, engine, precision, kind of returns or knob has this name, or a
            number is out of its range.
        CheckpointError: the weights cannot be read.
        MissingDataError: the weights do not exist, OpenCV lacks this tracker, or onnxruntime is
            not installed.
    """
    from mohart.assembly import build_tracker  # torch is imported only when it is needed

    return build_tracker(
        name,
        model=model,
        device=device,
        whole_boxes=whole_boxes,
        threads=threads,
        engine=engine,
        precision=precision,
        knobs=knobs,
        returns=returns,
        end_after=end_after,
    )


def load_detector(
    name: str,
    *,
    score: Score = None,
    classes: Collection[int | str] | None = None,
    ignored: Collection[Zone] = (),
    **options: Any,
) -> SelectingDetector:
    """A detector whose answers go into `tracker.update(frame, detector(frame))`.

    Args:
        name: `motion` (what moves in front of a fixed camera), `onnx:MODEL.onnx`, `file:PATH`
            (frame after frame), or `package.module:function`, a callable of your own.
        score: detections below are left out, in [0, 1]; or a score for each class, by number or
            name, with `""` for all that are not named: `{"person": 0.5, "": 0.3}`.
        classes: numbers or names of the classes that are wanted; None wants all.
        ignored: areas of the picture, see :class:`mohart.regions.Zone`; detections whose centres
            lie in one are left out.
        **options: of the detector, such as `size=640` of an ONNX network; see
            :mod:`mohart.tracking.detectors`.

    Returns:
        A callable from a frame, uint8 BGR [H, W, 3], to
        :class:`mohart.structures.Detections`. Show it the frames in which it is not asked with
        `detector.observe(frame)`: `motion` learns from them, `file` counts them.

    Raises:
        ConfigError: an unknown name or option.
        FormatError: a file cannot be read.
        MissingDataError: a file, module or package is not there.
    """
    from mohart.assembly import build_detector

    return build_detector(name, score=score, classes=classes, ignored=ignored, **options)
