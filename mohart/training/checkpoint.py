"""Checkpoints: one safetensors file with everything in it, written atomically, a JSON beside it.

What does not fit a tensor (step, configuration, versions) is JSON text in the file's own header, so
tensors and numbers can never disagree; the JSON file beside it is a copy for people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from mohart.errors import CheckpointError, ConfigError, MissingDataError
from mohart.files import write_bytes, write_text

KEY = "mohart"
LARGEST = 1e15  # number beside the tensors
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, and what else is known about them."""

    tensors: dict[str, Tensor]
    about: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors below `prefix.`, without the prefix."""
        cut = len(prefix) + 1
        return {k[cut:]: v for k, v in self.tensors.items() if k.startswith(prefix + ".")}

    def number(self, name: str, where: str) -> float:
        """A finite number of `about`.

        Raises:
            CheckpointError: it is not there, or something else.
        """
        value = self.about.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not abs(value) <= LARGEST
        ):
            got = type(value).__name__
            raise CheckpointError(
                f"{where}: damaged: expected a plain number as '{name}', got {got}; start anew"
            )
        return float(value)


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write `path` (safetensors) and its JSON copy; the old file stays until the new is complete.

    Raises:
        OutputError: the disk is full or the folder can not be written.
    """
    text = json.dumps(about)
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    data = to_bytes(plain, metadata={KEY: text})
    write_bytes(path, data)
    write_text(path.with_suffix(".json"), json.dumps(about, indent=1) + "\n")


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint or shipped weights.

    Raises:
        MissingDataError: no such file.
        CheckpointError: damaged, with values that are not finite, or not written by mohart.
    """
    if not path.is_file():
        best = path / "best.safetensors"
        hint = f"; did you mean {best}?" if best.is_file() else ""
        raise MissingDataError(f"{path}: no such weights; expected a .safetensors file{hint}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged or not safetensors ({error})") from error
    if KEY not in header:
        raise CheckpointError(f"{path}: not written by mohart (its header has no '{KEY}' entry)")
    try:
        about = json.loads(header[KEY])
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its header is damaged ({error})") from error
    if not isinstance(about, dict):
        raise CheckpointError(
            f"{path}: its header is damaged ('{KEY}' is a {type(about).__name__}, no object)"
        )
    for name, value in tensors.items():
        _check_values(value, f"{path}: {name}")
    return Checkpoint(tensors, about)


def _check_values(value: Tensor, what: str) -> None:
    """Raises CheckpointError where a tensor cannot be weights, or numbers beside them."""
    if value.is_complex() or (value.is_floating_point() and value.dtype not in FLOATS):
        raise CheckpointError(f"{what}: expected float32, got {value.dtype}; convert it")
    plain = value.float() if value.dtype == torch.float64 else value  # as it will be used
    if value.is_floating_point() and not bool(torch.isfinite(plain).all()):
        raise CheckpointError(
            f"{what} has values that are not finite (nan or inf); the file is damaged, or its "
            "training failed; use an earlier one"
        )


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Copy weights into a model.

    Raises:
        CheckpointError: a name or shape differs; names the first that does.
    """
    check_fit(model, weights, where)
    model.load_state_dict({name: value.float() for name, value in weights.items()})


def check_fit(model: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Make sure that weights have the names and shapes of a model's, which may lie on `meta`.

    Raises:
        CheckpointError: a name or shape differs; names the first that does.
    """
    own = model.state_dict()
    missing, extra = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    if missing or extra:
        odd = f"lacks {missing[0]}" if missing else f"has an unknown {extra[0]}"
        raise CheckpointError(f"{where}: belongs to another model: {odd}")
    for name, value in weights.items():
        if own[name].shape != value.shape:
            raise CheckpointError(
                f"{where}: belongs to another model: {name} is {list(value.shape)}, "
                f"expected {list(own[name].shape)}"
            )


def begin_from(
    model: nn.Module, weights: Mapping[str, Tensor], where: str, anew: Sequence[str] = ()
) -> None:
    """Copy weights of a smaller model: parts that it lacks keep their fresh values.

    Names that begin with one of `anew` keep theirs, too.

    Only parts that start without any effect (their last layer is zero) are added in this way by
    mohart.assembly, so training goes on from where the smaller model stood.

    Raises:
        CheckpointError: the weights hold something that the model lacks, or of another shape.
        ConfigError: a beginning fits none of the weights.
    """
    left = matching(weights, anew, "train.fresh")
    weights = {name: value for name, value in weights.items() if name not in left}
    fresh = {name: value for name, value in model.state_dict().items() if name not in weights}
    load_weights(model, {**fresh, **weights}, where)


def matching(names: Iterable[str], beginnings: Sequence[str], what: str) -> set[str]:
    """Those names that begin with one of `beginnings`.

    Raises:
        ConfigError: a beginning fits no name; `what` names the setting.
    """
    known = list(names)
    for start in beginnings:
        if not any(name.startswith(start) for name in known):
            parts = sorted({".".join(name.split(".")[:3]) for name in known})
            raise ConfigError(f"{what}: nothing begins with {start!r}; there are {parts}")
    return {name for name in known if name.startswith(tuple(beginnings))} if beginnings else set()


def freeze(model: nn.Module, only: Sequence[str]) -> None:
    """Train only parameters whose names begin with one of `only`; none named: as the model says.

    Raises:
        ConfigError: one of them fits no parameter.
    """
    trained = matching((name for name, _ in model.named_parameters()), only, "train.only")
    for name, parameter in model.named_parameters():
        if only and name not in trained:
            parameter.requires_grad_(False)


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's state as named tensors: `<parameter number>.<name>`."""
    state = optimizer.state_dict()["state"]
    return {
        f"{k}.{name}": torch.as_tensor(v)
        for k, values in state.items()
        for name, v in values.items()
        if v is not None
    }


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` gave.

    Raises:
        ValueError: something of a parameter is missing, or has another shape.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        if value.dim() and value.shape != parameters[int(number)].shape:
            raise ValueError(f"optimizer.{key} is {list(value.shape)}")
        state.setdefault(int(number), {})[name] = value
    names = {name for known in state.values() for name in known}
    for index, known in state.items():
        if known.keys() != names:
            raise ValueError(f"it lacks optimizer.{index}.{min(names - known.keys())}")
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
