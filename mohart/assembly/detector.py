"""Names -> detectors."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mohart.errors import ConfigError, MissingDataError, did_you_mean
from mohart.regions import Zone
from mohart.tracking.detectors.protocol import Ask, Detector, SelectingDetector
from mohart.tracking.detectors.wanted import Score, least_score

OPTIONS: Mapping[str, Mapping[str, type]] = {
    "file": {"video": str},
    "motion": {
        "warm_up": int,
        "history": int,
        "least_area": float,
        "contrast": float,
        "join": float,
    },
    "onnx": {
        "overlap": float,
        "size": int,
        "preset": str,
        "layout": str,
        "runtime": str,
        "threads": int,
    },
}
NAMES = "motion, onnx:MODEL.onnx, file:PATH or MODULE:FUNCTION"


def build_detector(
    name: str,
    *,
    score: Score = None,
    classes: Collection[int | str] | None = None,
    ignored: Collection[Zone] = (),
    **options: Any,
) -> SelectingDetector:
    """A detector by name.

    Args:
        name: `motion`; `onnx:MODEL.onnx`; `file:PATH`; or `package.module:thing`, where thing is a
            function of a frame, an object that can be called with one, or a class whose instances
            can. Modules in the current folder are found too.
        score: detections below are kept back, in [0, 1]; `onnx` then looks for nothing below it
            (0.1 where not given). Or a score for each class, by number or name, with `""` for all
            that are not named.
        classes: numbers or names of the classes that are wanted; None wants all.
        ignored: areas; detections whose centres lie in one are kept back.
        **options: of the detector, as its constructor has them; texts are taken as numbers where
            numbers are needed.

    Raises:
        ConfigError: unknown name, or an option that this detector does not have; or the module
            raises.
        FormatError: a file cannot be read.
        MissingDataError: a file, module or package is not there.
    """
    kind, _, rest = name.partition(":")
    least = least_score(score)
    if least is not None and not 0 <= least <= 1:
        raise ConfigError(f"score: expected 0 to 1, got {least:g}")
    rules: dict[str, Any] = {"score": score, "classes": classes, "ignored": ignored}
    if kind in OPTIONS and (kind == "motion") != bool(rest):
        settings = _settings(kind, options)
        return SelectingDetector(_built_in(kind, rest, least, settings), **rules)
    if kind in ("file", "onnx"):
        raise ConfigError(f"detector '{name}': say which file, as in {kind}:PATH")
    if not rest or not kind:
        raise ConfigError(f"unknown detector '{name}'{did_you_mean(name, OPTIONS)}; give {NAMES}")
    if options:
        raise ConfigError(
            f"{sorted(options)[0]}: detector '{name}' is your own and takes no options here; give "
            f"them defaults, or name a class that is made with them"
        )
    return SelectingDetector(_plug_in(kind, rest), name=name, **rules)


def _built_in(kind: str, rest: str, score: float | None, settings: dict[str, Any]) -> Detector:
    if kind == "file":
        from mohart.tracking.detectors.file import FileDetector

        return FileDetector(rest, **settings)
    if kind == "motion":
        from mohart.tracking.detectors.motion import MotionDetector

        return MotionDetector(**settings)
    from mohart.tracking.detectors.onnx.detector import OnnxDetector

    return OnnxDetector(rest, **settings if score is None else {**settings, "score": score})


def _settings(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the types that the detector takes."""
    known = OPTIONS[kind]
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            raise ConfigError(
                f"{name}: unknown option of detector '{kind}'{did_you_mean(name, known)}"
            )
        if value is None:
            continue
        try:
            found[name] = known[name](value)
        except (TypeError, ValueError) as error:
            wanted = {int: "a whole number", float: "a number", str: "a text"}[known[name]]
            raise ConfigError(f"{name}: expected {wanted}, got '{value}'") from error
    return found


def _plug_in(module_name: str, attribute: str) -> Ask:
    """The function or object that a user wrote."""
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
    try:
        found = thing() if isinstance(thing, type) else thing
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{where}: making one fails: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ConfigError(f"{where}: cannot be called; expected a function of a frame")
    return found  # type: ignore[no-any-return]


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
