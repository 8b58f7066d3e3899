"""A filter per object, learned while tracking: the object against everything around it.

Axis letters: K = B * N objects, C channels of the encoder, D of the filter, R S rows and columns of
a map, F = S // 2 + 1 frequencies of its rows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mohart.nn.align import unit_length
from mohart.nn.portable import from_spectrum, sides, spectrum
from mohart.nn.templates import Spot

GAIN = 6.0  # brings an answer's peak, about 0.3, to the size of other features


class DiscriminativeFilter(nn.Module):
    """A correlation filter in closed form, with a place for the recurrent rest to use its answer.

    Its memory is one of :class:`mohart.nn.templates.Templates` that never corrects a box.

    Templates say what an object looks like; this says by what it differs from what lies around it,
    its neighbours included: every cell of a window is an example, the one at the object's centre
    the positive. Ridge regression over all shifts is one division per frequency, so it is solved
    anew in every frame. The features that it compares are learned through that solution.

    Args:
        features: C.
        channels: D.
        rate: share of the newest window per frame, times the trust in its box.
        spread: standard deviation of the desired answer in box sizes.

    Source: Henriques et al. 2015 (KCF), eq. 14 to 22, linear kernel; features learned through the
    closed form, Valmadre et al. 2017 (CFNet), sec. 3.2; several channels share one denominator as
    in Danelljan et al. 2014 (DSST), eq. 5.
    """

    def __init__(
        self, features: int, channels: int = 16, rate: float = 0.06, spread: float = 0.12
    ) -> None:
        super().__init__()
        self.rate, self.spread, self.channels = rate, spread, channels
        self.reduce = nn.Conv2d(features, channels, 1, bias=False)
        self.log_ridge = nn.Parameter(torch.tensor(-2.0))
        self._traced: tuple[Tensor, tuple[Tensor, Tensor]] | None = None  # the last ones

    def look(self, glimpses: Tensor, features: Tensor) -> Tensor:
        """The encoder's features."""
        return features

    def start(self, view: Tensor, grid: Tensor) -> Tensor:
        """A filter that has learned the first window: [K, C, R, S] -> [K, 2 D + 1, R, F]."""
        middle = grid.new_zeros(grid.shape[0], 2)
        return self.learn(view, grid, middle, self.blank(view), grid.new_ones(grid.shape[0]))

    def align(self, view: Tensor, memory: Tensor, spot: Spot) -> Tensor | None:
        """No opinion: the answer is given to appearance attention, before there is a box."""
        return None

    def refresh(self, view: Tensor, memory: Tensor, spot: Spot, trust: Tensor) -> Tensor:
        """The filter after a window with the object at this spot."""
        return self.learn(view, spot.grid, spot.centre, memory, self.rate * trust)

    def blank(self, features: Tensor) -> Tensor:
        """Memory of filters that have seen nothing: [K, C, R, S] -> zeros [K, 2 D + 1, R, F]."""
        count, _, rows, columns = features.shape
        return features.new_zeros(count, 2 * self.channels + 1, rows, columns // 2 + 1)

    def learn(
        self, features: Tensor, grid: Tensor, centre: Tensor, memory: Tensor, share: Tensor
    ) -> Tensor:
        """The memory after a window.

        Args:
            features: [K, C, R, S].
            grid: [K, 2, R, S] place of every cell in box sizes from the window's centre.
            centre: [K, 2] of the object, in the same units.
            memory: [K, 2 D + 1, R, F] numerator (real, imaginary) and denominator.
            share: [K] in 0..1, of this window.
        """
        if not len(features):  # there are libraries that transform no empty batch
            return memory
        away = (grid - centre.reshape(-1, 2, 1, 1)).square().sum(1)
        wanted = torch.exp(-0.5 * away / self.spread**2)[:, None]
        if torch.onnx.is_in_onnx_export():  # graphs have no complex numbers
            (a, b), (c, d) = self._traced_spectrum(features), spectrum(wanted)
            fresh = torch.cat([a * c + b * d, a * d - b * c, (a**2 + b**2).sum(1, keepdim=True)], 1)
        else:
            seen = torch.fft.rfft2(self._faded(features))
            above = seen.conj() * torch.fft.rfft2(wanted)
            below = (seen.real**2 + seen.imag**2).sum(1, keepdim=True)
            fresh = torch.cat([above.real, above.imag, below], 1)
        return memory + share.reshape(-1, 1, 1, 1) * (fresh - memory)

    def forward(self, features: Tensor, memory: Tensor) -> Tensor:
        """How much each cell looks like the object's centre: [K, C, R, S] -> [K, 1, R, S]."""
        if not len(features):
            return features.new_zeros(0, 1, *features.shape[2:])
        real, imaginary, below = memory.split([self.channels, self.channels, 1], 1)
        ridge = self.log_ridge.exp() * below.mean((2, 3), keepdim=True) + 1e-6
        if torch.onnx.is_in_onnx_export():
            a, b = self._traced_spectrum(features)
            up = (a * real - b * imaginary).sum(1, keepdim=True) / (below + ridge)
            side = (a * imaginary + b * real).sum(1, keepdim=True) / (below + ridge)
            return GAIN * from_spectrum(up, side, sides(features)[1])
        seen = torch.fft.rfft2(self._faded(features))
        answer = (seen * torch.complex(real, imaginary)).sum(1, keepdim=True) / (below + ridge)
        result: Tensor = GAIN * torch.fft.irfft2(answer, s=features.shape[-2:])
        return result

    def _traced_spectrum(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """What is compared, in a graph: real and imaginary part, once for each features."""
        if self._traced is None or self._traced[0] is not features:
            self._traced = features, spectrum(self._faded(features))
        return self._traced[1]

    def _faded(self, features: Tensor) -> Tensor:
        """[K, C, R, S] -> [K, D, R, S] to compare, faded out towards the window's edges."""
        small = unit_length(self.reduce(features), 1)
        small = small - small.mean((2, 3), keepdim=True)
        rows, columns = (
            torch.hann_window(n + 2, periodic=False, device=features.device)[1:-1].sqrt()
            for n in sides(features)
        )
        result: Tensor = small * (rows[:, None] * columns)
        return result
