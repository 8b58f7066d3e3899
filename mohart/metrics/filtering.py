"""Preprocessing of the benchmarks (distractors, ignore regions): which rows count, and why not.

Source: the published rules of MOTChallenge (Milan et al. 2016, sec. 4; `preprocessResult.m`) and of
the KITTI tracking devkit, in the reading of TrackEval 1.3.0 (`mot_challenge_2d_box.py`,
`kitti_2d_box.py`), which decides where the texts are silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mohart.errors import ConfigError, did_you_mean
from mohart.metrics.association import EPS, Mask, Overlaps, assign, overlaps
from mohart.metrics.labels import Labels

Benchmark = Literal["mot15", "mot16", "mot17", "mot20"]
KittiClass = Literal["car", "pedestrian"]

MATCH_IOU = 0.5
PEDESTRIAN = 1
# 2 person on vehicle, 6 non-motorised vehicle, 7 static person, 8 distractor, 12 reflection
DISTRACTORS: Mapping[str, tuple[int, ...]] = {
    "mot15": (),
    "mot16": (2, 7, 8, 12),
    "mot17": (2, 7, 8, 12),
    "mot20": (2, 6, 7, 8, 12),
}
# class and its neighbour: a van is not a wrong car, a sitting person not a wrong pedestrian
KITTI_CLASSES: Mapping[str, tuple[int, int]] = {"car": (1, 2), "pedestrian": (4, 5)}
KITTI_DONT_CARE = 9
MAX_OCCLUDED, MAX_TRUNCATED = 2, 0
MIN_HEIGHT_PX = 25.0
DONT_CARE_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """What remains of a sequence.

    Attributes:
        truth: the rows that are scored.
        results: likewise.
        found: overlaps of those rows.
        ignored: rule -> number of rows it took out; rules about results first.
    """

    truth: Labels
    results: Labels
    found: Overlaps
    ignored: Mapping[str, int]


def filter_mot(truth: Labels, results: Labels, benchmark: Benchmark) -> Filtered:
    """Rows that count under the rules of a MOTChallenge benchmark.

    Results that match a distractor are taken out: the assignment of largest total IoU over all
    boxes of the truth, of any class and flag, from IoU 0.5 on. Of the truth, flagged pedestrians
    remain; what matches any other box is not forgiven. MOT15 has flags only. Visibility is no
    criterion.

    Raises:
        ConfigError: the benchmark is unknown.
    """
    if benchmark not in DISTRACTORS:
        raise ConfigError(
            f"benchmark: '{benchmark}' is unknown{did_you_mean(benchmark, DISTRACTORS)}"
        )
    found = overlaps(truth, results)
    on_distractor = np.zeros(len(results), bool)
    other_class = np.zeros(len(truth), bool)
    if benchmark != "mot15":
        truth_row, result_row = assign(found, MATCH_IOU)
        is_distractor = np.isin(truth.class_id, DISTRACTORS[benchmark])
        on_distractor[result_row[is_distractor[truth_row]]] = True
        other_class = truth.class_id != PEDESTRIAN
    ignored = {
        "result on a distractor": _count(on_distractor),
        "truth not flagged": _count(~truth.flagged & ~other_class),
        "truth of another class": _count(other_class),
    }
    return _keep(truth, results, found, truth.flagged & ~other_class, ~on_distractor, ignored)


def filter_kitti(truth: Labels, results: Labels, class_name: KittiClass) -> Filtered:
    """Rows that count for one class under the rules of KITTI 2-D tracking.

    Of the truth, the class and its neighbour take part in the assignment (largest total IoU, from
    0.5 on). Results are taken out that match a neighbour, an occlusion above 2 or a truncation
    above 0; of those without match, the ones of at most 25 pixels height and the ones of which
    more than half (of their own area) lies in a DontCare region. Those boxes of the truth do not
    count either; height is no criterion for the truth.

    Raises:
        ConfigError: the class is not scored by KITTI.
    """
    if class_name not in KITTI_CLASSES:
        raise ConfigError(
            f"class: '{class_name}' is unknown{did_you_mean(class_name, KITTI_CLASSES)}"
        )
    own, neighbour = KITTI_CLASSES[class_name]
    regions = truth.select(truth.class_id == KITTI_DONT_CARE)
    truth = truth.select(np.isin(truth.class_id, (own, neighbour)))
    results = results.select(results.class_id == own)
    found = overlaps(truth, results)
    truth_row, result_row = assign(found, MATCH_IOU)

    is_neighbour = truth.class_id == neighbour
    is_occluded = (truth.occluded > MAX_OCCLUDED) & ~is_neighbour
    is_truncated = (truth.truncated > MAX_TRUNCATED) & ~is_neighbour & ~is_occluded
    matched = np.zeros(len(results), bool)
    matched[result_row] = True
    on = {}
    for name, rows in (
        ("a neighbour class", is_neighbour),
        ("an occluded box", is_occluded),
        ("a truncated box", is_truncated),
    ):
        on[name] = np.zeros(len(results), bool)
        on[name][result_row[rows[truth_row]]] = True
    height = results.boxes[:, 3] - results.boxes[:, 1]
    is_low = ~matched & (height <= MIN_HEIGHT_PX + EPS)
    in_region = ~matched & ~is_low & (_share_inside(results, regions) > DONT_CARE_SHARE + EPS)

    ignored = {f"result on {name}": _count(rows) for name, rows in on.items()} | {
        "result without match, 25 px or lower": _count(is_low),
        "result without match, in DontCare": _count(in_region),
        "truth of the neighbour class": _count(is_neighbour),
        "truth occluded": _count(is_occluded),
        "truth truncated": _count(is_truncated),
    }
    taken_out = is_low | in_region
    for rows in on.values():
        taken_out |= rows
    counts = ~(is_neighbour | is_occluded | is_truncated)
    return _keep(truth, results, found, counts, ~taken_out, ignored)


def unfiltered(truth: Labels, results: Labels) -> Filtered:
    """Everything counts: no classes, no flags, no regions."""
    everything = np.ones(len(truth), bool), np.ones(len(results), bool)
    return _keep(truth, results, overlaps(truth, results), *everything, {})


def _share_inside(results: Labels, regions: Labels) -> NDArray[np.float64]:
    """[R] largest share of each result's own area that lies in one region of its frame."""
    largest = np.zeros(len(results))
    found = overlaps(regions, results)
    for _, region_row, result_row in found.chunks():
        a, b = results.boxes[result_row], regions.boxes[region_row]
        width = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
        height = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        area = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
        share = np.where(area > EPS, common / np.where(area > EPS, area, 1), 0)
        np.maximum.at(largest, result_row, share)
    return largest


def _keep(
    truth: Labels,
    results: Labels,
    found: Overlaps,
    keep_truth: Mask,
    keep_result: Mask,
    ignored: Mapping[str, int],
) -> Filtered:
    return Filtered(
        truth=truth.select(keep_truth),
        results=results.select(keep_result),
        found=found.keep(keep_truth, keep_result),
        ignored=ignored,
    )


def _count(rows: Mask) -> int:
    return int(rows.sum())
