"""The detector interface, and selection by score, class and place: what the tracker gets.

Conventions: frames uint8 BGR [H, W, 3]; boxes xyxy in pixels of the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import are_shares
from mohart.errors import ConfigError, MohartError, ShapeError
from mohart.regions import Zone
from mohart.structures import Detections
from mohart.tracking.detections import as_detections
from mohart.tracking.detectors.wanted import Score, Wanted

Ask = Callable[[NDArray[np.uint8]], Any]  # a frame -> whatever `as_detections` takes


@runtime_checkable
class Detector(Protocol):
    """What finds objects in frames, with all that the rest of the house asks of it.

    People may give any callable of a frame, with any of these members: `as_detector` completes it
    once, where it comes in. The detectors of the house have them all (`WholeDetector` has the
    usual ones).

    Attributes:
        name: what to call it in run.json.
        classes: class number -> name, so that a person can ask for `car`; may be empty.
        details: ready for JSON, put on record in run.json.
        notes: sentences that the user should read, put among the warnings.
        remaining: number of detections that it has for frames it has not seen yet.
    """

    @property
    def name(self) -> str:  # noqa: D102  see above
        ...

    @property
    def classes(self) -> Mapping[int, str]:  # noqa: D102
        ...

    @property
    def details(self) -> Mapping[str, Any]:  # noqa: D102
        ...

    @property
    def notes(self) -> Sequence[str]:  # noqa: D102
        ...

    @property
    def remaining(self) -> int:  # noqa: D102
        ...

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Any:
        """Detections of one frame, uint8 [H, W, 3]; the frame may not be changed.

        What it returns is whatever :func:`mohart.tracking.detections.as_detections` takes.
        """

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Called with every frame in which it is not asked, in order.

        For detectors that follow the video: `motion` learns the background, `file` counts.
        """

    def skip(self, frames: int) -> None:
        """So many frames of the video are not shown to it; `file` counts them."""

    def reset(self, frame: int = 0) -> None:
        """The next frame that it sees is this one of its video, counted from 0."""


class WholeDetector:
    """The members of a `Detector` that looks at every frame by itself; to derive from."""

    name = "detector"
    classes: Mapping[int, str] = MappingProxyType({})
    details: Mapping[str, Any] = MappingProxyType({})
    notes: Sequence[str] = ()

    @property
    def remaining(self) -> int:
        """None are known before the frame comes."""
        return 0

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Takes no notice."""

    def skip(self, frames: int) -> None:
        """Takes no notice."""

    def reset(self, frame: int = 0) -> None:
        """Takes no notice."""


def as_detector(given: Ask) -> Detector:
    """Whatever a person calls a detector, as one with all members; done once, at the border."""
    return given if isinstance(given, Detector) else _Completed(given)


class _Completed:
    """A callable, with the usual members in the place of those that it does not have."""

    def __init__(self, given: Ask) -> None:
        self._given = given

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Any:
        return self._given(frame_bgr)

    @property
    def name(self) -> str:
        own = self._own("name", None) or self._own("__name__", None)
        return str(own or type(self._given).__name__)

    @property
    def classes(self) -> Mapping[int, str]:
        return dict(self._own("classes", None) or {})

    @property
    def details(self) -> Mapping[str, Any]:
        return dict(self._own("details", None) or {})

    @property
    def notes(self) -> Sequence[str]:
        return tuple(self._own("notes", None) or ())

    @property
    def remaining(self) -> int:
        return int(self._own("remaining", 0))

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        self._own("observe", _ignore)(frame_bgr)

    def skip(self, frames: int) -> None:
        self._own("skip", _ignore)(frames)

    def reset(self, frame: int = 0) -> None:
        self._own("reset", _ignore)(frame)

    def _own(self, member: str, usual: Any) -> Any:
        return getattr(self._given, member, usual)


def _ignore(_: Any) -> None:
    """In the place of a method that a detector does not have."""


class Look(NamedTuple):
    """What one call of a detector gave.

    Attributes:
        kept: [M] detections for the tracker.
        rows: [M] int64, which of the detector's rows they are.
        why: [D] str, for every row of the detector why it is kept back; empty for those kept.
    """

    kept: Detections
    rows: NDArray[np.int64]
    why: NDArray[np.str_]


class SelectingDetector:
    """A detector whose answers are checked, and of which only some are wanted.

    Calling it gives those that are wanted; `look` also says what became of the others.

    Args:
        detector: any detector, or a callable that is to be one.
        name: what to call it in messages; the detector's own where not given.
        score: detections below are kept back, in [0, 1], or a score for each class by number or
            name (`""`: the others); None keeps all.
        classes: numbers or names of the classes that are wanted; None wants all.
        ignored: areas; detections whose centres lie in one are kept back.

    Raises:
        ConfigError: a score is out of range, or a class is not known.
    """

    def __init__(
        self,
        detector: Ask,
        *,
        name: str | None = None,
        score: Score = None,
        classes: Collection[int | str] | None = None,
        ignored: Collection[Zone] = (),
    ) -> None:
        self._detector = as_detector(detector)
        self.name = name or self._detector.name
        self.classes: Mapping[int, str] = dict(self._detector.classes)
        self.wanted = Wanted.from_names(self.classes, classes=classes, score=score, ignored=ignored)
        self._calls = 0
        self.follows_video = bool(getattr(self._detector, "follows_video", True))  # strangers may

    @property
    def details(self) -> dict[str, Any]:
        """What run.json should say."""
        rules = self.wanted.to_dict(self.classes)
        return {"name": self.name, **rules, **self._detector.details}

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should read."""
        return tuple(self._detector.notes)

    @property
    def remaining(self) -> int:
        """Detections for frames that were not seen yet; 0 where the detector has to look."""
        return self._detector.remaining

    def __call__(self, frame_bgr: NDArray[np.uint8]) -> Detections:
        """The wanted detections of a frame.

        Raises:
            ConfigError: the detector raised, or gave a value that no detection can have.
            ShapeError: it gave something else than detections.
        """
        return self.look(frame_bgr).kept

    def look(self, frame_bgr: NDArray[np.uint8]) -> Look:
        """Ask the detector; see `Look`.

        Raises:
            ConfigError: the detector raised, or gave a value that no detection can have.
            ShapeError: it gave something else than detections.
        """
        self._calls += 1
        where = f"detector '{self.name}', call {self._calls}"
        try:
            given = self._detector(frame_bgr)
        except SystemExit as error:  # would look like an end of the program, perhaps a good one
            raise ConfigError(f"{where}: it called sys.exit; expected detections") from error
        except (MohartError, MemoryError, RecursionError):
            raise
        except Exception as error:  # whatever a person's own code does
            said = " ".join(str(error).split())
            raise ConfigError(f"{where}: {type(error).__name__}: {said}") from error
        if given is None:
            raise ConfigError(f"{where}: it returned None; return an empty list for nothing found")
        try:
            found = as_detections(given)
        except (ConfigError, ShapeError) as error:
            raise type(error)(f"{where}: {error}") from error
        height, width = frame_bgr.shape[:2]
        if are_shares(found.xyxy, width, height):
            raise ConfigError(
                f"{where}: its boxes seem to be shares of the frame, 0 to 1; expected pixels: "
                f"multiply by {width} and {height}"
            )
        why = self.wanted.why(found)
        rows = np.flatnonzero(why == "")
        return Look(found.select(rows), rows, why)

    def observe(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame without asking; only detectors that follow the video take notice."""
        self._detector.observe(frame_bgr)

    def skip(self, frames: int) -> None:
        """So many frames of the video are not shown."""
        self._detector.skip(frames)

    def reset(self, frame: int = 0) -> None:
        """The next frame is this one of the video, counted from 0."""
        self._calls = 0
        self._detector.reset(frame)
