"""The identity head as arrays that need no torch: templates and colours -> embeddings.

Axis letters: K looks, C channels and k rows and columns of a template, D numbers of colours, E of
the embedding, W of its curved part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mohart.errors import CheckpointError

Array = NDArray[np.float32]
SMALLEST = 1e-24  # squared length of what has no direction
MADE_FROM = "sha256"  # of the head that the arrays were written from


class Embedding(NamedTuple):
    """Weights of a head, as :class:`mohart.nn.identity.IdentityHead` has them.

    Attributes:
        cells: [E, C * k * k] of the straight part, for templates.
        tone: [E, D] of it, for colours.
        tone_shift: [E].
        bend: [W, E] of the curved part, first layer.
        bend_shift: [W].
        back: [E, W] second layer.
        back_shift: [E].
    """

    cells: Array
    tone: Array
    tone_shift: Array
    bend: Array
    bend_shift: Array
    back: Array
    back_shift: Array

    @property
    def width(self) -> int:
        """E."""
        return len(self.cells)

    def __call__(self, templates: NDArray[Any], colours: Array) -> Array:
        """[K, C, k, k] and [K, D] -> [K, E] of unit length."""
        vectors = (unit_length(templates) / templates.shape[-1]).reshape(-1, self.cells.shape[1])
        straight = vectors @ self.cells.T + colours @ self.tone.T + self.tone_shift
        curve = np.maximum(straight @ self.bend.T + self.bend_shift, 0) @ self.back.T
        return unit_length(straight + curve + self.back_shift)

    def arrays(self, sha256: str) -> dict[str, NDArray[Any]]:
        """What `np.savez` keeps: half precision, and the hash of the head that it was made from."""
        halves = {name: array.astype(np.float16) for name, array in self._asdict().items()}
        return {**halves, MADE_FROM: np.array(sha256)}


def read_embedding(path: Path, sha256: str) -> Embedding | None:
    """A head from its arrays, a .npz file; None where they were made from another one.

    Args:
        path: written from `Embedding.arrays`.
        sha256: of the head that is expected.

    Raises:
        CheckpointError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept[MADE_FROM]) != sha256:
                return None
            return Embedding(**{name: kept[name].astype(np.float32) for name in Embedding._fields})
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CheckpointError(f"{path}: damaged ({error}); install mohart again") from error


def unit_length(x: NDArray[Any]) -> Array:
    """[K, C, ...] divided by their length along C; 0 stays 0."""
    found: Array = (x / np.sqrt(np.maximum((x * x).sum(1, keepdims=True), SMALLEST))).astype(
        np.float32
    )
    return found
