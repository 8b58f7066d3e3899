"""Names -> detectors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mohart.assembly.plug_in import NAMES, load_plug_in
from mohart.errors import ConfigError, did_you_mean
from mohart.regions import Zone
from mohart.tracking.detectors.protocol import Detector, SelectingDetector
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
        **options: of the detector, as its constructor has them, or of a function behind the frame;
            texts are taken as numbers where numbers are needed.

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
    return SelectingDetector(load_plug_in(kind, rest, options), name=name, **rules)


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
