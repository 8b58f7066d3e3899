"""Trained weights: the shipped ones, or a file; each carries the configuration that fits it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from mohart.assembly.model import build_model
from mohart.config.loader import config_from, to_dict
from mohart.config.schema import Config
from mohart.config.slots import AttentionConfig, SelfOnlyConfig
from mohart.errors import CheckpointError, ConfigError
from mohart.model.tracker import MohartModel
from mohart.training.checkpoint import load_checkpoint, load_weights

SHIPPED = "default.safetensors"


@dataclass(frozen=True)
class Loaded:
    """A model with its weights.

    Attributes:
        model: in training mode, as built.
        config: that it was trained with.
        details: for run.json: file, sha256, parameters, training step, configuration.
        calibration: of visibility, as the file has it; None where it has none.
    """

    model: MohartModel
    config: Config
    details: dict[str, Any]
    calibration: dict[str, float] | None = None


def load_model(path: str | Path | None = None, *, relation: str | None = None) -> Loaded:
    """Weights and the model that they fit.

    Args:
        path: a .safetensors file written by `mohart train`; None for the shipped weights.
        relation: the relational module that is expected, see `build_tracker`; with `self_only`
            objects are not shown the others' claims either.

    Raises:
        MissingDataError: there is no such file.
        CheckpointError: it is damaged, not from mohart, or does not fit its own configuration.
        ConfigError: it was trained with another relational module.
    """
    if path is None:
        with as_file(files("mohart.weights") / SHIPPED) as shipped:
            return _load(shipped, "shipped", relation)
    return _load(Path(path), str(path), relation)


def _load(path: Path, label: str, relation: str | None) -> Loaded:
    saved = load_checkpoint(path)
    weights = saved.part("weights") or saved.part("average")
    if not weights or "config" not in saved.about:
        raise CheckpointError(f"{path}: holds no weights of a mohart model")
    try:
        config = config_from(saved.about["config"])
    except ConfigError as error:
        raise CheckpointError(f"{path}: made by another version of mohart: {error}") from error
    if relation is not None:
        config = replace(config, model=_with_relation(config, relation, label))
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
    return Loaded(model, config, details, saved.about.get("calibration"))


def _with_relation(config: Config, relation: str, label: str) -> Any:
    trained = config.model.relation
    if trained.kind == relation:
        return config.model
    if isinstance(trained, AttentionConfig) and relation == "self_only":
        alone = SelfOnlyConfig(width=trained.width, heads=trained.heads)
        return replace(config.model, relation=alone)
    raise ConfigError(
        f"--relation {relation}: the {label} weights were trained with '{trained.kind}'; train "
        f"others with: mohart train configs/scratch.yaml --set model.relation={relation}"
    )
