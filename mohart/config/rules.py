"""Relations between settings that must hold."""

from __future__ import annotations

from mohart.errors import ConfigError

Rule = tuple[bool, str]


def require(*rules: Rule) -> None:
    """Raise ConfigError with the message of the first rule that does not hold."""
    for holds, message in rules:
        if not holds:
            raise ConfigError(message)
