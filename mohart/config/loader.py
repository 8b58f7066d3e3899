"""Strict reading: an unknown key, a wrong type or a wrong length is an error with its full path."""

from __future__ import annotations

import math
import os
import types
import typing
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from mohart.config.schema import Config
from mohart.config.slots import ModelConfig
from mohart.config.strict_yaml import parse_yaml, read_yaml, shorten
from mohart.errors import ConfigError, MissingDataError, did_you_mean
from mohart.weights.names import NAMES, SHIPPED

T = TypeVar("T")
SHORT_FORMS = {*(f.name for f in fields(ModelConfig)), "world"}  # `world: free`: {kind: free}
START = "start_from"  # names weights of the package, too
PATHS = (  # settings that name files or folders
    ("train", START),
    ("data", "folders", "*", "path"),
    ("data", "generator", "photographs"),
    ("data", "world", "folder"),
    ("data", "collage", "folder"),
)
LARGEST_NUMBER = 2**63  # of a setting; seeds may be large
HART_SHARE = 0.2  # held out of every sequence, in time: HART, Kosiorek et al. 2017


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a YAML file; the paths in the result are absolute.

    Args:
        path: of the file. Paths in it are relative to its folder.
        overrides: `a.b=value` changes, value in YAML syntax; paths in them are relative to the
            current folder.

    Raises:
        MissingDataError: there is no such file.
        ConfigError: it is not YAML, or a key, type or value is wrong.
    """
    own = absolute_paths(_read_settings(path), path.absolute().parent)
    try:
        changed = override(deepcopy(own), overrides)
        return config_from(absolute_paths(changed, Path.cwd()))
    except ConfigError as error:
        where = f"{path} with --set" if overrides and _is_complete(own) else str(path)
        raise ConfigError(f"{where}: {error}") from error


def _is_complete(data: Any) -> bool:
    """Whether settings are all right as they are."""
    try:
        config_from(data)
    except ConfigError:
        return False
    return True


def load_resolved(path: Path) -> Config:
    """Read the config.yaml of a run, which is complete; its paths stay as they are.

    Raises:
        MissingDataError: there is no such file.
        ConfigError: it was changed into something else.
    """
    try:
        return config_from(_read_settings(path))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _read_settings(path: Path) -> Any:
    if not path.is_file():
        raise MissingDataError(f"{path}: no such configuration; see: mohart configs ls")
    data = read_yaml(path)
    return {} if data is None else data


def absolute_paths(data: Any, folder: Path) -> Any:
    """Nested dicts in which the settings that are paths (`PATHS`) are relative to a folder."""
    for keys in PATHS:
        _make_absolute(data, keys, folder)
    return data


def _make_absolute(data: Any, keys: Sequence[str], folder: Path) -> None:
    key, *rest = keys
    if isinstance(data, list) and key == "*":
        for item in data:
            _make_absolute(item, rest, folder)
    elif isinstance(data, dict) and key in data:
        if rest:
            _make_absolute(data[key], rest, folder)
        elif isinstance(data[key], str) and not (key == START and data[key] in (SHIPPED, *NAMES)):
            data[key] = os.path.normpath(folder / data[key])


def config_from(data: object) -> Config:
    """Nested dicts -> Config. Raises ConfigError with the path of the first problem."""
    return settings_from(Config, data, "config")


def override(data: Any, changes: Sequence[str]) -> Any:
    """Apply `a.b=value` changes to nested dicts; a new `kind` drops the other kind's settings."""
    if not isinstance(data, dict):
        return data  # `config_from` says what is wrong with it
    for change in changes:
        key, sign, text = change.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {change}: expected key=value, e.g. train.steps=100")
        *parents, last = key.strip().split(".")
        node = data
        for name in parents:
            if isinstance(node.get(name), str) and name in SHORT_FORMS:
                node[name] = {"kind": node[name]}
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                raise ConfigError(f"--set {change}: '{name}' is not a group of settings")
        try:
            value = parse_yaml(text)
        except ConfigError as error:
            raise ConfigError(f"--set {shorten(change)}: {error}") from error
        if last == "kind" and node.get("kind") != value:
            node.clear()
        node[last] = value
    return data


def with_protocol(config: Config, protocol: Literal["sequence", "hart"]) -> Config:
    """The configuration with all of its folders split by this protocol.

    Raises:
        ConfigError: it names no folders, so the protocol would have no effect.
    """
    if not config.data.folders:
        raise ConfigError(
            f"--protocol {protocol}: the configuration names no data.folders to split"
        )
    share = HART_SHARE if protocol == "hart" else 0.0
    folders = tuple(
        replace(folder, protocol=protocol, validation=folder.validation or share)
        for folder in config.data.folders
    )
    return replace(config, data=replace(config.data, folders=folders))


def to_dict(config: object) -> Any:
    """Config -> nested dicts, lists and plain values that `config_from` reads back."""
    if is_dataclass(config):
        return {f.name: to_dict(getattr(config, f.name)) for f in fields(config)}
    if isinstance(config, (tuple, list)):
        return [to_dict(item) for item in config]
    if isinstance(config, dict):
        return {key: to_dict(value) for key, value in config.items()}
    return config


def dump_config(config: Config) -> str:
    """The resolved configuration as YAML text."""
    return yaml.safe_dump(to_dict(config), sort_keys=False, allow_unicode=True)


def settings_from(cls: type[T], data: object, where: str) -> T:
    """Nested dicts -> a dataclass of settings.

    Args:
        cls: the dataclass; members that are settings themselves are read in the same way.
        data: from `read_yaml`.
        where: what it is, for the messages.

    Raises:
        ConfigError: with the path of the first problem.
    """
    if not isinstance(data, dict):
        keys = ", ".join(f.name for f in fields(cls))  # type: ignore[arg-type]
        raise ConfigError(
            f"{where}: expected settings (key: value), got {_show(data)}; keys: {keys}"
        )
    hints = typing.get_type_hints(cls)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            name = shorten(str(key), 60)
            raise ConfigError(f"{where}.{name}: unknown key{did_you_mean(name, known)}")
    values = {key: _value(hints[key], value, f"{where}.{key}") for key, value in data.items()}
    for name, f in known.items():
        if name not in values and f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(f"{where}.{name}: missing")
    try:
        return cls(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _value(hint: Any, value: object, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise ConfigError(
                f"{where}: {_show(value)} is none of {', '.join(map(str, arguments))}"
            )
        return value
    if origin in (types.UnionType, typing.Union):
        return _union(arguments, value, where)
    if is_dataclass(hint) and isinstance(hint, type):
        return settings_from(hint, value, where)
    if origin is tuple:
        return _tuple(arguments, value, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected key: value pairs, got {_show(value)}")
        return {k: _value(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
    if type(value) in (int, float) and hint in (int, float):
        _check_number(value, where)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:
        return value
    advice = ""
    if hint is float and isinstance(value, str) and "e" in value.lower():
        advice = f"; YAML reads {value} as text: write a point, e.g. 1.0e-3"
    raise ConfigError(f"{where}: expected {hint.__name__}, got {_show(value)}{advice}")


def _check_number(value: Any, where: str) -> None:
    """Raises ConfigError for numbers that no setting can have."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where}: expected a finite number, got {value}")
    if abs(value) > LARGEST_NUMBER:
        raise ConfigError(f"{where}: a number beyond {LARGEST_NUMBER:.0e} cannot be meant")


def _union(arguments: tuple[Any, ...], value: object, where: str) -> Any:
    variants = [a for a in arguments if isinstance(a, type) and is_dataclass(a)]
    if value is None and type(None) in arguments:
        return None
    if not variants:  # a plain optional value
        plain = next(a for a in arguments if a is not type(None))
        return _value(plain, value, where)
    if len(variants) == 1 and "kind" not in typing.get_type_hints(variants[0]):
        return settings_from(variants[0], value, where)  # optional settings
    kinds = {typing.get_args(typing.get_type_hints(v)["kind"])[0]: v for v in variants}
    if isinstance(value, str):  # `relation: none` is short for `relation: {kind: none}`
        value = {"kind": value}
    if not isinstance(value, dict) or "kind" not in value:
        raise ConfigError(f"{where}.kind: missing; expected one of {', '.join(kinds)}")
    kind = value["kind"]
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(f"{where}.kind: '{shorten(str(kind), 60)}' is none of {', '.join(kinds)}")
    return settings_from(kinds[kind], value, where)


def _tuple(arguments: tuple[Any, ...], value: object, where: str) -> Any:
    if not isinstance(value, (list, tuple)):
        group = arguments[0] if is_dataclass(arguments[0]) else None
        keys = f"; each has keys: {', '.join(f.name for f in fields(group))}" if group else ""
        raise ConfigError(f"{where}: expected a list, got {_show(value)}{keys}")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_value(arguments[0], v, f"{where}[{k}]") for k, v in enumerate(value))
    if len(value) != len(arguments):
        raise ConfigError(f"{where}: expected {len(arguments)} values, got {len(value)}")
    pairs = zip(arguments, value, strict=True)
    return tuple(_value(a, v, f"{where}[{k}]") for k, (a, v) in enumerate(pairs))


def _show(value: object) -> str:
    return f"{shorten(repr(value))} ({type(value).__name__})"
