"""EfficientNet's first stages: folding, the stages themselves, what is trained."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.errors import CheckpointError
from mohart.nn.efficientnet import EPSILON, EfficientNetEncoder, LiteStem, SameConv, fold


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("groups", [1, 4])
def test_a_folded_convolution_equals_convolution_and_batch_norm(groups: int) -> None:
    conv = nn.Conv2d(4, 8, 3, padding=1, groups=groups, bias=False)
    norm = nn.BatchNorm2d(8, eps=EPSILON).eval()
    for values in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(values)
    nn.init.uniform_(norm.running_var, 0.01, 3)
    kernel, bias = fold(conv.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
    x = torch.randn(2, 4, 6, 6)
    once = functional.conv2d(x, kernel, bias, padding=1, groups=groups)
    torch.testing.assert_close(once, norm(conv(x)), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(once, conv(x), atol=0.1), "the norm must do something here"


def unfolded(weights: dict[str, Tensor], rgb: Tensor) -> tuple[Tensor, Tensor]:
    """The stages by hand: convolution, batch norm in inference, ReLU6, TensorFlow's padding.

    Returns:
        What comes out at stride 4, and of the deeper blocks at stride 8.
    """

    def layer(x: Tensor, conv: str, norm: str, stride: int = 1, bends: bool = True) -> Tensor:
        kernel = weights[f"{conv}.weight"]
        total = kernel.shape[-1] - stride  # SAME, for sizes that the stride divides
        before = total // 2
        x = functional.pad(x, (before, total - before, before, total - before))
        groups = x.shape[1] // kernel.shape[1]
        x = functional.conv2d(x, kernel, stride=stride, groups=groups)
        mean, var = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
        scale, shift = weights[f"{norm}.weight"], weights[f"{norm}.bias"]
        x = functional.batch_norm(x, mean, var, scale, shift, eps=1e-3)
        return x.clamp(0, 6) if bends else x

    def block(x: Tensor, k: int, stride: int) -> Tensor:
        b = f"_blocks.{k}"
        if f"{b}._expand_conv.weight" in weights:
            x = layer(x, f"{b}._expand_conv", f"{b}._bn0")
        x = layer(x, f"{b}._depthwise_conv", f"{b}._bn1", stride)
        return layer(x, f"{b}._project_conv", f"{b}._bn2", bends=False)

    x = layer((rgb * 255 - 127) / 128, "_conv_stem", "_bn0", 2)
    x = block(block(x, 0, 1), 1, 2)
    fine = x + block(x, 2, 1)
    x = block(fine, 3, 2)
    return fine, x + block(x, 4, 1)


@pytest.mark.parametrize("size", [(32, 32), (16, 40)])
def test_the_stem_equals_the_stages_with_batch_norms_and_takes_bgr(
    lite0_weights: dict[str, Tensor], size: tuple[int, int]
) -> None:
    stem, bgr = LiteStem(deep=True), torch.rand(2, 3, *size)
    stem.load_imagenet(lite0_weights)
    fine, deep = unfolded(lite0_weights, bgr.flip(1))
    torch.testing.assert_close(stem(bgr), fine, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(stem.deeper(stem(bgr)), deep, atol=1e-3, rtol=1e-3)
    assert not torch.allclose(stem(bgr.flip(1)), fine, atol=0.1)


@pytest.mark.parametrize("deep", [False, True])
def test_loading_replaces_every_weight_of_the_stem_and_nothing_else(
    lite0_weights: dict[str, Tensor], deep: bool
) -> None:
    encoder = EfficientNetEncoder(16, deep=deep)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    encoder.stem.load_imagenet(lite0_weights)
    same = {k for k, v in encoder.state_dict().items() if torch.equal(v, before[k])}
    assert same == {name for name in before if not name.startswith("stem.")}
    assert any(name.startswith(("descend.", "smooth.")) for name in same) == deep


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("_blocks.1._bn1.running_var", None, r"lacks '_blocks\.1\._bn1\.running_var'"),
        ("_blocks.2._project_conv.weight", torch.zeros(24, 9, 1, 1), r"is \[24, 9, 1, 1\], expect"),
    ],
)
def test_weights_of_another_network_are_refused(
    lite0_weights: dict[str, Tensor], name: str, value: Tensor | None, message: str
) -> None:
    wrong = {k: v for k, v in lite0_weights.items() if k != name}
    if value is not None:
        wrong[name] = value
    with pytest.raises(CheckpointError, match=message):
        LiteStem().load_imagenet(wrong)


def test_there_are_only_convolutions_with_bias() -> None:
    leaves = [m for m in LiteStem(deep=True).modules() if not list(m.children())]
    assert len(leaves) == 15
    assert all(isinstance(m, SameConv) and m.bias is not None for m in leaves)


def test_fresh_weights_keep_the_signal() -> None:
    """Without norms, the usual small weights would let it die away over nine layers."""
    glimpses = torch.rand(4, 3, 64, 64)
    assert 0.1 < LiteStem()(glimpses).std().item() < 10


@pytest.mark.parametrize("deep", [False, True])
def test_without_gradients_it_says_the_same(deep: bool) -> None:
    encoder, glimpses = EfficientNetEncoder(16, deep=deep), torch.rand(11, 3, 32, 32)
    with torch.no_grad():
        without = encoder(glimpses)
    torch.testing.assert_close(without, encoder(glimpses).detach(), atol=1e-5, rtol=1e-4)


def test_a_frozen_stem_is_not_trained_but_gradients_pass_through_it() -> None:
    encoder = EfficientNetEncoder(16, frozen=True)
    glimpses = torch.rand(2, 3, 32, 32, requires_grad=True)
    encoder(glimpses).square().sum().backward()
    trained = {name for name, p in encoder.named_parameters() if p.requires_grad}
    assert trained == {name for name, p in encoder.named_parameters() if p.grad is not None}
    assert trained
    assert all(name.startswith("head.") for name in trained)
    assert glimpses.grad is not None
    assert float(glimpses.grad.abs().sum()) > 0
