"""Names of trackers on the command line, and which options each of them takes."""

from __future__ import annotations

from collections.abc import Mapping

from mohart.errors import ConfigError, did_you_mean

OPTIONS_OF: Mapping[str, frozenset[str]] = {
    "mohart": frozenset({"model", "device", "relation"}),
    "static": frozenset(),
    "velocity": frozenset(),
    "csrt": frozenset(),
    "kcf": frozenset(),
    "mil": frozenset(),
    "mosse": frozenset(),
    "medianflow": frozenset(),
    "vit": frozenset({"model"}),
    "nano": frozenset({"model"}),
}


def check_tracker_options(name: str, **options: object) -> None:
    """Make sure that a tracker exists and uses every option that was given.

    Args:
        name: of the tracker.
        **options: option without dashes -> its value, None where it was not given.

    Raises:
        ConfigError: unknown tracker, or an option that would be ignored.
    """
    if name not in OPTIONS_OF:
        raise ConfigError(f"unknown tracker '{name}'{did_you_mean(name, OPTIONS_OF)}")
    for option, value in options.items():
        if value is not None and option not in OPTIONS_OF[name]:
            users = ", ".join(n for n, taken in OPTIONS_OF.items() if option in taken)
            raise ConfigError(
                f"--{option} has no effect on tracker '{name}' (used by: {users}); leave it out"
            )


def parse_trackers(text: str) -> dict[str, str | None]:
    """`mohart,csrt,vit=vit.onnx` -> tracker -> model file or None, in order.

    A nano tracker has two files; write them with a plus: `nano=backbone.onnx+head.onnx`.

    Raises:
        ConfigError: an unknown or repeated name, an empty list, or a model where none is used.
    """
    found: dict[str, str | None] = {}
    for part in text.split(","):
        name, _, model = (piece.strip() for piece in part.partition("="))
        check_tracker_options(name, model=model or None)
        if name in found:
            raise ConfigError(f"--trackers: '{name}' is there twice")
        found[name] = model.replace("+", ",") if name == "nano" else model or None
    return found
