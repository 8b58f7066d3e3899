"""Names of the graphs of a model, of their inputs and outputs; known without torch.

Plain tensors of one video:

    first look   glimpses, boxes, windows                    -> hidden, cell, memory_0, ...
    step         glimpses, frame, boxes, windows, velocity,
                 hidden, cell, memory_0, ...                 -> visibility, and the state after,
                                                                the same names with `next_` before
    coast        frame, boxes, windows, velocity, hidden, cell  -> the same without memories: a step
                                                                without a picture
    aim          boxes                                       -> windows: where a first look goes

Axis letters: N objects, at least 1, dynamic; the axis of videos before it is 1. `frame` is
(height, width) in pixels, the other shapes are those of :class:`mohart.model.state.TrackState`.
"""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["first", "step", "coast", "aim"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STATE = ("boxes", "windows", "velocity", "hidden", "cell")


def graph_names(kind: Kind, memories: int) -> tuple[list[str], list[str]]:
    """Inputs and outputs of a graph, in order, of a model with so many memories."""
    kept = [f"memory_{n}" for n in range(memories)]
    match kind:
        case "first":
            return ["glimpses", "boxes", "windows"], ["hidden", "cell", *kept]
        case "aim":
            return ["boxes"], ["windows"]
        case "coast":
            return ["frame", *STATE], ["visibility", *(f"next_{name}" for name in STATE)]
        case "step":
            state = [*STATE, *kept]
            return ["glimpses", "frame", *state], ["visibility", *(f"next_{n}" for n in state)]
