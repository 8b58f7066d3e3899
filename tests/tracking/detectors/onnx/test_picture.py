from __future__ import annotations

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.tracking.detectors.onnx.picture import PRESETS, Preparation, input_size, prepare

FRAME = np.zeros((30, 60, 3), np.uint8)
FRAME[:] = (10, 20, 30)  # blue, green, red


@pytest.mark.parametrize(
    ("fit", "inside", "grey"),
    [
        ("corner", (slice(0, 20), slice(0, 40)), (slice(20, 40), slice(0, 40))),
        ("centre", (slice(10, 30), slice(0, 40)), (slice(0, 10), slice(0, 40))),
        ("stretch", (slice(0, 40), slice(0, 40)), (slice(0, 0), slice(0, 0))),
    ],
)
def test_where_the_frame_lies(fit: str, inside: tuple[slice, ...], grey: tuple[slice, ...]) -> None:
    recipe = Preparation(fit=fit, rgb=False, std=(1, 1, 1))  # type: ignore[arg-type]
    blob, placement = prepare(FRAME, (40, 40), recipe)
    assert blob.shape == (1, 3, 40, 40)
    assert blob.dtype == np.float32
    assert blob[0][(slice(None), *inside)].reshape(3, -1).mean(1).tolist() == [10, 20, 30]
    assert (blob[0][(slice(None), *grey)] == 114).all()
    # the whole frame on the input and back
    rows, columns = inside
    whole = np.array([[columns.start, rows.start, columns.stop, rows.stop]], float)
    np.testing.assert_allclose(placement.to_frame(whole), [[0, 0, 60, 30]], atol=1e-4)
    # and whatever reaches beyond is cut
    assert placement.to_frame(whole + np.array([-9, -9, 99, 99])).tolist() == [[0, 0, 60, 30]]


def test_recipes_of_the_families() -> None:
    blob, _ = prepare(FRAME, (60, 30), PRESETS["yolox"])
    assert blob[0, :, 0, 0].tolist() == [10, 20, 30]
    blob, _ = prepare(FRAME, (60, 30), PRESETS["yolo"])
    np.testing.assert_allclose(blob[0, :, 0, 0], np.array([30, 20, 10]) / 255, rtol=1e-6)
    blob, _ = prepare(FRAME, (60, 30), PRESETS["rtmdet"])
    expected = [(10 - 103.53) / 57.375, (20 - 116.28) / 57.12, (30 - 123.675) / 58.395]
    np.testing.assert_allclose(blob[0, :, 0, 0], expected, rtol=1e-6)


def test_inputs_of_another_type_and_order() -> None:
    blob, _ = prepare(FRAME, (60, 30), PRESETS["ssd"], dtype="uint8", channels_last=True)
    assert blob.shape == (1, 30, 60, 3)
    assert blob.dtype == np.uint8
    assert blob[0, 0, 0].tolist() == [30, 20, 10]
    assert prepare(FRAME, (60, 30), PRESETS["yolo"], dtype="float16")[0].dtype == np.float16


@pytest.mark.parametrize(
    ("frame", "fixed", "size", "expected"),
    [
        ((768, 576), (416, 416), None, (416, 416)),
        ((768, 576), (416, 320), 416, (416, 320)),
        ((768, 576), (None, None), None, (640, 480)),
        ((1920, 1080), (None, None), 640, (640, 384)),  # 360 is no multiple of 32
        ((240, 320), (None, None), 320, (256, 320)),
        ((1000, 10), (None, None), 640, (640, 32)),
        ((768, 576), (None, 320), None, (640, 320)),
    ],
)
def test_size_of_the_input(
    frame: tuple[int, int], fixed: tuple[int, int], size: int | None, expected: tuple[int, int]
) -> None:
    assert input_size(frame, fixed, size, 640) == expected


def test_sizes_that_do_not_fit() -> None:
    with pytest.raises(ConfigError, match="size=640: this network takes 416x320 only"):
        input_size((768, 576), (416, 320), 640, 640)
    with pytest.raises(ConfigError, match="at least 32"):
        input_size((768, 576), (None, None), 8, 640)
