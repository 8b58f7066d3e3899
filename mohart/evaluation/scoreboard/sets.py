"""What the benchmark measures on: windows of a real video, or generated sequences.

Every set yields the windows of the initialised protocol; a generated sequence is one window.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from mohart.boxes import clip_to_frame
from mohart.errors import ConfigError, MissingDataError
from mohart.evaluation.initialised.scores import initialised_protocol
from mohart.evaluation.initialised.windows import VideoWindows, Window
from mohart.evaluation.scoreboard.code import code_hash
from mohart.formats.mot.tracks import read_mot
from mohart.metrics import rules
from mohart.synth.scenes.strata import STARTED_FROM, Drawn, Stratum
from mohart.versions import PACKAGE
from mohart.video import open_source

SEEN_ABOVE = 0.25  # visibility
NOT_GENERATOR = ("strata.py", "clips.py")  # decide what is drawn for whom, not how

Advance = Callable[[int], None]


class BenchSet(Protocol):
    """A named set of windows.

    Attributes:
        name: one word, also of its folder of results.
        about: what it is, in a few words.
        length: frames of a window, T.
        knows_hidden: whether a frame without truth means that the object cannot be seen.
    """

    @property
    def name(self) -> str:
        """See the class."""

    @property
    def about(self) -> str:
        """See the class."""

    @property
    def length(self) -> int:
        """See the class."""

    @property
    def knows_hidden(self) -> bool:
        """See the class."""

    def frames(self) -> int:
        """Number of frames to come, for the time left; a video's own claim may be wrong."""

    def definition(self) -> dict[str, Any]:
        """Everything that decides about the windows, ready for JSON."""

    def protocol(self) -> rules.Protocol:
        """The rules under which it is scored."""

    def windows(self, advance: Advance) -> Iterator[Window]:
        """All windows.

        Args:
            advance: called with the number of frames done since the last call.

        Raises:
            MohartError: whatever reading raises.
            ConfigError: there is no window with objects.
        """


@dataclass(frozen=True, kw_only=True)
class VideoSet:
    """Windows of a real video with ground truth.

    Attributes:
        name: one word.
        source: video file or folder of images.
        gt: ground truth, MOT text.
        length: frames per window.
        min_area: objects whose box is smaller in a window's first frame are left out, in square
            pixels.
        max_windows: only the first so many windows with objects; None: all.
        stride: frames from one window's start to the next; None: as many as a window has.

    Raises:
        MissingDataError: source or gt do not exist.
    """

    name: str
    source: Path
    gt: Path
    length: int
    min_area: float = 0.0
    max_windows: int | None = None
    stride: int | None = None
    knows_hidden = False

    def __post_init__(self) -> None:
        for path in (self.source, self.gt):
            if not path.exists():
                raise MissingDataError(
                    f"real set '{self.name}': {path} does not exist; check --real"
                )

    @property
    def about(self) -> str:
        """What it is."""
        apart = "" if self.stride is None else f", one every {self.stride}"
        return f"real video, windows of {self.length} frames{apart}"

    def frames(self) -> int:
        """Frames of the video, or as many as the windows need if the first ones have objects."""
        with open_source(self.source) as source:
            length = source.length or 0
        if self.max_windows is None:
            return length
        return min(length, (self.max_windows - 1) * self._stride + self.length)

    def definition(self) -> dict[str, Any]:
        """Content of the files and the options."""
        return {
            "kind": "video",
            "counts": "overlap, conditions",
            "source": _content_hash(self.source),
            "gt": _content_hash(self.gt),
            "length": self.length,
            "min_area": self.min_area,
            "max_windows": self.max_windows,
            **({} if self.stride is None else {"stride": self.stride}),
        }

    @property
    def _stride(self) -> int:
        return self.length if self.stride is None else self.stride

    def protocol(self) -> rules.Protocol:
        """As that of `mohart eval init`."""
        return initialised_protocol(
            f"windows of {self.length} frames, every {self._stride}",
            f"objects whose start box is below {self.min_area:g} square pixels are left out",
            "frames in which an object is not labelled are left out",
        )

    def windows(self, advance: Advance) -> Iterator[Window]:
        """Decoded once, front to back."""
        done = 0

        def progress(frames: int, total: int | None) -> None:
            nonlocal done
            advance(frames - done)
            done = frames

        with open_source(self.source) as source:
            windows = VideoWindows(
                source,
                read_mot(self.gt),
                window=self.length,
                stride=self._stride,
                max_windows=self.max_windows,
                min_area=self.min_area,
                progress=progress,
            )
            yield from windows
            if not windows.names:
                raise ConfigError(
                    f"real set '{self.name}': no window of {self.length} frames starts on a frame "
                    f"with ground truth; do {self.source} and {self.gt} belong together?"
                )


@dataclass(frozen=True)
class GeneratedSet:
    """Generated sequences of one stratum; each is a window.

    Objects that are at least 30 % visible in the first frame are started; frames in which an object
    is at most 25 % visible do not count.

    Attributes:
        stratum: what is generated.
        sequences: number of sequences; those in which nobody can be started are passed over.
    """

    stratum: Stratum
    sequences: int
    knows_hidden = True

    @property
    def name(self) -> str:
        """That of the stratum."""
        return self.stratum.name

    @property
    def about(self) -> str:
        """That of the stratum."""
        return self.stratum.about

    @property
    def length(self) -> int:
        """That of the stratum."""
        return self.stratum.frames

    def frames(self) -> int:
        """Frames of all sequences."""
        return self.sequences * self.stratum.frames

    def definition(self) -> dict[str, Any]:
        """Settings, the photographs' content, the generator's code, the libraries that draw."""
        generator = self.stratum.generator
        photographs = generator.bank().photographs
        return {
            "kind": "generated",
            "generator": {
                **asdict(generator),
                "photographs": None if photographs is None else photographs.digest(),
            },
            "frames": self.stratum.frames,
            "sequences": self.sequences,
            "rules": [STARTED_FROM, SEEN_ABOVE, "inside"],
            "code": _generator_code(),
            "libraries": [f"numpy {np.__version__}", f"opencv {cv2.__version__}"],
        }

    def protocol(self) -> rules.Protocol:
        """The initialised protocol, with what visibility decides."""
        return initialised_protocol(
            f"generated sequences of {self.stratum.frames} frames: {self.stratum.name}",
            f"objects less than {STARTED_FROM:.0%} visible in the first frame are left out",
            f"frames in which an object is at most {SEEN_ABOVE:.0%} visible are left out",
            "the boxes of the truth end at the frame's edge",
        )

    def windows(self, advance: Advance) -> Iterator[Window]:
        """Drawn one at a time."""
        bank = self.stratum.generator.bank()
        found = False
        for number in range(self.sequences):
            name = f"{self.stratum.name}-{number:04}"
            window = generated_window(name, self.stratum.draw(number, bank))
            if len(window.ids):
                found = True
                yield window
            del window  # its frames go before the next ones are drawn
            advance(self.stratum.frames)
        if not found:
            raise ConfigError(
                f"stratum '{self.name}': nobody is visible at the start of its first "
                f"{self.sequences} sequences; ask for more with --sequences"
            )


def generated_window(name: str, drawn: Drawn) -> Window:
    """A drawn sequence as a window; without objects where nobody can be started.

    Its boxes end at the frame's edge, as people label real video.
    """
    started = np.flatnonzero(drawn.visibility[0] >= STARTED_FROM)
    height, width = drawn.frames[0].shape[:2]
    return Window(
        name=name,
        first_frame=0,
        frames=drawn.frames,
        ids=started + 1,
        truth=clip_to_frame(drawn.boxes[:, started], width, height),
        present=drawn.visibility[:, started] > SEEN_ABOVE,
    )


@cache
def _generator_code() -> str:
    files = sorted((PACKAGE / "synth" / "scenes").glob("*.py"))
    return code_hash([path for path in files if path.name not in NOT_GENERATOR])


def _content_hash(path: Path) -> str:
    """SHA-256 of a file; for a folder, of the names and sizes of what is in it."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    listing = [f"{p.relative_to(path)} {p.stat().st_size}" for p in sorted(path.rglob("*"))]
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()
