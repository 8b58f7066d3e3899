"""The weights that come with mohart, and the names by which they are asked for.

What belongs to NAME lies beside this file: NAME.safetensors; its graphs, NAME-step.onnx and three
others; and, where there is one, its identity head, NAME-identity.safetensors and .npz.
"""

from __future__ import annotations

from pathlib import Path

from mohart.errors import MissingDataError, did_you_mean

FOLDER = Path(__file__).parent
DEFAULT = "default"
NAMES = (DEFAULT, "fast")  # fast: a student of the default, see docs/models/fast.md
SHIPPED = "shipped"  # what the default is called, too: in configurations and in run.json
CHOICE = f"{', '.join(NAMES)}, or a .safetensors file"  # for help texts


def shipped_name(asked: str | Path | None) -> str | None:
    """Which of the shipped weights are asked for; None: those of a file.

    A name means the shipped weights whatever lies in the current folder, so that a command does the
    same everywhere: `fast` is a name, `./fast` and every `Path` a file.

    >>> shipped_name("fast"), shipped_name("./fast"), shipped_name(None)
    ('fast', None, 'default')

    Args:
        asked: a name, or a path; None for the default.

    Raises:
        MissingDataError: a word that is neither one of the names nor a file.
    """
    if asked is None or asked == SHIPPED:
        return DEFAULT
    if not isinstance(asked, str):
        return None
    if asked in NAMES:
        return asked
    if not asked.strip():
        raise MissingDataError(f"weights: expected {CHOICE}; got an empty text")
    path = Path(asked)
    if path.name == asked and not path.suffix and not path.exists():
        raise MissingDataError(
            f"{asked}: no such weights; expected a .safetensors file or a name"
            f"{did_you_mean(asked.lower(), NAMES)}"
        )
    return None


def weights_file(asked: str | Path | None = None) -> Path:
    """The file of weights that are asked for; of a path that path, whether it exists or not.

    Args:
        asked: see `shipped_name`.

    Raises:
        MissingDataError: a word that is neither one of the names nor a file.
    """
    name = shipped_name(asked)
    return Path(str(asked)) if name is None else FOLDER / f"{name}.safetensors"


def find_weights(asked: str | Path | None = None) -> Path:
    """The file of weights that are asked for, which is there.

    Raises:
        MissingDataError: it is not, or a word is no name.
    """
    path = weights_file(asked)
    if not path.is_file():
        best = path / "best.safetensors"
        hint = f"; did you mean {best}?" if best.is_file() else ""
        raise MissingDataError(f"{asked}: no such weights; expected {CHOICE}{hint}")
    return path


def weights_label(asked: str | Path | None) -> str:
    """What run.json calls weights: `shipped`, `shipped: fast`, or the path that was given."""
    name = shipped_name(asked)
    if name is None:
        return str(asked)
    return SHIPPED if name == DEFAULT else f"{SHIPPED}: {name}"
