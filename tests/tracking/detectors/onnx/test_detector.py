from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mohart.boxes import pairwise_iou
from mohart.errors import ConfigError
from mohart.formats.mot.tracks import read_mot
from mohart.tracking.detectors.onnx.detector import OnnxDetector, remove_overlaps
from mohart.tracking.detectors.onnx.layouts import Proposals
from mohart.video import open_source

Maker = Callable[..., Path]

RUNTIMES = ["opencv", *(["onnxruntime"] if find_spec("onnxruntime") else [])]
FRAME = np.full((96, 128, 3), 50, np.uint8)  # half as large on an input of 64x64, 8 pixels above


def yolov8(boxes: list[list[float]]) -> np.ndarray:
    """[1, 4 + C, 84] for an input of 64x64."""
    table = np.zeros((84, len(boxes[0])), np.float32)
    table[: len(boxes)] = boxes
    return table.T[None]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_boxes_of_the_input_become_boxes_of_the_frame(make_network: Maker, runtime: str) -> None:
    # centre 20, 28 and size 20, 16; a double of it; the same place as another class; another place
    rows = [
        [20, 28, 20, 16, 0.9, 0],
        [20, 28, 20, 17, 0.8, 0],
        [20, 28, 20, 16, 0, 0.7],
        [50, 30, 10, 10, 0, 0.4],
        [50, 30, 10, 10, 0.05, 0],
    ]
    path = make_network({"out": yolov8(rows)}, metadata={"names": "{0: 'cat', 1: 'dog'}"})
    detector = OnnxDetector(path, runtime=runtime)
    found = detector(FRAME)
    assert found.xyxy.tolist() == [[20, 24, 60, 56], [90, 34, 110, 54]]
    assert found.confidence.tolist() == pytest.approx([0.9, 0.4])
    assert found.class_id.tolist() == [0, 1]
    assert detector.classes == {0: "cat", 1: "dog"}
    details = detector.details
    assert (details["layout"], details["preset"], details["input"]) == ("yolov8", "yolo", [64, 64])
    assert details["runtime"].startswith(runtime)
    assert len(details["sha256"]) == 64


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_two_outputs_of_a_network_that_takes_any_size(make_network: Maker, runtime: str) -> None:
    outputs = {"dets": [[[8.0, 4, 16, 12, 0.9], [0, 0, 0, 0, 0]]], "labels": [[0, 0]]}
    detector = OnnxDetector(make_network(outputs, (1, 3, "h", "w")), runtime=runtime, size=64)
    assert detector(FRAME).xyxy.tolist() == [[16, 8, 32, 24]]
    assert detector.details["input"] == [64, 64]  # 48 is no multiple of 32
    assert detector.details["preset"] == "rtmdet"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_network_with_its_channels_last(make_network: Maker, runtime: str) -> None:
    outputs = {"out": [[[[0.0, 1, 0.9, 0.25, 0.5, 0.5, 1]]]]}
    path = make_network(outputs, (1, 64, 64, 3), "uint8" if runtime != "opencv" else "float32")
    found = OnnxDetector(path, runtime=runtime)(FRAME)
    assert found.xyxy.tolist() == [[32, 48, 64, 96]]
    assert found.class_id.tolist() == [1]


def test_without_names_80_classes_are_those_of_coco(make_network: Maker) -> None:
    detector = OnnxDetector(make_network({"out": yolov8([[0.0] * 84])}))
    assert detector.classes[0] == "person"
    assert detector.classes[79] == "toothbrush"
    assert len(detector(FRAME)) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "yolo5"}, "preset: unknown 'yolo5'; did you mean 'yolo'"),
        ({"layout": "yolo"}, "layout: unknown 'yolo'; did you mean"),
        ({"score": 2}, "expected score and overlap in 0..1, got 2"),
        ({"overlap": 0}, "expected score and overlap"),
        ({"runtime": "tensorrt"}, "runtime: unknown 'tensorrt'"),
    ],
)
def test_options_that_are_wrong(
    make_network: Maker, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        OnnxDetector(make_network({"out": [[0.0]]}), **options)  # type: ignore[arg-type]


def test_outputs_that_are_no_boxes(make_network: Maker) -> None:
    detector = OnnxDetector(make_network({"out": [[0.0] * 9]}))
    with pytest.raises(ConfigError, match=r"outputs \[1, 9\] are of no layout"):
        detector(FRAME)


def test_overlaps_are_removed_within_classes() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10], [-5, -5, 5, 5.0]])
    found = Proposals(boxes, np.array([0.5, 0.9, 0.8, 0.7]), np.array([1, 1, 0, 1]))
    assert remove_overlaps(found, 0.5).scores.tolist() == [0.9, 0.8, 0.7]
    assert remove_overlaps(found, 0.5, across_classes=True).scores.tolist() == [0.9, 0.7]
    none = Proposals(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))
    assert remove_overlaps(none, 0.5).boxes.shape == (0, 4)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("model", "layout", "preset"),
    [("yolox_nano", "yolox", "yolox"), ("rtmdet_nano_person", "dets_labels", "rtmdet")],
)
def test_real_networks_find_real_people(
    shared_data: Path, runtime: str, model: str, layout: str, preset: str
) -> None:
    folder = shared_data / "pets09-s2l1"
    truth = read_mot(folder / "gt" / "gt.txt")
    detector = OnnxDetector(
        shared_data / "models" / f"{model}.onnx", runtime=runtime, score=0.3, threads=1
    )
    hits = total = 0
    with open_source(folder / "video.avi") as source:
        for frame in (0, 60, 120, 180):
            source.skip(frame - source.frames_read)
            picture = source.read()
            assert picture is not None
            found = detector(picture)
            people = found.select(found.class_id == 0)
            there = truth.at(frame).boxes
            hits += int((pairwise_iou(there, people.xyxy).max(1) >= 0.5).sum())
            total += len(there)
    assert (detector.details["layout"], detector.details["preset"]) == (layout, preset)
    assert hits / total > 0.85
