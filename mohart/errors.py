"""Errors a caller can cause: each message says what, where, what was expected and what to try."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class MohartError(Exception):
    """Base of every error that mohart raises on purpose."""


class ConfigError(MohartError, ValueError):
    """A setting, option or argument is unknown or out of range."""


class ShapeError(MohartError, ValueError):
    """An array or tensor does not have the expected shape."""


class FormatError(MohartError, ValueError):
    """A file's content is not what its format promises; names path and line."""


class MissingDataError(MohartError, FileNotFoundError):
    """Something that was expected on disk, or in an installed package, is not there."""

    def __str__(self) -> str:
        """The message alone, without the errno that OSError would print."""
        return str(self.args[0]) if self.args else ""


class OutputError(MohartError, OSError):
    """A result could not be written (exists already, disk full, no permission)."""

    def __str__(self) -> str:
        """The message alone, without the errno that OSError would print."""
        return str(self.args[0]) if self.args else ""


class CheckpointError(MohartError, RuntimeError):
    """Weights or a run folder are damaged or belong to another configuration."""


class TrainingError(MohartError, RuntimeError):
    """Training cannot go on, for example because the loss is not finite."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known word, otherwise the list of known words."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; known: {', '.join(words)}"


def check_shape(**named: tuple[Any, str]) -> dict[str, int]:
    """Compare arrays with their axis letters and return the size of every letter.

    Args:
        **named: name -> (array, axes), axes such as `"B N 4"`; a number must match exactly, a
            letter must have the same size everywhere.

    Returns:
        Letter -> size.

    Raises:
        ShapeError: e.g. `boxes: expected [B, N, 4] with B=2, got [3, 4, 4]`.
    """
    sizes: dict[str, int] = {}
    for name, (array, axes) in named.items():
        letters = axes.split()
        shape = list(array.shape)
        fits = len(shape) == len(letters)
        own: dict[str, int] = {}
        for size, letter in zip(shape, letters, strict=False):
            wanted = int(letter) if letter.isdigit() else {**own, **sizes}.get(letter, size)
            fits = fits and size == wanted
            own.setdefault(letter, size)
        if not fits:
            fixed = ", ".join(f"{k}={v}" for k, v in sizes.items() if k in letters)
            where = f" with {fixed}" if fixed else ""
            raise ShapeError(f"{name}: expected [{', '.join(letters)}]{where}, got {shape}")
        sizes |= {k: v for k, v in zip(letters, shape, strict=True) if not k.isdigit()}
    return sizes
