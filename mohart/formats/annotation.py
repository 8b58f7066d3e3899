"""One labelled video, whichever file it came from: the record all annotation formats share.

Conventions: boxes xyxy pixels, frames zero-based, as in `structures.Tracks`. A row with id -1 has
no identity (a detection, a region to be ignored). Extras are texts, as different formats hold them
as text, number or truth value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ShapeError
from mohart.formats.class_names import class_name
from mohart.structures import Tracks

DECIMALS = 6
RESERVED = (
    *("frame", "track_id", "x1", "y1", "x2", "y2", "confidence", "visibility", "ignored"),
    *("class_id", "class_name", "occluded", "sequence"),
)


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """Tracks and what else annotation files know about a video.

    Attributes:
        tracks: K rows, sorted by frame then id.
        classes: class number -> name, in the order of the numbers.
        name: of the video, empty where the file does not say.
        width: of a frame, pixels; None where the file does not say.
        height: of a frame, pixels.
        frame_rate: frames per second.
        length: number of frames.
        extras: name -> K texts, empty where a row has none.
        unread: what the file had and this record has no place for, in words.
        assumed: what the file did not say and was taken to be so, in words.
    """

    tracks: Tracks
    classes: Mapping[int, str]
    name: str = ""
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    length: int | None = None
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, texts in self.extras.items():
            if len(texts) != len(self.tracks):
                raise ShapeError(
                    f"extras: expected {len(self.tracks)} texts of '{name}', got {len(texts)}"
                )

    @property
    def frames(self) -> int:
        """Number of frames, up to the last box where the length is not known."""
        last = int(self.tracks.frame.max()) + 1 if len(self.tracks) else 0
        return last if self.length is None else max(self.length, last)

    @property
    def row_names(self) -> list[str]:
        """K names of classes."""
        return [class_name(self.classes, number) for number in self.tracks.class_id.tolist()]

    @property
    def has_identity(self) -> NDArray[np.bool_]:
        """[K] bool; False where the id is -1."""
        return np.asarray(self.tracks.track_id >= 0)


class Rendered(NamedTuple):
    """A file's content before it is written.

    Attributes:
        content: the whole file.
        lost: what the format could not keep, in words, with counts.
        notes: what a reader of the file should know.
        beside: name -> text of files that belong to it, `labels.txt` of MOT.
    """

    content: str | bytes
    lost: list[str]
    notes: Sequence[str] = ()
    beside: Mapping[str, str] = MappingProxyType({})


class Losses:
    """Collects what a format cannot keep of an annotation, from the data themselves.

    Args:
        annotation: what is to be written.
        format_name: for the messages, e.g. `MOT results`.
    """

    def __init__(self, annotation: Annotation, format_name: str) -> None:
        self.annotation = annotation
        self.format_name = format_name
        self.found: list[str] = list(annotation.unread)

    def rows(self, lost: NDArray[np.bool_], what: str, fate: str) -> None:
        """Report the rows where the mask [K] is True: `what: FORMAT fate, 7 boxes`."""
        count = int(lost.sum())
        if count:
            self.found.append(f"{what}: {self.format_name} {fate} ({count} of {len(lost)} boxes)")

    def columns(self, *names: str) -> None:
        """Report values other than the default in columns of Tracks the format does not have."""
        tracks = self.annotation.tracks
        for name, usual in (("confidence", 1.0), ("visibility", 1.0), ("ignored", False)):
            if name in names:
                self.rows(getattr(tracks, name) != usual, name, "has no place for it, dropped")

    def extras(self, *kept: str) -> None:
        """Report extras beside the ones that are kept, in one line where they go together."""
        total = len(self.annotation.tracks)
        counts: dict[int, list[str]] = {}
        for name, texts in self.annotation.extras.items():
            if name not in kept:
                counts.setdefault(sum(text != "" for text in texts), []).append(name)
        for count, names in counts.items():
            text = f"{', '.join(names)}: {self.format_name} has no place for it, dropped"
            self.found.append(f"{text} ({count} of {total} boxes)")

    def header(self, *kept: str) -> None:
        """Report what is known about the video beside the fields that are kept."""
        record = self.annotation
        last = int(record.tracks.frame.max()) + 1 if len(record.tracks) else 0
        facts = {
            "size": record.width is not None and f"{record.width}x{record.height}",
            "frame_rate": record.frame_rate is not None and f"{record.frame_rate:g} per second",
            "length": record.length is not None
            and record.length > last
            and f"{record.length} frames, the last box is in number {last}",
        }
        lost = [
            f"{name.replace('_', ' ')} {fact}"
            for name, fact in facts.items()
            if fact and name not in kept
        ]
        if lost:
            self.found.append(f"video: {self.format_name} has no place for {', '.join(lost)}")

    def class_numbers(self, numbers: Mapping[str, int]) -> None:
        """Report classes whose name has another number when the file is read again."""
        record = self.annotation
        used = sorted(set(record.tracks.class_id.tolist()))
        changed = [
            f"{number} {name} will be {numbers.get(name)}"
            for number in used
            if numbers.get(name := class_name(record.classes, number), number) != number
        ]
        if changed:
            text = f"class number: {self.format_name} keeps names only"
            self.found.append(f"{text}; {', '.join(changed)}")


def exact(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> exact(1.0), exact(0.0040323)
    ('1', '0.0040323')
    """
    return repr(float(value)).removesuffix(".0")


def number(value: float) -> str:
    """A number of pixels with up to six decimals and no needless zeros.

    >>> number(12.5), number(-0.0000001), number(3.0)
    ('12.5', '0', '3')
    """
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def fresh_ids(record: Annotation, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[K] ids, where the chosen rows [K] have one each, above all others."""
    ids: NDArray[np.int64] = record.tracks.track_id.copy()
    start = int(ids.max(initial=0)) + 1
    ids[rows] = np.arange(start, start + int(rows.sum()))
    return ids


def plain_text(value: object) -> str:
    r"""A name or value as one line of printable text, so that every format can hold it.

    >>> plain_text(" a\n b "), plain_text(True), plain_text(2.50), plain_text(None)
    ('a b', 'true', '2.5', '')
    """
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def extra_name(name: object) -> str:
    """The name of an extra; one that a column of the record has gets an underscore.

    >>> extra_name("frame"), extra_name("speed")
    ('frame_', 'speed')
    """
    text = plain_text(name) or "unnamed"
    return f"{text}_" if text in RESERVED else text
