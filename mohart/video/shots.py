"""What readers hand out: one frame after the other, with or without a picture of its own."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from mohart.aliases import Frame

SHOWN_RANGES = 12
LARGEST = 1 << 26  # pixels of a frame, twice 8K video; with the video a run takes 50 bytes of each
LARGE = 1 << 25  # from here on memory counts more than speed; a little more than 8K video
WAITING = 256 << 20  # bytes of frames that wait between two stages, but for one that is larger
TOO_LARGE = f"of more than {LARGEST / 1e6:.0f} million pixels"


class Shot(NamedTuple):
    """A frame of a source.

    Attributes:
        picture: uint8 BGR [H, W, 3]; None where it cannot be had.
        seconds: when it was, from any zero; not finite where the source does not say it of this
            frame, None where it says it of none.
        remark: what the user should know of this frame; empty where all is well.
        damaged: whether the source has lost this frame.
    """

    picture: Frame | None
    seconds: float | None = None
    remark: str = ""
    damaged: bool = False


class Reader(Protocol):
    """Sequential access to frames.

    Attributes:
        origin: what to call the source in messages.
        problem: why `read` or `grab` stopped, where the reader itself knows.
        notes: what the user should know of the source as a whole, one sentence each.
    """

    origin: str
    problem: str | None

    @property
    def notes(self) -> list[str]:  # noqa: D102  see above
        ...

    def read(self) -> Shot | None:
        """The next frame, or None at the end."""

    def grab(self) -> Shot | None:
        """Pass over one frame, which then has no picture; None at the end."""

    def close(self) -> None:
        """Release what is open."""


def room(frame: Frame, most: int) -> int:
    """How many frames may wait between two stages.

    Args:
        frame: one of them.
        most: where they are small.
    """
    return max(1, min(most, WAITING // max(1, frame.nbytes)))


class FrameNumbers:
    """Numbers of frames, as ranges of which a bounded number is kept."""

    def __init__(self) -> None:
        self.count = 0
        self._ranges: list[tuple[int, int]] = []

    def add(self, number: int) -> None:
        """Take in a number, zero-based and larger than those before."""
        self.count += 1
        if self._ranges and self._ranges[-1][1] == number - 1:
            self._ranges[-1] = self._ranges[-1][0], number
        elif len(self._ranges) < SHOWN_RANGES:
            self._ranges.append((number, number))

    def __str__(self) -> str:
        """Counted from 1: `frame 3`, or `frames 3, 7 to 9`."""
        parts = [f"{a + 1}" if a == b else f"{a + 1} to {b + 1}" for a, b in self._ranges]
        parts = [
            part.replace(" to ", ", ") if b == a + 1 else part
            for part, (a, b) in zip(parts, self._ranges, strict=True)
        ]
        if self.count == 1:
            return f"frame {parts[0]}"
        shown = sum(b - a + 1 for a, b in self._ranges)
        more = f" and {self.count - shown} more" if shown < self.count else ""
        return f"frames {', '.join(parts)}{more}"
