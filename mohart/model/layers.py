"""What passes through the layers of the model while it makes its steps (hooks, nothing computed).

Axis letters: B batch, N objects, K = B * N.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Literal, cast, get_args

from torch import Tensor, nn
from torch.nn import functional

from mohart.model.state import apart
from mohart.model.tracker import MohartModel

Layer = Literal["glimpse", "encoder", "appearance", "relation", "memory"]
LAYERS: tuple[Layer, ...] = get_args(Layer)
LOOKING: tuple[Layer, ...] = ("glimpse", "encoder", "appearance")  # silent where nothing is shown
GLIMPSE_SIDE, MAP_SIDE = 8, 4  # pictures and maps are averaged down to so many rows and columns


def layer_width(model: MohartModel, layer: Layer) -> int:
    """Features of a layer per object, as a `Listener` gives them."""
    cell = model.cell
    match layer:
        case "glimpse":
            return 3 * GLIMPSE_SIDE**2
        case "encoder":
            return cell.encoder.channels * MAP_SIDE**2
        case "appearance":
            return cell.start_hidden.in_features
        case "relation":
            return cell.relation.out_features
        case "memory":
            return cell.memory.hidden


class Listener:
    """Keeps what the layers gave in the last step; use it as a context manager.

    * `glimpse`: its pixels, averaged down to 8x8.
    * `encoder`: its map, averaged down to 4x4.
    * `appearance`: what is read out of the map that knows the object.
    * `relation`: what the relational module hands to the LSTM.
    * `memory`: the LSTM's output.

    Args:
        model: is listened to; it computes what it would compute anyway.
        layers: which.

    Attributes:
        heard: layer -> [B, N, features] of the last step; a layer that did nothing is missing.
    """

    def __init__(self, model: MohartModel, layers: Iterable[Layer]) -> None:
        self._model, self._layers = model, tuple(dict.fromkeys(layers))
        self._handles: list[Any] = []
        self._kept: dict[Layer, Tensor] = {}

    def __enter__(self) -> Listener:
        self._kept.clear()
        self._handles = [
            _module(self._model, layer).register_forward_hook(self._keep(layer))
            for layer in self._layers
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._kept.clear()

    def take(self, batch: int, objects: int) -> dict[Layer, Tensor]:
        """What was heard since the last call, [B, N, features] by layer."""
        kept, self._kept = self._kept, {}
        return {layer: _flat(layer, x, batch, objects) for layer, x in kept.items()}

    def _keep(self, layer: Layer) -> Any:
        def hook(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:
            self._kept[layer] = output[0] if layer in ("relation", "memory") else output

        return hook


def _module(model: MohartModel, layer: Layer) -> nn.Module:
    cell = model.cell
    match layer:
        case "glimpse":
            return cast("nn.Module", cell.glimpse)
        case "encoder":
            return cast("nn.Module", cell.encoder)
        case "appearance":
            return cell.readout
        case "relation":
            return cast("nn.Module", cell.relation)
        case "memory":
            return cell.memory


def _flat(layer: Layer, kept: Tensor, batch: int, objects: int) -> Tensor:
    """[B, N, 3, R, S], [K, C, R, S], [K, D] or [B, N, F] -> [B, N, features] float32."""
    if layer in ("relation", "memory"):
        return kept.float()
    if layer == "appearance":
        return apart(kept.float(), (batch, objects))
    side = GLIMPSE_SIDE if layer == "glimpse" else MAP_SIDE
    maps = kept.flatten(0, -4) if kept.ndim > 4 else kept
    small = functional.adaptive_avg_pool2d(maps.float(), side).flatten(1)
    return apart(small, (batch, objects))
