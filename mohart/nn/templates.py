"""Templates: what is remembered of an object's looks, in one contract, whatever is remembered.

Templates of features, fine ones of pixels and a filter learned online are three kinds of the same
thing. Each is started on a first look, may say how a box has to be corrected so that what lies
under it fits (template matching), and follows slow changes (template update).

Axis letters: K = B * N objects, C channels, R S rows and columns of a map.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn

from mohart.nn.heads import Place
from mohart.nn.portable import xyxy_to_cxcywh


class Spot:
    """Where in their windows boxes lie, in the units of those who look there.

    Args:
        boxes: [K, 4] xyxy pixels; no gradient goes through them.
        place: where the objects were, and the windows.
        first_window: boxes [K, 4] -> where a first look at them goes, [K, 4].
        grid: [K, 2, R, S] place of every cell in box sizes from the window's centre.
    """

    def __init__(
        self, boxes: Tensor, place: Place, first_window: Callable[[Tensor], Tensor], grid: Tensor
    ) -> None:
        self._boxes, self._place, self._first_window = boxes.detach(), place, first_window
        self.grid = grid

    @cached_property
    def around(self) -> Tensor:
        """The box with as much around it as a template shows: the inner half of a first look.

        [K, 4] xyxy in coordinates of the window, -1..1 from edge to edge.
        """
        usual = xyxy_to_cxcywh(self._first_window(self._boxes))
        window = xyxy_to_cxcywh(self._place.windows.detach())
        centre = (usual[:, :2] - window[:, :2]) / window[:, 2:] * 2
        half = usual[:, 2:] / window[:, 2:] / 2
        around = torch.cat([centre - half, centre + half], 1)
        around = torch.where(torch.isnan(around), 0.0, around)  # sampling at NaN is undefined
        return around.clamp(-4, 4)

    @cached_property
    def centre(self) -> Tensor:
        """[K, 2] the box's centre in the units of `grid`."""
        old, window = self._place.boxes, xyxy_to_cxcywh(self._place.windows)
        away: Tensor = xyxy_to_cxcywh(self._boxes)[:, :2] - window[:, :2]
        return away / (old[:, 2:] - old[:, :2]).clamp(min=1)


class Templates(Protocol):
    """Contract of everything that remembers looks.

    ```
    view = templates.look(glimpses, features)           # of a first frame
    memory = templates.start(view, grid)
    view = templates.look(glimpses, features)           # of a later one
    correction = templates.align(view, memory, spot)    # of the box at this spot
    memory = templates.refresh(view, memory, spot, trust)
    ```
    """

    def look(self, glimpses: Tensor, features: Tensor) -> Tensor:
        """What is compared: pixels [K, 3, R, S] and the encoder's [K, C, R', S'] -> a view."""
        ...

    def start(self, view: Tensor, grid: Tensor) -> Tensor:
        """What to remember of a first look.

        Args:
            view: [K, C, R, S] of the first look, the object in its middle.
            grid: [K, 2, R, S] place of every cell in box sizes from the window's centre.

        Returns:
            [K, ...] the memory. Where it holds looks, it is [K, looks, C, k, k] with the first
            look first, see `mohart.tracking.learned.state.holds_looks`.
        """
        ...

    def align(self, view: Tensor, memory: Tensor, spot: Spot) -> Tensor | None:
        """How a box has to be corrected so that what lies under it fits what is remembered.

        Returns:
            [K, 5]: shift in box sizes (x, y), log change of width and height, evidence (added to
            the visibility logit). None: these templates have no opinion of boxes.
        """
        ...

    def refresh(self, view: Tensor, memory: Tensor, spot: Spot, trust: Tensor) -> Tensor:
        """The memory [K, ...] after a look that found the objects at this spot.

        Args:
            view: [K, C, R, S] of this look.
            memory: [K, ...] so far.
            spot: where the boxes lie in the windows.
            trust: [K] in 0..1, how surely each box shows its object.
        """
        ...


class NoTemplates(nn.Module):
    """Nothing is remembered, and nothing is said of boxes."""

    def look(self, glimpses: Tensor, features: Tensor) -> Tensor:
        """The encoder's features."""
        return features

    def start(self, view: Tensor, grid: Tensor) -> Tensor:
        """An empty memory: [K, 0]."""
        return view.new_zeros(view.shape[0], 0)

    def align(self, view: Tensor, memory: Tensor, spot: Spot) -> Tensor | None:
        """No opinion."""
        return None

    def refresh(self, view: Tensor, memory: Tensor, spot: Spot, trust: Tensor) -> Tensor:
        """As it was."""
        return memory
