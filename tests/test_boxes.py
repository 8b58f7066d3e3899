"""Box geometry: hand-computed values, round trips, gradients; numpy and torch alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mohart import boxes as geometry

Make = Callable[[Any], Any]
LIBRARIES: list[Make] = [
    lambda x: np.asarray(x, np.float64),
    lambda x: torch.tensor(np.asarray(x, np.float64)),
]
both = pytest.mark.parametrize("make", LIBRARIES, ids=["numpy", "torch"])
coordinates = arrays(
    np.float64, st.tuples(st.integers(0, 5), st.just(4)), elements=st.floats(-1e4, 1e4, width=32)
)
quick = settings(deadline=None, max_examples=50)


def proper(raw: np.ndarray) -> np.ndarray:
    """Corners in order."""
    return np.concatenate(
        [np.minimum(raw[:, :2], raw[:, 2:]), np.maximum(raw[:, :2], raw[:, 2:])], 1
    )


@both
@pytest.mark.parametrize(
    ("function", "given_boxes", "expected"),
    [
        (geometry.xywh_to_xyxy, [[10, 20, 4, 6]], [[10, 20, 14, 26]]),
        (geometry.xyxy_to_xywh, [[10, 20, 14, 26]], [[10, 20, 4, 6]]),
        (geometry.cxcywh_to_xyxy, [[12, 23, 4, 6]], [[10, 20, 14, 26]]),
        (geometry.xyxy_to_cxcywh, [[10, 20, 14, 26]], [[12, 23, 4, 6]]),
        (geometry.area, [[10, 20, 14, 26], [0, 0, -1, 5], [3, 3, 3, 3]], [24, 0, 0]),
        (
            lambda b: geometry.clip_to_frame(b, 100, 50),
            [[-5, 10, 20, 60], [10, 10, 20, 20], [200, 10, 300, 20]],
            [[0, 10, 20, 50], [10, 10, 20, 20], [100, 10, 100, 20]],
        ),
    ],
)
def test_known_values_of_one_box(
    make: Make, function: Callable[[Any], Any], given_boxes: Any, expected: Any
) -> None:
    out = function(make(given_boxes))
    assert type(out) is type(make(expected))
    np.testing.assert_allclose(np.asarray(out), expected)


# a = [0, 0, 10, 10] has area 100; per line: b, intersection, IoU, GIoU
PAIRS = [
    ([0, 0, 10, 10], 100, 1.0, 1.0),
    ([5, 0, 15, 10], 50, 50 / 150, 50 / 150),  # the hull is the union
    ([5, 5, 15, 15], 25, 25 / 175, 25 / 175 - 50 / 225),
    ([2, 2, 4, 7], 10, 0.1, 0.1),  # inside: the hull is a
    ([10, 0, 20, 10], 0, 0.0, 0.0),  # touching
    ([20, 0, 30, 10], 0, 0.0, -100 / 300),
    ([20, 20, 30, 30], 0, 0.0, -700 / 900),
    ([5, 5, 5, 5], 0, 0.0, 0.0),  # a point
    ([8, 8, 2, 2], 0, 0.0, 0.0),  # inside out
]


@both
@pytest.mark.parametrize(("b", "common", "iou", "giou"), PAIRS)
def test_known_values_of_two_boxes(
    make: Make, b: list[float], common: float, iou: float, giou: float
) -> None:
    one, two = make([0, 0, 10, 10]), make(b)
    for first, second in [(one, two), (two, one)]:
        assert float(geometry.intersection(first, second)) == pytest.approx(common)
        assert float(geometry.iou(first, second)) == pytest.approx(iou)
        assert float(geometry.giou(first, second)) == pytest.approx(giou)


@both
def test_two_empty_boxes_overlap_by_zero(make: Make) -> None:
    point = make([3, 3, 3, 3])
    assert float(geometry.iou(point, point)) == 0
    assert -1 <= float(geometry.giou(point, point)) <= 1


@both
def test_leading_axes_broadcast_and_pairs_are_all_against_all(make: Make) -> None:
    a, b = make([[0, 0, 10, 10], [5, 0, 15, 10]]), make([[0, 0, 10, 10]] * 3)
    out = geometry.pairwise_iou(a, b)
    np.testing.assert_allclose(np.asarray(out), [[1] * 3, [1 / 3] * 3])
    assert geometry.iou(a[:, None], b).shape == (2, 3)


@both
@pytest.mark.parametrize(("m", "n"), [(0, 3), (3, 0), (0, 0)])
def test_empty_sets_give_empty_tables(make: Make, m: int, n: int) -> None:
    a, b = make(np.zeros((m, 4))), make(np.zeros((n, 4)))
    assert tuple(geometry.pairwise_iou(a, b).shape) == (m, n)
    assert tuple(geometry.clip_to_frame(a, 10, 10).shape) == (m, 4)
    assert tuple(geometry.xyxy_to_xywh(a).shape) == (m, 4)
    assert tuple(geometry.giou(a, a).shape) == (m,)


@pytest.mark.parametrize(
    "function",
    [
        geometry.xywh_to_xyxy,
        geometry.xyxy_to_xywh,
        geometry.cxcywh_to_xyxy,
        geometry.xyxy_to_cxcywh,
        geometry.area,
        lambda b: geometry.iou(b, b),
        lambda b: geometry.giou(b, b),
        lambda b: geometry.clip_to_frame(b, 10, 10),
    ],
)
def test_library_and_dtype_stay(function: Callable[[Any], Any]) -> None:
    for dtype in (np.float32, np.float64):
        array = np.array([[1, 2, 3, 4], [0, 0, 5, 9]], dtype)
        out, tensor = function(array), function(torch.from_numpy(array))
        assert isinstance(out, np.ndarray)
        assert out.dtype == dtype
        assert tensor.dtype == torch.from_numpy(array).dtype
        np.testing.assert_array_equal(tensor.numpy(), out)


@quick
@given(coordinates)
def test_conversions_round_trip(raw: np.ndarray) -> None:
    boxes = proper(raw)
    for out in (
        geometry.xywh_to_xyxy(geometry.xyxy_to_xywh(boxes)),
        geometry.cxcywh_to_xyxy(geometry.xyxy_to_cxcywh(boxes)),
    ):
        np.testing.assert_allclose(out, boxes, atol=1e-6)


@quick
@given(coordinates, coordinates, st.floats(-1e3, 1e3), st.floats(0.5, 4))
def test_overlap_is_bounded_symmetric_and_blind_to_shift_and_scale(
    raw_a: np.ndarray, raw_b: np.ndarray, shift: float, scale: float
) -> None:
    unit = np.array([0, 0, 0.1, 0.1])  # so that no side is zero
    a, b = proper(raw_a)[:, None] + unit, proper(raw_b)[None] + unit
    iou, giou = geometry.iou(a, b), geometry.giou(a, b)
    assert np.all((iou >= 0) & (iou <= 1 + 1e-9))
    assert np.all((giou >= -1) & (giou <= iou + 1e-9))
    np.testing.assert_allclose(geometry.iou(b, a), iou, atol=1e-9)
    np.testing.assert_allclose(geometry.iou(a * scale + shift, b * scale + shift), iou, atol=1e-4)


@quick
@given(coordinates)
def test_the_clipped_box_lies_in_the_frame_and_clipping_again_changes_nothing(
    raw: np.ndarray,
) -> None:
    once = geometry.clip_to_frame(proper(raw), 64, 48)
    assert np.all((once >= 0) & (once <= [64, 48, 64, 48]))
    np.testing.assert_array_equal(geometry.clip_to_frame(once, 64, 48), once)


@pytest.mark.parametrize("function", [geometry.iou, geometry.giou])
def test_gradients_are_those_of_the_function(function: Callable[..., torch.Tensor]) -> None:
    a = torch.tensor([[0, 0, 10, 10], [3.0, 4, 9, 8], [0, 0, 3, 3]], dtype=torch.float64)
    b = torch.tensor([[4.0, 3, 15, 11], [2, 3, 11, 9], [7, 8, 12, 13]], dtype=torch.float64)
    a.requires_grad_()
    b.requires_grad_()
    assert torch.autograd.gradcheck(function, (a, b))


def test_only_giou_pulls_disjoint_boxes_together() -> None:
    truth = torch.tensor([20.0, 0, 30, 10])
    pull = {}
    for function in (geometry.iou, geometry.giou):
        box = torch.tensor([0.0, 0, 10, 10], requires_grad=True)
        function(box, truth).backward()
        assert box.grad is not None
        pull[function] = box.grad
    assert torch.all(pull[geometry.iou] == 0)
    assert pull[geometry.giou][2] > 0  # growing to the right helps


@pytest.mark.parametrize("function", [geometry.iou, geometry.giou])
def test_empty_boxes_have_finite_gradients(function: Callable[..., torch.Tensor]) -> None:
    box = torch.zeros(3, 4, requires_grad=True)
    function(box, torch.tensor([[0.0, 0, 0, 0], [1, 1, 2, 2], [5, 5, 3, 3]])).sum().backward()
    assert box.grad is not None
    assert torch.isfinite(box.grad).all()
