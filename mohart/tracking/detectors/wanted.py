"""Which detections are wanted: by class, by score (one for all, or by class), and by place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.formats.class_names import nearest_class
from mohart.regions import Zone, anchors
from mohart.structures import Detections

SHOWN_CLASSES = 12
OTHERS = ""  # in the place of a class: all that are not named
Score = float | Mapping[int | str, float] | None


@dataclass(frozen=True)
class Wanted:
    """The rules.

    Attributes:
        classes: numbers of the wanted classes; None: all.
        score: detections below are kept back; None: none is.
        by_class: class number -> score, in the place of `score`.
        ignored: areas; a detection whose centre lies in one is kept back.
    """

    classes: Sequence[int] | None = None
    score: float | None = None
    by_class: Mapping[int, float] = field(default_factory=dict)
    ignored: tuple[Zone, ...] = ()

    @classmethod
    def from_names(
        cls,
        known: Mapping[int, str],
        *,
        classes: Collection[int | str] | None = None,
        score: Score = None,
        ignored: Collection[Zone] = (),
    ) -> Wanted:
        """The rules in the numbers of a detector.

        Args:
            known: class number -> name, of the detector; may be empty.
            classes: numbers or names; None: all.
            score: one for all; or class (number or name) -> score, with those of `OTHERS`.
            ignored: areas.

        Raises:
            ConfigError: a score is out of range, or a class is not known.
        """
        given = dict(score) if isinstance(score, Mapping) else {OTHERS: score}
        for value in given.values():
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"score: expected 0 to 1, got {value:g}")
        usual = given.pop(OTHERS, None)
        by_class = {
            class_numbers([name], known)[0]: float(value)
            for name, value in given.items()
            if value is not None
        }
        wanted = None if classes is None else class_numbers(classes, known)
        return cls(wanted, usual, by_class, tuple(ignored))

    def why(self, found: Detections) -> NDArray[np.str_]:
        """[M] why a detection is kept back; empty for those that are wanted."""
        why = np.full(len(found), "", "<U60")
        if self.classes is not None:
            why[~np.isin(found.class_id, self.classes)] = "class not wanted"
        for value in {self.score, *self.by_class.values()} - {None}:
            assert value is not None  # noqa: S101  # mypy does not follow the line above
            own = np.array(
                [self.by_class.get(c, self.score) == value for c in found.class_id], bool
            )
            why[own & (found.confidence < np.float32(value))] = f"score below {value:g}"
        for zone in self.ignored:
            why[zone.holds(anchors(found.xyxy, "centre"))] = f"in ignored region {zone.name}"[:60]
        return why

    def to_dict(self, known: Mapping[int, str]) -> dict[str, Any]:
        """For run.json; what is not asked for is not there."""
        wanted = None if self.classes is None else {n: known.get(n, "") for n in self.classes}
        said: dict[str, Any] = {"score": self.score, "classes": wanted}
        if self.by_class:
            said["score_by_class"] = {known.get(n) or str(n): x for n, x in self.by_class.items()}
        if self.ignored:
            said["ignored"] = {zone.name: zone.points.tolist() for zone in self.ignored}
        return said


def least_score(score: Score) -> float | None:
    """The lowest of all scores, which a detector may leave out by itself; None: no class has one.

    >>> least_score({"person": 0.5, OTHERS: 0.3}), least_score({"person": 0.5}), least_score(0.2)
    (0.3, None, 0.2)
    """
    if not isinstance(score, Mapping):
        return score
    return min(score.values()) if OTHERS in score else None


def class_numbers(wanted: Collection[int | str], known: Mapping[int, str]) -> list[int]:
    """Numbers of classes that were named or numbered, ascending.

    Args:
        wanted: numbers, texts of numbers, or names (whatever their case, blanks and hyphens).
        known: class number -> name; empty where the detector has no names.

    Raises:
        ConfigError: a name is not known, or nothing is wanted at all.

    >>> class_numbers(["Car", 7, "0"], {0: "person", 2: "car"})
    [0, 2, 7]
    """
    found = set()
    for word in wanted:
        text = str(word).strip()
        number = int(text) if text.isdecimal() else nearest_class(text, known)
        if number is None:
            names = list(known.values())
            close = did_you_mean(text, names)
            if not names:
                close = "; this detector has no names of classes, give their numbers"
            elif "known" in close and len(names) > SHOWN_CLASSES:
                close = f"; known: {', '.join(names[:SHOWN_CLASSES])}, ..."
            raise ConfigError(f"classes: no class '{text}'{close}")
        found.add(number)
    if not found:
        raise ConfigError("classes: expected at least one number or name")
    return sorted(found)
