"""Glimpses: known values, the laws of reading a window, gradients, memory."""

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mohart.nn.glimpse import BilinearGlimpse, GaussianGlimpse

KINDS = [BilinearGlimpse, GaussianGlimpse]
both = pytest.mark.parametrize("kind", KINDS)
HEIGHT, WIDTH = 23, 31
# small, large, narrow, partly outside on every side, larger than the frame, generic places
WINDOWS = torch.tensor(
    [
        [3.31, 4.13, 9.72, 12.97],
        [1.2, 0.7, 29.6, 21.4],
        [14.2, 2.3, 17.1, 19.8],
        [-5.3, -4.2, 6.1, 7.7],
        [25.2, 15.3, 37.9, 28.6],
        [-9.7, -8.2, 43.3, 30.6],
    ],
    dtype=torch.float64,
)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def frame(dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, HEIGHT, WIDTH, 3, generator=generator, dtype=torch.float64).to(dtype)


def dense_gaussian(frames: Tensor, windows: Tensor, rows: int, columns: int) -> Tensor:
    """The formula over the whole frame, every kernel normalised over all integer positions."""

    def kernel(low: Tensor, high: Tensor, samples: int, size: int) -> Tensor:
        stride = (high - low) / samples
        centre = low + (torch.arange(samples) + 0.5) * stride
        spread = (0.5 * stride).clamp(min=0.5)
        pixels = torch.arange(-1000, size + 1000, dtype=low.dtype) + 0.5
        weight = torch.exp(-0.5 * ((pixels - centre[:, None]) / spread) ** 2)
        return (weight / weight.sum(1, keepdim=True))[:, 1000 : 1000 + size]

    height, width = frames.shape[1:3]
    out = [
        torch.einsum(
            "rh,sw,hwc->crs",
            kernel(w[1], w[3], rows, height),
            kernel(w[0], w[2], columns, width),
            frames[0],
        )
        for w in windows[0]
    ]
    return torch.stack(out)[None]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gaussian_equals_the_dense_formula_over_the_whole_frame(dtype: torch.dtype) -> None:
    pixels, weights = frame(dtype), torch.randn(1, 6, 3, 7, 9, dtype=dtype)
    sparse, dense = (WINDOWS[None].to(dtype, copy=True).requires_grad_() for _ in range(2))
    ours = GaussianGlimpse(7, 9)(pixels, sparse)
    theirs = dense_gaussian(pixels, dense, 7, 9)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    torch.testing.assert_close(sparse.grad, dense.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (5, 8)])
def test_bilinear_of_the_whole_frame_at_its_own_size_is_the_frame(size: tuple[int, int]) -> None:
    height, width = size
    pixels = torch.randint(0, 256, (2, height, width, 3), dtype=torch.uint8)
    whole = torch.tensor([0.0, 0, width, height]).expand(2, 1, 4)
    out = BilinearGlimpse(height, width)(pixels, whole)[:, 0]
    assert torch.equal(out, pixels.permute(0, 3, 1, 2) / 255)


def test_bilinear_between_pixels_is_the_weighted_mean() -> None:
    # one row 0, 100, 200: the middles of the pixels are at x = 0.5, 1.5, 2.5
    pixels = torch.tensor([0.0, 1, 2]).reshape(1, 1, 3, 1).expand(1, 4, 3, 1)
    out = BilinearGlimpse(1, 3)(pixels, torch.tensor([[[0.25, 1.0, 3.25, 3.0]]]))
    # samples at 0.75, 1.75, 2.75: 0.25, 1.25, and beyond the last middle the border: 2
    torch.testing.assert_close(out.flatten(), torch.tensor([0.25, 1.25, 2.0]))


@both
def test_a_constant_frame_stays_constant_inside(kind: type) -> None:
    pixels = torch.full((1, 200, 200, 3), 0.6, dtype=torch.float64)
    inside = torch.tensor([[[60.0, 60, 140, 140], [95, 95, 97.5, 103]]], dtype=torch.float64)
    out = kind(8, 8)(pixels, inside)
    torch.testing.assert_close(out, torch.full_like(out, 0.6), atol=1e-6, rtol=0)


@both
@pytest.mark.parametrize("side", range(4))
def test_gradients_in_windows_and_float_frames_are_exact(kind: type, side: int) -> None:
    windows = WINDOWS[None, [0, 2, 3, 4][side], None].clone().requires_grad_()
    pixels = frame()[:, :, :, :1].requires_grad_()
    assert torch.autograd.gradcheck(kind(3, 4), (pixels, windows), atol=1e-4, fast_mode=True)


@both
def test_uint8_and_float_frames_agree(kind: type) -> None:
    pixels = (frame() * 255).to(torch.uint8)
    glimpse = kind(6, 5)
    windows = WINDOWS[None].float()
    torch.testing.assert_close(glimpse(pixels, windows), glimpse(pixels.float() / 255, windows))


@pytest.mark.parametrize("far", [0.0, 0.6, 2.0, 7.3, 60.0, 3000.0])
@pytest.mark.parametrize("size", [4.0, 40.0])
def test_bilinear_repeats_the_border_outside(far: float, size: float) -> None:
    """Rows are constant here, so a window beyond the left or right edge shows the border's rows."""
    pixels = frame()[:, :, :1].expand(1, HEIGHT, WIDTH, 3).contiguous()
    across = [4.0, 13.0]
    beyond = torch.tensor(
        [
            [WIDTH + far, across[0], WIDTH + far + size, across[1]],
            [-far - size, across[0], -far, across[1]],
        ],
        dtype=torch.float64,
    )
    inside = torch.tensor([[[10.0, across[0], 20.0, across[1]]]], dtype=torch.float64)
    glimpse = BilinearGlimpse(4, 4)
    expected = glimpse(pixels, inside)[0, 0]
    for window in beyond:
        torch.testing.assert_close(glimpse(pixels, window.reshape(1, 1, 4))[0, 0], expected)
    flipped = glimpse(pixels.transpose(1, 2).contiguous(), beyond[None][..., [1, 0, 3, 2]])
    torch.testing.assert_close(flipped[0], expected.transpose(1, 2).expand(2, -1, -1, -1))


def test_gaussian_fades_to_zero_outside() -> None:
    pixels = torch.ones(1, HEIGHT, WIDTH, 1, dtype=torch.float64)
    strip = torch.tensor([[[WIDTH - 10.0, 8, WIDTH + 10.0, 12]]], dtype=torch.float64)
    along = GaussianGlimpse(4, 20)(pixels, strip)[0, 0, 0, 2]
    assert along[4] > 0.999
    assert torch.all(along[1:] <= along[:-1] + 1e-6)
    assert along[-5] < 1e-6
    away = torch.tensor([[[WIDTH + 8.0, 2, WIDTH + 16.0, 10], [-4e3, 2, -3e3, 10]]])
    assert torch.all(GaussianGlimpse(4, 4)(pixels.float(), away) < 1e-6)


@both
def test_a_batch_of_objects_of_very_different_size_equals_single_reads(kind: type) -> None:
    sizes = torch.tensor([2.0, 5, 16, 60, 200, 700], dtype=torch.float64)
    middle = torch.tensor([40.0, 30.0], dtype=torch.float64)
    windows = torch.stack([torch.cat([middle - s / 2, middle + s / 2 + 0.3]) for s in sizes])
    outside = torch.tensor([[500.0, 3, 512, 9], [-90, -90, -60, -70]], dtype=torch.float64)
    windows = torch.cat([windows, outside])[torch.randperm(8)]
    pixels = torch.randint(0, 256, (2, 60, 80, 3), dtype=torch.uint8)
    glimpse = kind(6, 6)
    together = glimpse(pixels, torch.stack([windows, windows.flip(0)]))
    for k in range(8):
        for b in range(2):
            window = (windows if b == 0 else windows.flip(0))[k]
            alone = glimpse(pixels[b : b + 1], window.reshape(1, 1, 4))[0, 0]
            torch.testing.assert_close(together[b, k], alone)


@both
@pytest.mark.parametrize("count", [0, 1, 200])
def test_any_number_of_objects(kind: type, count: int) -> None:
    windows = (torch.rand(1, count, 4) * 20).requires_grad_()
    out = kind(4, 6)(frame(torch.float32), windows)
    assert out.shape == (1, count, 3, 4, 6)
    assert torch.isfinite(out).all()
    if count:
        out.sum().backward()
        assert windows.grad is not None
        assert torch.isfinite(windows.grad).all()


NAN, INF = torch.nan, torch.inf


@both
@pytest.mark.parametrize(
    "window",
    [[NAN] * 4, [0, 0, NAN, 5], [-INF, 0, 5, 5], [5, 5, 5, 5], [20, 20, 3, 3], [9, -INF, 2, NAN]],
    ids=str,
)
def test_windows_that_are_no_windows_give_finite_values_and_gradients(
    kind: type, window: list[float]
) -> None:
    windows = torch.tensor([[window, [2.0, 2, 9, 9]]], requires_grad=True)
    out = kind(4, 4)(frame(torch.float32), windows)
    assert torch.isfinite(out).all()
    assert torch.all((out >= -1e-6) & (out <= 1 + 1e-5))
    out.sum().backward()
    assert windows.grad is not None
    assert torch.isfinite(windows.grad).all()


@both
def test_windows_have_sides_of_at_least_two_pixels_and_are_never_mirrored(kind: type) -> None:
    glimpse, pixels = kind(4, 4), frame(torch.float32)
    odd = torch.tensor([[[9.0, 8, 2, 3], [9, 8, 9, 8], [9, 8, 10, 9], [9, 8, 11, 10]]])
    out = glimpse(pixels, odd)
    torch.testing.assert_close(out, out[:, 3:].expand_as(out))


class LargestTensor(TorchDispatchMode):
    """Remembers the largest tensor, in bytes, that an operation made anew (no views)."""

    def __init__(self, known: Tensor) -> None:
        super().__init__()
        self.known, self.bytes = known.untyped_storage().data_ptr(), 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        for x in out if isinstance(out, (list, tuple)) else [out]:
            if isinstance(x, Tensor) and x.untyped_storage().data_ptr() != self.known:
                self.bytes = max(self.bytes, x.untyped_storage().nbytes())
        return out


@pytest.mark.slow
@both
@pytest.mark.parametrize("source", ["a frame", "a frame of a clip"])
def test_the_frame_is_never_copied_or_converted_whole(kind: type, source: str) -> None:
    if source == "a frame":
        pixels = torch.zeros(1, 4000, 4000, 3, dtype=torch.uint8)  # 48 MB
    else:
        pixels = torch.zeros(2, 2, 1000, 1000, 3, dtype=torch.uint8)[:, 1]  # 2 x 3 MB
    window = torch.tensor([[[500.0, 500, 550, 560]]]).expand(len(pixels), 1, 4)
    with LargestTensor(pixels) as largest:
        kind(16, 16)(pixels, window)
    assert 0 < largest.bytes < 1_000_000


@both
def test_windows_much_larger_than_the_frame_need_no_more_memory_than_the_frame(kind: type) -> None:
    pixels = torch.randint(0, 256, (1, 100, 100, 3), dtype=torch.uint8)
    window = torch.tensor([[[-6000.0, -6000, 6000, 6000]]])
    with LargestTensor(pixels) as largest:
        assert torch.isfinite(kind(16, 16)(pixels, window)).all()
    assert largest.bytes < 10_000_000


@both
def test_large_windows_do_not_alias(kind: type) -> None:
    """A fine checkerboard, reduced 16 times, is even grey."""
    y, x = torch.meshgrid(torch.arange(400), torch.arange(400), indexing="ij")
    pixels = (((x + y) % 2) * 255).to(torch.uint8)[None, ..., None]
    out = kind(16, 16)(pixels, torch.tensor([[[70.3, 70.9, 326.3, 326.9]]]))
    assert (out - 0.5).abs().max() < 0.01
