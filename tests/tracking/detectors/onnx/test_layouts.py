from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.detectors.onnx.layouts import LAYOUTS, decode, recognise

SIZE = (64, 96)  # width, height of the input
CELLS = 8 * 12 + 4 * 6 + 2 * 3  # strides 8, 16, 32
BOX = [8.0, 16, 40, 48]  # centre 24, 32, size 32, 32


def pixels(columns: int, rows: int = CELLS) -> np.ndarray:
    """Proposals of no interest with centres all over the input."""
    table = np.zeros((rows, columns))
    table[:, 0] = np.linspace(0, SIZE[0], rows)
    table[:, 1] = np.linspace(0, SIZE[1], rows)
    table[:, 2:4] = 10
    return table


def yolox() -> list[np.ndarray]:
    table = np.zeros((CELLS, 5 + 3))
    # stride 16: row 2, column 1 of 4 columns, behind the 96 cells of stride 8
    table[96 + 2 * 4 + 1] = [0.5, 0, np.log(2), np.log(2), 0.9, 0.1, 0.5, 0.2]
    return [table[None]]


def yolov5(rows: int = 3 * CELLS) -> list[np.ndarray]:
    table = pixels(5 + 3, rows)
    table[7] = [24, 32, 32, 32, 0.9, 0.1, 0.5, 0.2]
    return [table[None]]


def yolov8() -> list[np.ndarray]:
    table = pixels(4 + 3)
    table[7] = [24, 32, 32, 32, 0.1, 0.45, 0.2]
    return [table.T[None]]


def listed(rows: list[list[float]]) -> np.ndarray:
    return np.array(rows)[None]


EMPTY = [0.0, 0, 0, 0]
NORMAL = [BOX[0] / 64, BOX[1] / 96, BOX[2] / 64, BOX[3] / 96]
CASES: dict[str, tuple[list[Any], list[str]]] = {
    "yolox": (yolox(), ["o"]),
    "yolov5": (yolov5(), ["o"]),
    "yolov8": (yolov8(), ["o"]),
    "rows6": ([listed([[*BOX, 0.45, 1], [*EMPTY, 0, 0]])], ["o"]),
    "rows7": ([np.array([[0, *BOX, 1, 0.45], [0, *EMPTY, 0, 0]])], ["o"]),
    "dets_labels": ([listed([[*BOX, 0.45], [*EMPTY, 0]]), np.array([[1, 0]])], ["dets", "labels"]),
    "ssd": ([np.array([[[[0, 1, 0.45, *NORMAL], [0, 0, 0, *EMPTY]]]])], ["o"]),
    "boxes_scores": (
        [listed([NORMAL, EMPTY]), listed([[0.35, 0.2, 0.45], [1, 0, 0]])],
        ["boxes", "scores"],
    ),
    "boxes_scores_labels": (
        [listed([NORMAL, EMPTY]), np.array([[0.45, 0]]), np.array([[1.0, 0]])],
        ["boxes", "scores", "labels"],
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_recognised_and_read(layout: str) -> None:
    outputs, names = CASES[layout]
    assert recognise(outputs, SIZE) == layout
    found = decode(layout, outputs, names, SIZE, 0.3)
    np.testing.assert_allclose(found.boxes, [BOX], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.45], atol=1e-6)
    assert found.classes.tolist() == [1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_below_the_least_score_is_left_out(layout: str) -> None:
    outputs, names = CASES[layout]
    found = decode(layout, outputs, names, SIZE, 0.46)
    assert (found.boxes.shape, len(found.scores), len(found.classes)) == ((0, 4), 0, 0)


def test_one_proposal_per_cell_in_pixels_is_not_yolox() -> None:
    assert recognise(yolov5(CELLS), SIZE) == "yolov5"


def test_the_number_of_classes_tells_yolov8_that_is_not_transposed() -> None:
    outputs = [yolov8()[0].transpose(0, 2, 1)]
    assert recognise(outputs, SIZE, classes=3) == "yolov8"
    assert decode("yolov8", outputs, ["o"], SIZE, 0.3).classes.tolist() == [1]


def test_six_columns_are_one_class_where_the_rows_are_cells() -> None:
    assert recognise([pixels(6)[None]], SIZE) == "yolov5"
    assert recognise([pixels(6, 3 * CELLS)[None]], SIZE) == "yolov5"
    assert recognise([pixels(6, 300)[None]], SIZE) == "rows6"


def test_labels_with_as_many_entries_as_boxes_have_columns() -> None:
    dets, labels = np.zeros((1, 5, 5)), np.arange(5)[None]
    dets[0, :] = [*BOX, 0.45]
    assert recognise([labels, dets], SIZE) == "dets_labels"
    found = decode("dets_labels", [labels, dets], ["labels", "dets"], SIZE, 0.3)
    assert found.classes.tolist() == [0, 1, 2, 3, 4]


def test_log_odds_become_probabilities() -> None:
    (table,) = yolox()
    odds = table.copy()
    odds[..., 4:] = -9
    odds[0, 105, 4:] = [np.log(9), -9, 0, -9]  # 0.9 and 0.5
    found = decode("yolox", [odds], ["o"], SIZE, 0.3)
    np.testing.assert_allclose(found.scores, [0.45], atol=1e-6)


def test_tensorflow_has_y_first_and_counts_its_boxes() -> None:
    names = ["detection_boxes", "detection_classes", "detection_scores", "num_detections"]
    turned = [NORMAL[1], NORMAL[0], NORMAL[3], NORMAL[2]]
    outputs = [listed([turned, EMPTY]), np.array([[1.0, 0]]), np.array([[0.45, 0]]), np.array([2])]
    assert recognise(outputs, SIZE) == "boxes_scores_labels"
    found = decode("boxes_scores_labels", outputs, names, SIZE, 0.3)
    np.testing.assert_allclose(found.boxes, [BOX], atol=1e-4)
    assert found.classes.tolist() == [1]


def test_masks_beside_the_boxes_are_passed_over() -> None:
    (table,) = yolov8()
    masks = np.full((1, 5, CELLS), 3.0)
    outputs = [np.concatenate([table, masks], 1), np.zeros((1, 5, 16, 24))]
    assert recognise(outputs, SIZE, classes=3) == "yolov8"
    found = decode("yolov8", outputs, ["o", "maps"], SIZE, 0.3, classes=3)
    np.testing.assert_allclose(found.scores, [0.45], atol=1e-6)
    assert found.classes.tolist() == [1]


def test_log_odds_of_detr_are_not_taken_for_ssd() -> None:
    outputs = [np.full((1, 300, 4), 0.5), np.full((1, 300, 91), -4.0)]
    with pytest.raises(ConfigError, match="of no layout"):
        recognise(outputs, SIZE)


def test_no_proposals_at_all() -> None:
    outputs = [np.zeros((1, 0, 5)), np.zeros((1, 0), np.int64)]
    assert recognise(outputs, SIZE) == "dets_labels"
    assert len(decode("dets_labels", outputs, ["a", "b"], SIZE, 0.3).scores) == 0


@pytest.mark.parametrize("shapes", [[(1, 512)], [(1, 3, 8, 8)], [(1, 4), (1, 9)], [(2, 9, 85)]])
def test_other_outputs_are_refused_with_their_shapes(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ConfigError, match="of no layout that is known") as caught:
        recognise([np.zeros(shape) for shape in shapes], SIZE)
    assert str(list(shapes[0])) in str(caught.value)


def test_a_layout_that_the_outputs_do_not_have() -> None:
    with pytest.raises(ConfigError, match=r"layout=yolox: outputs \[1, 10, 8\] do not have it"):
        decode("yolox", [np.ones((1, 10, 8))], ["o"], SIZE, 0.3)
    with pytest.raises(ConfigError, match="did you mean 'yolov8'"):
        decode("yolov88", [np.ones((1, 10, 8))], ["o"], SIZE, 0.3)
