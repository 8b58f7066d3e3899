"""Names -> trackers. Heavy libraries are imported only for the tracker that needs them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.assembly.knobs import make_knobs
from mohart.errors import ConfigError, MissingDataError, did_you_mean
from mohart.tracking.catalogue import RETURNS, TRACKERS, WHOLE_BOXES, Returns, WholeBoxes
from mohart.tracking.learned.knobs import Leaving, leaving
from mohart.tracking.protocol import Tracker
from mohart.weights.names import shipped_name

if TYPE_CHECKING:
    from mohart.tracking.learned.recurrent import RecurrentTracker

OPENCV_NANO_CELLS = 16  # rows of the map that OpenCV's TrackerNano assumes


def build_tracker(
    name: str = "mohart",
    *,
    model: str | Path | None = None,
    device: str = "auto",
    relation: str | None = None,
    whole_boxes: WholeBoxes = "auto",
    threads: int | None = None,
    crowd_threads: int = 1,
    engine: str = "auto",
    precision: str = "float32",
    knobs: Mapping[str, Any] | None = None,
    returns: Returns = "normal",
    end_after: int | None = None,
) -> Tracker:
    """A tracker by name.

    Args:
        name: one of `mohart.tracking.catalogue.TRACKERS`.
        model: weights for `mohart`: `default` (or None), `fast`, or a file; ONNX file(s) for `vit`
            and `nano`.
        device: for `mohart`.
        relation: for `mohart`: the relational module that the weights must have been trained
            with; `self_only` also turns the exchange of `attention` weights off.
        whole_boxes: for `mohart`: `yes`: boxes may reach outside the frame, as the objects do;
            `no`: the part inside; `auto`: whole ones if one was drawn that reaches outside.
        threads: for `mohart`: of torch, for the whole process; None leaves them alone, but in a
            forked process, where it is one: more would wait for ever. Answers differ in their
            last digits with the number of threads.
        crowd_threads: for `mohart`: of onnxruntime where 16 objects and more are followed; answers
            stay the same to the last digit.
        engine: for `mohart`: who computes, see `mohart.assembly.engines.build_engine`.
        precision: of the engine, see there.
        knobs: for `mohart`: how detections are used, name -> value in the place of the default;
            see :class:`mohart.tracking.learned.knobs.Knobs`.
        returns: for `mohart`: what is asked of who comes back, see
            `mohart.tracking.learned.knobs.leaving`.
        end_after: for `mohart`: frames of being lost after which an object ends; None: it is
            looked for to the end.

    Raises:
        ConfigError: unknown name or knob, a knob out of its range, or an option that this tracker
            does not use.
        CheckpointError: the weights are damaged or belong to another configuration.
        MissingDataError: there are no such weights, OpenCV lacks the tracker, or torch is needed
            and not installed.
    """
    if whole_boxes not in WHOLE_BOXES:
        raise ConfigError(
            f"whole_boxes: '{whole_boxes}' is unknown{did_you_mean(str(whole_boxes), WHOLE_BOXES)}"
        )
    if returns not in RETURNS:
        raise ConfigError(f"returns: '{returns}' is unknown{did_you_mean(str(returns), RETURNS)}")
    if name == "mohart":
        return _build_recurrent(
            model,
            device,
            relation,
            whole_boxes,
            threads,
            crowd_threads,
            engine,
            precision,
            knobs or {},
            leaving(returns, end_after, make_knobs(knobs or {})),  # before seconds of loading
        )
    if name not in TRACKERS:
        raise ConfigError(f"unknown tracker '{name}'{did_you_mean(name, TRACKERS)}")
    if relation is not None:
        raise ConfigError(f"relation={relation}: tracker '{name}' has no relational module")
    if whole_boxes != "auto":
        raise ConfigError(f"whole_boxes: tracker '{name}' has no such choice")
    if knobs:
        raise ConfigError(f"knobs: tracker '{name}' has none")
    for option, value, usual in (
        ("engine", engine, "auto"),
        ("precision", precision, "float32"),
        ("returns", returns, "normal"),
        ("end_after", end_after, None),
    ):
        if value != usual:
            raise ConfigError(f"{option}={value}: tracker '{name}' has no such choice")
    if TRACKERS[name].opencv:
        return _build_opencv(name, model)
    if model is not None:
        raise ConfigError(f"model={model}: tracker '{name}' has no model")
    return _build_baseline(name)


def _build_baseline(name: str) -> Tracker:
    match name:
        case "static":
            from mohart.tracking.baselines.static import StaticTracker

            return StaticTracker()
        case "velocity":
            from mohart.tracking.baselines.velocity import VelocityTracker

            return VelocityTracker()
        case "iou":
            from mohart.tracking.baselines.presets import IouTracker

            return IouTracker()
        case "sort":
            from mohart.tracking.baselines.presets import SortTracker

            return SortTracker()
        case "bytetrack":
            from mohart.tracking.baselines.presets import ByteTracker

            return ByteTracker()
    raise AssertionError(f"no case for tracker '{name}'")


def _build_opencv(name: str, model: str | Path | None) -> Tracker:
    """One of OpenCV's, or NanoTrack where OpenCV cannot run this version of it."""
    from mohart.tracking.baselines.opencv import OpenCVTracker

    if name == "nano" and model is not None:
        from mohart.tracking.baselines.nanotrack import NanoTracker, head_cells, nano_files

        if head_cells(nano_files(model)[1]) != OPENCV_NANO_CELLS:
            return NanoTracker(model)
    return OpenCVTracker(name, model)


def _build_recurrent(
    model: str | Path | None,
    device: str,
    relation: str | None,
    whole_boxes: WholeBoxes,
    threads: int | None,
    crowd_threads: int,
    engine: str,
    precision: str,
    knobs: Mapping[str, Any],
    left: Leaving,
) -> RecurrentTracker:
    from mohart.assembly.device import (
        calm_fork,
        check_threads,
        choose_device,
        is_surely_cpu,
        use_threads,
    )
    from mohart.tracking.learned.recurrent import RecurrentTracker
    from mohart.tracking.learned.sight import Calibration

    check_threads(crowd_threads, "crowd_threads")
    said = {"knobs": dict(knobs)} if knobs else {}
    name = shipped_name(model)
    plain = relation is None and precision == "float32" and engine in ("auto", "onnx")
    if name is not None and plain and is_surely_cpu(device):
        from mohart.assembly.shipped import load_shipped

        shipped = load_shipped(threads, name, crowd_threads=crowd_threads)
        if shipped is not None:
            return RecurrentTracker(
                shipped.engine,
                {**shipped.details, **said},
                knobs=left.knobs,
                rules=left.rules,
                calibration=Calibration.from_header(
                    shipped.calibration, shipped.details["weights"]
                ),
                identity=shipped.identity,
                whole_boxes=whole_boxes,
            )
    if find_spec("torch") is None:
        raise MissingDataError(
            "tracker 'mohart' needs torch, or onnxruntime for the shipped weights as they are; "
            "run: pip install torch, or: pip install onnxruntime"
        )
    from mohart.assembly.engines import build_engine
    from mohart.assembly.identity import without_torch
    from mohart.assembly.weights import load_model

    calm_fork()
    place = choose_device(device)
    loaded = load_model(model, relation=relation)
    calibration = Calibration.from_header(loaded.calibration, loaded.details["weights"])
    if threads is not None:
        use_threads(threads)
        loaded.details["threads"] = threads
    computes, loaded.details["engine"] = build_engine(
        engine,
        loaded,
        place,
        threads=threads or 1,
        crowd_threads=crowd_threads,
        precision=precision,
    )
    return RecurrentTracker(
        computes,
        {**loaded.details, **said},
        knobs=left.knobs,
        rules=left.rules,
        calibration=calibration,
        identity=None if loaded.identity is None else without_torch(loaded.identity),
        whole_boxes=whole_boxes,
    )
