"""How a run ends early: somebody interrupts it, or something fails on the way."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from mohart.errors import MohartError


class Interrupts(Protocol):
    """Decides when an interruption may arrive, which comes as a KeyboardInterrupt."""

    def hold(self) -> AbstractContextManager[object]:
        """What arrives inside the block comes at its end."""

    def close(self) -> None:
        """Nothing comes any more: results are being completed."""


class PlainInterrupts:
    """KeyboardInterrupt as Python raises it, at any moment."""

    def hold(self) -> AbstractContextManager[object]:
        """Holds nothing."""
        return nullcontext()

    def close(self) -> None:
        """Changes nothing."""


@dataclass
class Ending:
    """Why following frames came to its end.

    Attributes:
        interrupted: before the last frame, by somebody or by a failure.
        failure: what failed, one sentence; empty where nothing did.
    """

    interrupted: bool = False
    failure: str = ""

    def fail(self, frame: int, error: BaseException) -> None:
        """Something was raised on the way to a frame, zero-based."""
        if not isinstance(error, MohartError):
            said = " ".join(str(error).split())
            error_text = f"{type(error).__name__}: {said}" if said else type(error).__name__
        else:
            error_text = str(error)
        self.interrupted = True
        self.failure = f"stopped in frame {frame + 1}: {error_text}"

    def explain(self, frame: int, error: BaseException, interrupts: Interrupts) -> None:
        """As `fail`, unless the error is what a library made of an interruption."""
        try:
            with interrupts.hold():
                self.fail(frame, error)
        except KeyboardInterrupt:
            self.interrupted = True
