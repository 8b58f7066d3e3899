"""Sequence: a video with labels, the one interface to all data, generated or read from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from mohart.aliases import Frame
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.structures import Tracks

FrameReader = Callable[[int, int], Iterator[Frame]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sequence:
    """A video with labels; frames are read only when they are asked for.

    Attributes:
        name: short and unique within its data set; results are filed under it.
        length: number of frames.
        width: of a frame, pixels; 0 where nobody knows (labels without images).
        height: of a frame, pixels; 0 where nobody knows.
        frame_rate: frames per second.
        tracks: labels, all frames in `[0, length)`; may be empty.
        reader: `reader(start, stop)` iterates over the frames `start <= t < stop`, uint8 BGR
            [H, W, 3]. It must be callable any number of times; a class or `functools.partial`
            rather than a closure can be sent to worker processes.
    """

    name: str
    length: int
    width: int
    height: int
    frame_rate: float
    tracks: Tracks
    reader: FrameReader

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames `start <= t < stop` in order, each uint8 BGR [H, W, 3].

        Args:
            start: first frame, zero-based.
            stop: one behind the last frame; None: to the end.

        Raises:
            ConfigError: the range is not within the sequence.
            MissingDataError: there are no frames on disk, or fewer than the sequence should have.
            FormatError: a frame cannot be decoded or has another size.
        """
        end = self.length if stop is None else stop
        if not 0 <= start <= end <= self.length:
            raise ConfigError(
                f"sequence '{self.name}': frames {start} to {end} are not within its "
                f"{self.length} frames"
            )
        return self._checked(start, end)

    def _checked(self, start: int, stop: int) -> Iterator[Frame]:
        index = start
        for index, frame in enumerate(self.reader(start, stop), start + 1):
            if self.width and frame.shape != (self.height, self.width, 3):
                raise FormatError(
                    f"sequence '{self.name}': frame {index - 1} has shape {list(frame.shape)}, "
                    f"expected [{self.height}, {self.width}, 3]; run `mohart data check`"
                )
            yield frame
        if index < stop:
            raise MissingDataError(
                f"sequence '{self.name}': the frames end after {index} of {self.length}; "
                "run `mohart data check`"
            )

    def frame(self, index: int) -> Frame:
        """One frame, uint8 BGR [H, W, 3]; for several in a row `frames` is faster.

        Raises:
            ConfigError: there is no such frame.
            MissingDataError: it is not on disk.
            FormatError: it cannot be decoded or has another size.
        """
        return next(self.frames(index, index + 1))

    def part(self, start: int, stop: int, *, name: str | None = None) -> Sequence:
        """The frames `start <= t < stop` as a sequence of their own, counted from zero again.

        Args:
            start: first frame.
            stop: one behind the last frame.
            name: of the part; by default with the range appended.

        Raises:
            ConfigError: the range is empty or not within the sequence.
        """
        if not 0 <= start < stop <= self.length:
            raise ConfigError(
                f"sequence '{self.name}': cannot cut frames {start} to {stop} out of {self.length}"
            )
        inside = self.tracks.select((self.tracks.frame >= start) & (self.tracks.frame < stop))
        return replace(
            self,
            name=name or f"{self.name}-f{start}-{stop - 1}",
            length=stop - start,
            tracks=replace(inside, frame=inside.frame - start),
            reader=partial(_read_shifted, self.reader, start),
        )


def _read_shifted(reader: FrameReader, offset: int, start: int, stop: int) -> Iterator[Frame]:
    return reader(start + offset, stop + offset)
