"""Under which rules a result was scored: chosen by the caller, written into every result file.

Two results may be compared when their protocols are equal, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mohart.errors import ConfigError, did_you_mean
from mohart.metrics import filtering
from mohart.metrics.filtering import (
    DISTRACTORS,
    KITTI_CLASSES,
    MATCH_IOU,
    Benchmark,
    Filtered,
    KittiClass,
)
from mohart.metrics.labels import Labels

PROTOCOL_VERSION = 1  # counts up when the same files would score differently


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a number means.

    Attributes:
        name: of the rules.
        benchmark: whose variant of them.
        classes: what is scored, each by itself.
        distractors: classes of the truth that excuse a result.
        iou_threshold: from which overlap on a box is found (CLEAR, Identity, the rules).
        ignore_rules: what is taken out before counting, in words.
        version: of this description.
    """

    name: str
    benchmark: str
    classes: tuple[str, ...]
    distractors: tuple[str, ...]
    iou_threshold: float | None
    ignore_rules: tuple[str, ...]
    version: int = PROTOCOL_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items()}


@dataclass(frozen=True)
class MotRules:
    """MOTChallenge, one class: pedestrian.

    Args:
        benchmark: which distractor classes there are.
    """

    benchmark: Benchmark

    def __post_init__(self) -> None:
        _known("benchmark", self.benchmark, tuple(DISTRACTORS))

    @property
    def classes(self) -> tuple[str, ...]:
        """What is scored."""
        return ("pedestrian",)

    def apply(self, truth: Labels, results: Labels, class_name: str) -> Filtered:
        """The rows that count; there is one class."""
        return filtering.filter_mot(truth, results, self.benchmark)

    def protocol(self) -> Protocol:
        """The rules in words."""
        rules = ["truth: only flagged pedestrians", "visibility is no criterion"]
        if self.benchmark == "mot15":
            rules = ["truth: only flagged boxes; the benchmark has no classes"]
        else:
            rules.insert(0, "results assigned to a distractor (IoU >= 0.5, all boxes) are left out")
        return Protocol(
            name="MOTChallenge 2D",
            benchmark=self.benchmark,
            classes=self.classes,
            distractors=tuple(str(number) for number in DISTRACTORS[self.benchmark]),
            iou_threshold=MATCH_IOU,
            ignore_rules=tuple(rules),
        )


@dataclass(frozen=True)
class KittiRules:
    """KITTI 2-D tracking.

    Args:
        classes: of `car` and `pedestrian`, scored one by one.
    """

    classes: tuple[KittiClass, ...] = ("car", "pedestrian")

    def __post_init__(self) -> None:
        for name in self.classes:
            _known("class", name, tuple(KITTI_CLASSES))
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError("classes: expected at least one, and none of them twice")

    def apply(self, truth: Labels, results: Labels, class_name: str) -> Filtered:
        """The rows that count for one class."""
        _known("class", class_name, self.classes)
        return filtering.filter_kitti(truth, results, class_name)  # type: ignore[arg-type]

    def protocol(self) -> Protocol:
        """The rules in words."""
        neighbours = {"car": "van", "pedestrian": "person sitting"}
        return Protocol(
            name="KITTI tracking 2D",
            benchmark="kitti",
            classes=self.classes,
            distractors=tuple(neighbours[name] for name in self.classes),
            iou_threshold=MATCH_IOU,
            ignore_rules=(
                "results on a neighbour class, occlusion > 2 or truncation > 0 are left out",
                "results without match and at most 25 px high are left out",
                "results without match and more than half inside DontCare are left out",
                "truth: neighbour class, occlusion > 2 and truncation > 0 are left out",
            ),
        )


@dataclass(frozen=True)
class PlainRules:
    """Every box counts, whatever its class or flag."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What is scored."""
        return ("object",)

    def apply(self, truth: Labels, results: Labels, class_name: str) -> Filtered:
        """All rows."""
        return filtering.unfiltered(truth, results)

    def protocol(self) -> Protocol:
        """The rules in words."""
        return Protocol(
            name="plain",
            benchmark="none",
            classes=self.classes,
            distractors=(),
            iou_threshold=MATCH_IOU,
            ignore_rules=(),
        )


Rules = MotRules | KittiRules | PlainRules


def _known(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ConfigError(f"{what}: '{name}' is unknown{did_you_mean(name, known)}")
