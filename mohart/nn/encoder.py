"""CNNs that turn a glimpse into a feature map."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional


class Encoder(Protocol):
    """Contract of the slot `encoder`."""

    channels: int
    stride: int

    def __call__(self, glimpses: Tensor) -> Tensor:
        """[K, 3, R, S] in 0..1 -> [K, channels, R / stride, S / stride]."""
        ...


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2),
        nn.GroupNorm(8, outputs),  # no batch norm: time steps are not independent samples
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions that add to what comes in; at first they add nothing.

    Source: He et al. 2016, sec. 3.2, with group norm; the last layer starts at zero.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            _block(channels, channels, 3, 1), nn.Conv2d(channels, channels, 3, padding=1)
        )
        nn.init.zeros_(self.change[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.change[1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[K, C, R, S] -> the same shape."""
        result: Tensor = x + self.change(x)
        return result


class SmallCnn(nn.Module):
    """Three strided convolutions and a top-down step back to stride 4.

    Fine positions come from the stride-4 layer, what is seen from the stride-8 layer with its
    larger receptive field.

    Args:
        width: channels of the second layer; the others scale with it.
        blocks: residual blocks after the deepest layer.

    Source: top-down addition, feature pyramid networks, Lin et al. 2017, sec. 3.
    """

    stride = 4

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.channels = width
        self.stem = nn.Sequential(_block(3, width // 2, 5, 2), _block(width // 2, width, 3, 2))
        self.deep = nn.Sequential(
            _block(width, 2 * width, 3, 2),
            _block(2 * width, 2 * width, 3, 1),
            *(Residual(2 * width) for _ in range(blocks)),
        )
        self.lateral = nn.Conv2d(width, width, 1)
        self.descend = nn.Conv2d(2 * width, width, 1)

    def forward(self, glimpses: Tensor) -> Tensor:
        """See :class:`Encoder`."""
        fine = self.stem((glimpses - 0.5) * 4)
        deep = self.descend(self.deep(fine))
        result: Tensor = self.lateral(fine) + functional.interpolate(
            deep, scale_factor=2.0, mode="nearest"
        )
        return result


class AlexNetV1(nn.Module):
    """The first three convolutions of AlexNet without pooling, HART's "V1".

    Source: HART's published configuration for KITTI: 11x11/4 and 5x5 in two groups, each with
    ReLU and local response normalisation (radius 2, 2e-5, 0.75), then 3x3 with ReLU.
    Differs: trained from scratch; HART starts from ImageNet weights. The glimpse is scaled to
    0..1 by its own range and centred, as there.
    """

    stride = 4
    channels = 384

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, 1, 2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, 1, 1)
        self.normalise = nn.LocalResponseNorm(5, alpha=5 * 2e-5, beta=0.75)

    def forward(self, glimpses: Tensor) -> Tensor:
        """See :class:`Encoder`."""
        low = glimpses.amin((1, 2, 3), keepdim=True)
        high = glimpses.amax((1, 2, 3), keepdim=True)
        x = (glimpses - low) / (high - low + 1e-5)
        x = x - x.mean((2, 3), keepdim=True)
        x = self.normalise(functional.relu(self.conv1(x)))
        x = self.normalise(functional.relu(self.conv2(x)))
        return functional.relu(self.conv3(x))
