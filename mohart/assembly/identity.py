"""The identity head that belongs to weights: a file beside them, `NAME-identity.safetensors`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mohart.errors import CheckpointError
from mohart.model.tracker import MohartModel
from mohart.nn.identity import IdentityHead
from mohart.tracking.learned.embedding import Embedding
from mohart.training.checkpoint import load_checkpoint, load_weights, save_checkpoint

SUFFIX = "-identity.safetensors"
LARGEST = 4096  # of a size in the header; more is damage
SIZES = ("channels", "template", "colours", "width", "bend")


def identity_path(weights: Path) -> Path:
    """Where the head of weights is looked for."""
    return weights.with_name(weights.stem + SUFFIX)


def load_identity(weights: Path, model: MohartModel) -> IdentityHead | None:
    """The head that was trained on the features of a model; None where there is no file.

    Args:
        weights: file of the model.
        model: with these weights.

    Raises:
        CheckpointError: the file is damaged, or belongs to other weights.
    """
    path = identity_path(weights)
    if not path.is_file():
        return None
    saved = load_checkpoint(path)
    sizes = {name: saved.number(name, str(path)) for name in SIZES}
    if any(size != int(size) or not 1 <= size <= LARGEST for size in sizes.values()):
        raise CheckpointError(f"{path}: its header has sizes that no head has: {sizes}")
    if saved.about.get("features") != fingerprint(model):
        raise CheckpointError(
            f"{path}: made for other weights than {weights.name}; make another one with "
            "tools/identity.py, or take it away: colours then say who is who"
        )
    kept = saved.part("weights")
    _check_size({name: int(size) for name, size in sizes.items()}, kept, path)
    with torch.random.fork_rng(devices=[]):  # a program that only loads keeps its random numbers
        head = IdentityHead(**{name: int(size) for name, size in sizes.items()})
    load_weights(head, kept, str(path))
    return head.eval()


def _check_size(sizes: Mapping[str, int], saved: Mapping[str, Tensor], path: Path) -> None:
    """Before any memory is taken: a header may ask for a head of any size.

    Raises:
        CheckpointError: the weights are not that many.
    """
    asked = sizes["channels"] * sizes["template"] ** 2 + sizes["colours"] + 2 * sizes["bend"]
    there = sum(weights.numel() for weights in saved.values() if weights.dim() > 1)
    if there != asked * sizes["width"]:
        raise CheckpointError(
            f"{path}: belongs to another model: its header asks for {asked * sizes['width']} "
            f"weights, there are {there}"
        )


def save_identity(
    weights: Path, model: MohartModel, head: IdentityHead, about: Mapping[str, Any]
) -> Path:
    """Write a head beside the weights that it was trained with.

    Args:
        weights: file of the model.
        model: with these weights.
        head: trained.
        about: how it was trained, ready for JSON.

    Raises:
        OutputError: it cannot be written.
    """
    path = identity_path(weights)
    tensors = {f"weights.{name}": value.half() for name, value in head.state_dict().items()}
    sizes = {name: getattr(head, name) for name in SIZES}
    save_checkpoint(path, tensors, {**sizes, "features": fingerprint(model), **about})
    return path


def without_torch(head: IdentityHead) -> Embedding:
    """The same head for the tracker, which computes it in numpy."""
    found = {name: x.detach().cpu().float().numpy() for name, x in head.state_dict().items()}
    return Embedding(
        cells=found["cells.weight"],
        tone=found["tone.weight"],
        tone_shift=found["tone.bias"],
        bend=found["curve.0.weight"],
        bend_shift=found["curve.0.bias"],
        back=found["curve.2.weight"],
        back_shift=found["curve.2.bias"],
    )


def fingerprint(model: MohartModel) -> str:
    """Of all weights that the features depend on; the same for other calibrations of them."""
    state = model.state_dict()
    parts = [n for n in sorted(state) if n.startswith(("cell.encoder.", "cell.appearance.normal"))]
    digest = hashlib.sha256()
    for name in parts:
        digest.update(name.encode() + state[name].detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()
