"""The first stages of EfficientNet-Lite0 as an encoder, with ImageNet weights or without.

Its batch norms are folded into the convolutions when ImageNet weights are loaded, so in training
and tracking alike there is no exchange between glimpses.

Conventions: glimpses are BGR in 0..1. ImageNet weights expect RGB; the first convolution's weights
are turned around instead of every glimpse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mohart.errors import CheckpointError

EPSILON = 1.0e-3  # of the batch norms


class SameConv(nn.Conv2d):
    """A convolution with bias whose stride divides the size exactly, edges padded by zeros.

    Fresh weights keep the variance of what comes in: He initialisation, without a norm to help.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: rows and columns, 1, 3 or 5.
        stride: 1 or 2.
        groups: of channels that do not see each other.
        bends: ReLU6 follows.

    Source: TensorFlow's padding SAME: for even sizes and stride 2 it pads one more on the right
    and below than on the left and above.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        *,
        bends: bool = True,
    ) -> None:
        padding = (kernel - stride) // 2
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups)
        self.bends = bends
        self.padded = stride == 2
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu" if bends else "linear")
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[K, inputs, R, S] -> [K, outputs, R / stride, S / stride]; R and S even at stride 2."""
        x = super().forward(functional.pad(x, (0, 1, 0, 1)) if self.padded else x)
        return functional.relu6(x, inplace=True) if self.bends else x


class InvertedResidual(nn.Module):
    """MBConv: widen, look at each channel alone, narrow; added to what comes in if shapes agree.

    Args:
        inputs: channels.
        outputs: channels.
        widen: times the inputs; 1 leaves that convolution out.
        stride: 1 or 2.
        kernel: rows and columns of the look at each channel, 3 or 5.

    Source: MobileNetV2, Sandler et al. 2018, sec. 3; EfficientNet-Lite: ReLU6, no squeeze and
    excitation.
    """

    def __init__(self, inputs: int, outputs: int, widen: int, stride: int, kernel: int = 3) -> None:
        super().__init__()
        inner = inputs * widen
        self.expand = SameConv(inputs, inner, 1) if widen > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = SameConv(inner, outputs, 1, bends=False)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """[K, inputs, R, S] -> [K, outputs, R / stride, S / stride]."""
        inner = x if self.expand is None else self.expand(x)
        change: Tensor = self.project(self.depthwise(inner))
        return x + change if self.adds else change


class LiteStem(nn.Module):
    """EfficientNet-Lite0 up to its 24 channels at stride 4: a convolution and three MBConv blocks.

    Args:
        deep: also the next two blocks, 40 channels at stride 8.

    Source: Tan and Le 2019, table 1, stages 1 to 3, deep: 4; EfficientNet-Lite, tensorflow/tpu
    models/official/efficientnet/lite/efficientnet_lite_builder.py, also for 127 and 128.
    """

    stride = 4
    channels = 24
    deep_channels = 40

    def __init__(self, *, deep: bool = False) -> None:
        super().__init__()
        self.first = SameConv(3, 32, 3, 2)
        self.blocks = nn.Sequential(
            InvertedResidual(32, 16, 1, 1),
            InvertedResidual(16, 24, 6, 2),
            InvertedResidual(24, 24, 6, 1),
        )
        self.deeper = (
            nn.Sequential(InvertedResidual(24, 40, 6, 2, 5), InvertedResidual(40, 40, 6, 1, 5))
            if deep
            else nn.Sequential()
        )

    def forward(self, glimpses: Tensor) -> Tensor:
        """[K, 3, R, S] BGR in 0..1 -> [K, 24, R / 4, S / 4]; R and S divisible by 4."""
        result: Tensor = self.blocks(self.first((glimpses - 127 / 255) * (255 / 128)))
        return result

    def load_imagenet(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a whole EfficientNet-Lite0, with its batch norms folded in.

        Args:
            weights: by their names in the package efficientnet-lite-pytorch; later stages are not
                looked at.

        Raises:
            CheckpointError: a name is missing or a shape differs.
        """
        for own, (conv, norm) in self._names():
            try:
                kernel, bias = fold(
                    weights[f"{conv}.weight"],
                    *(weights[f"{norm}.{x}"] for x in ("weight", "bias")),
                    *(weights[f"{norm}.{x}"] for x in ("running_mean", "running_var")),
                )
            except KeyError as error:
                raise CheckpointError(f"not EfficientNet-Lite0: lacks {error}") from error
            if own is self.first:
                kernel = kernel.flip(1)  # RGB -> BGR
            if kernel.shape != own.weight.shape:
                raise CheckpointError(
                    f"not EfficientNet-Lite0: {conv} is {list(kernel.shape)}, expected "
                    f"{list(own.weight.shape)}"
                )
            own.load_state_dict({"weight": kernel, "bias": bias})

    def _names(self) -> Iterator[tuple[SameConv, tuple[str, str]]]:
        """Every convolution with the names of its weights and its batch norm in the package."""
        yield self.first, ("_conv_stem", "_bn0")
        parts = (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2"))
        for k, block in enumerate((*self.blocks, *self.deeper)):
            for part, norm in parts:
                conv = getattr(block, part)
                if conv is not None:
                    yield conv, (f"_blocks.{k}._{part}_conv", f"_blocks.{k}.{norm}")


class EfficientNetEncoder(nn.Module):
    """EfficientNet-Lite0's first stages, then a 1x1 convolution to the channels of the slot.

    Args:
        width: channels of the output, a multiple of 8.
        frozen: the stem's weights are not trained; what follows is.
        deep: what is seen at stride 8 is added from the top down and a 3x3 convolution follows;
            sides of glimpses are then divisible by 8.

    Source: deep: feature pyramid networks, Lin et al. 2017, sec. 3.
    """

    stride = LiteStem.stride

    def __init__(self, width: int = 48, *, frozen: bool = False, deep: bool = False) -> None:
        super().__init__()
        self.channels = width
        self.stem = LiteStem(deep=deep).requires_grad_(not frozen)
        self.head = nn.Sequential(
            nn.Conv2d(LiteStem.channels, width, 1), nn.GroupNorm(8, width), nn.ReLU(inplace=True)
        )
        self.descend = nn.Conv2d(LiteStem.deep_channels, width, 1) if deep else None
        self.smooth = nn.Conv2d(width, width, 3, padding=1) if deep else None

    def forward(self, glimpses: Tensor) -> Tensor:
        """See :class:`mohart.nn.encoder.Encoder`; R and S divisible by 4."""
        fine = self.stem(glimpses)
        result: Tensor = self.head[0](fine)
        if self.descend is not None:
            deep = self.descend(self.stem.deeper(fine))
            result = result + functional.interpolate(deep, scale_factor=2.0, mode="nearest")
        result = self.head[2](self.head[1](result))
        return result if self.smooth is None else self.smooth(result)


def fold(
    kernel: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor
) -> tuple[Tensor, Tensor]:
    """A convolution and the batch norm after it, as it is in inference, as one convolution.

    Args:
        kernel: [C, C', R, S] of a convolution without bias.
        scale: [C] of the batch norm, its weight.
        shift: [C] its bias.
        mean: [C] its running mean.
        variance: [C] its running variance.

    Returns:
        [C, C', R, S] kernel and [C] bias, float32.

    Source: Ioffe and Szegedy 2015, eq. of algorithm 2, line 11.
    """
    kernel, scale, shift, mean, variance = (
        x.double() for x in (kernel, scale, shift, mean, variance)
    )
    gain = scale / torch.sqrt(variance + EPSILON)
    return (kernel * gain[:, None, None, None]).float(), (shift - mean * gain).float()
