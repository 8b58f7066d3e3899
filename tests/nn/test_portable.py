"""mohart.nn.portable: every form for graphs equals what it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from mohart.nn import portable
from mohart.nn.align import compare_shifted, crop_features


def values(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("size", [1, 5, 8])
def test_crops(size: int) -> None:
    features = values(4, 5, 16, 12)
    place = torch.tensor(
        [[-0.5, -0.5, 0.5, 0.5], [-2, -0.3, 0.1, 0.9], [0.2, 0.3, 3, 1.4], [1.5, 1.5, 2, 2]]
    )
    want = crop_features(features, place, size)
    torch.testing.assert_close(portable.crop_by_matrices(features, place, size), want)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_maps_are_moved(size: int) -> None:
    alike = values(3, size * size, 16, 12)
    low, high = size // 2, (size - 1) // 2
    padded = functional.pad(alike, (low, high, low, high))
    places = [(i, j) for i in range(size) for j in range(size)]
    maps = [padded[:, n, i : i + 16, j : j + 12] for n, (i, j) in enumerate(places)]
    torch.testing.assert_close(portable.align_maps(alike, size), torch.stack(maps, 1))


@pytest.mark.parametrize("shape", [(16, 16), (18, 18), (15, 15), (6, 9), (1, 4)])
def test_spectra(shape: tuple[int, int]) -> None:
    maps = values(2, 3, *shape)
    want = torch.fft.rfft2(maps)
    real, imaginary = portable.spectrum(maps)
    torch.testing.assert_close(torch.complex(real, imaginary), want, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(portable.from_spectrum(real, imaginary, shape[1]), maps)
    other = values(2, 3, shape[0], shape[1] // 2 + 1), values(3, 3, shape[0], shape[1] // 2 + 1)[:2]
    back = torch.fft.irfft2(torch.complex(*other), s=shape)
    torch.testing.assert_close(portable.from_spectrum(*other, shape[1]), back)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_comparisons_with_neighbours(size: int) -> None:
    under, templates = values(3, 6, size, size), values(3, 2, 6, size, size)
    want = compare_shifted(under, templates)
    torch.testing.assert_close(portable.compare_by_shifts(under, templates), want)


def test_no_objects() -> None:
    assert portable.align_maps(torch.zeros(0, 4, 6, 6), 2).shape == (0, 4, 6, 6)
    assert portable.crop_by_matrices(torch.zeros(0, 4, 6, 6), torch.zeros(0, 4), 3).shape[0] == 0


def test_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    some = values(5, 4) * 100
    want = portable.xyxy_to_cxcywh(some), portable.cxcywh_to_xyxy(some)
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    torch.testing.assert_close(portable.xyxy_to_cxcywh(some), want[0])
    torch.testing.assert_close(portable.cxcywh_to_xyxy(some), want[1])


def test_norms_in_a_graph(tmp_path: Path) -> None:
    """As a norm of each group and one pass over the channels, for any number of objects."""
    runtime = pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    norm = torch.nn.GroupNorm(3, 6)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    module = torch.nn.Sequential(norm, torch.nn.ReLU())
    x = values(5, 6, 4, 7)
    want = module(x)
    portable.with_plain_norms(module)
    torch.testing.assert_close(module(x), want)
    path = str(tmp_path / "norm.onnx")
    with pytest.warns() as _:
        torch.onnx.export(
            module.requires_grad_(False), (x[:2],), path, input_names=["x"], output_names=["y"],
            dynamic_axes={"x": {0: "objects"}, "y": {0: "objects"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    kinds = [node.op_type for node in onnx.load(path).graph.node if node.op_type != "Constant"]
    assert kinds == ["Reshape", "InstanceNormalization", "Reshape", "BatchNormalization", "Relu"]
    [found] = runtime.InferenceSession(path).run(None, {"x": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), want.detach(), atol=1e-5, rtol=1e-5)
