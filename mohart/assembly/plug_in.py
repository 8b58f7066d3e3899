"""Detectors that a user wrote: `package.module:thing`."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from inspect import Parameter
from pathlib import Path
from typing import Any

from mohart.errors import ConfigError, MissingDataError, did_you_mean
from mohart.tracking.detectors.protocol import Ask

NAMES = "motion, onnx:MODEL.onnx, file:PATH or MODULE:FUNCTION"
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def load_plug_in(module_name: str, attribute: str, options: Mapping[str, Any]) -> Ask:
    """The function or object that a user wrote.

    Args:
        module_name: importable, or in the current folder.
        attribute: of it: a function of a frame, an object that can be called with one, or a class
            whose instances can.
        options: for the class, or for every call of the function. A text becomes what the
            parameter's default is, such as a number; without a default a number where it is one.

    Raises:
        ConfigError: there is nothing of this name, it takes no such option, or its code raises.
        MissingDataError: the module is not there, or does not import.
    """
    where = f"detector '{module_name}:{attribute}'"
    try:
        with _current_folder():
            module = importlib.import_module(module_name)
    except ImportError as error:
        missing = getattr(error, "name", None)
        if missing and (module_name == missing or module_name.startswith(f"{missing}.")):
            raise MissingDataError(
                f"{where}: no module '{missing}' in {Path.cwd()} or on the path; give {NAMES}"
            ) from error
        raise MissingDataError(f"{where}: it does not import: {error}") from error
    except (Exception, SystemExit) as error:  # whatever a person's own code does
        raise ConfigError(
            f"{where}: importing it fails: {type(error).__name__}: {error}"
        ) from error
    thing: Any = module
    for part in attribute.split("."):
        thing = getattr(thing, part, None)
        if thing is None:
            public = [n for n, value in vars(module).items() if callable(value) and n[0] != "_"]
            raise ConfigError(
                f"{where}: nothing named '{attribute}' in it{did_you_mean(attribute, public)}"
            )
    given = _values(thing, options, where)
    try:
        found = thing(**given) if isinstance(thing, type) else thing
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{where}: making one fails: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ConfigError(f"{where}: cannot be called; expected a function of a frame")
    return found if isinstance(thing, type) or not given else partial(found, **given)


def _values(thing: Any, options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Options as the parameters of a class or a function want them."""
    if not options:
        return {}
    if callable(thing) and not isinstance(thing, type) and not inspect.isroutine(thing):
        raise ConfigError(f"{min(options)}: {where} is made already; name its class, or a function")
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):  # of a compiled one nobody knows them
        return dict(options)
    if not isinstance(thing, type):
        parameters = parameters[1:]  # behind the frame
    fixed = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD, Parameter.POSITIONAL_ONLY)
    known = {p.name: p.default for p in parameters if p.kind not in fixed}
    takes_all = any(p.kind == Parameter.VAR_KEYWORD for p in parameters)
    for name in options:
        if name not in known and not takes_all:
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise ConfigError(f"{name}: {where} takes no such option; {there}")
    return {name: _value(name, v, known.get(name, Parameter.empty)) for name, v in options.items()}


def _value(name: str, value: Any, default: Any) -> Any:
    """A text as a value of the default's type; what is no text stays."""
    if not isinstance(value, str) or isinstance(default, str):
        return value
    if isinstance(default, bool):
        if value.lower() not in TRUTH:
            raise ConfigError(f"{name}: expected true or false, got '{value}'")
        return TRUTH[value.lower()]
    kinds = (type(default),) if isinstance(default, int | float) else (int, float)
    for kind in kinds:
        with suppress(ValueError):
            return kind(value)
    if len(kinds) == 1:
        wanted = "a whole number" if kinds[0] is int else "a number"
        raise ConfigError(f"{name}: expected {wanted}, got '{value}'")
    return value


@contextmanager
def _current_folder() -> Iterator[None]:
    """Lets modules of the current folder be found, as `python -m` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)
