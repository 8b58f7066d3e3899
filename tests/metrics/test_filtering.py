"""Every rule by hand; tests/parity holds them against TrackEval."""

from __future__ import annotations

from typing import Any

import pytest

from mohart.errors import ConfigError
from mohart.metrics.filtering import filter_kitti, filter_mot, unfiltered
from mohart.metrics.labels import Labels

CAR, VAN, PEDESTRIAN, PERSON, DONT_CARE = 1, 2, 4, 5, 9


def boxes(*lefts: float, height: float = 60) -> list[list[float]]:
    return [[x, 0, x + 40, height] for x in lefts]


def row(x: float, class_id: int = 1, height: float = 60, **more: Any) -> Labels:
    return Labels.from_columns([0], [1], boxes(x, height=height), class_id=[class_id], **more)


@pytest.mark.parametrize(
    ("class_id", "benchmark", "excused"),
    [
        *((number, "mot17", True) for number in (2, 7, 8, 12)),
        *((number, "mot17", False) for number in (1, 3, 4, 5, 6, 9, 10, 11, 13)),
        (6, "mot20", True),
        (6, "mot16", False),
        (7, "mot16", True),
    ],
)
def test_mot_excuses_results_on_distractor_classes(
    class_id: int, benchmark: Any, excused: bool
) -> None:
    kept = filter_mot(row(0, class_id), row(0), benchmark)
    assert len(kept.results) == (not excused)
    assert kept.ignored["result on a distractor"] == excused
    assert len(kept.truth) == (class_id == 1)


def test_mot_does_not_excuse_results_on_pedestrians_that_are_not_flagged() -> None:
    kept = filter_mot(row(0, 1, flagged=[False]), row(0), "mot17")
    assert (len(kept.truth), len(kept.results)) == (0, 1)
    assert kept.ignored["truth not flagged"] == 1


def test_mot_excuses_by_assignment_and_not_by_overlap() -> None:
    # the result overlaps the distractor by 0.6, but it is needed for the pedestrian
    truth = Labels.from_columns([0, 0], [1, 2], boxes(0, 10), class_id=[1, 7])
    assert len(filter_mot(truth, row(0), "mot17").results) == 1
    two = Labels.from_columns([0, 0], [1, 2], boxes(0, 2))
    assert len(filter_mot(truth, two, "mot17").results) == 1
    assert len(filter_mot(row(0, 7), row(21), "mot17").results) == 1  # IoU below 0.5


def test_mot15_has_flags_only() -> None:
    truth = Labels.from_columns(
        [0] * 3, [1, 2, 3], boxes(0, 50, 100), class_id=[7, 1, -1], flagged=[1, 0, 1]
    )
    kept = filter_mot(truth, row(0), "mot15")
    assert (kept.truth.track_id.tolist(), len(kept.results)) == ([1, 3], 1)


def test_kitti_excuses_results_on_neighbours_and_hard_boxes() -> None:
    for truth, rule in (
        (row(0, VAN), "result on a neighbour class"),
        (row(0, CAR, occluded=[3]), "result on an occluded box"),
        (row(0, CAR, truncated=[1]), "result on a truncated box"),
    ):
        kept = filter_kitti(truth, row(0, CAR), "car")
        assert (len(kept.truth), len(kept.results)) == (0, 0)
        assert kept.ignored[rule] == 1
    kept = filter_kitti(row(0, CAR, occluded=[2]), row(0, CAR), "car")
    assert (len(kept.truth), len(kept.results)) == (1, 1)
    kept = filter_kitti(row(0, PERSON), row(0, PEDESTRIAN), "pedestrian")
    assert (len(kept.truth), len(kept.results)) == (0, 0)


def test_kitti_does_not_excuse_results_on_other_classes() -> None:
    for other in (3, 6, 7, 8):
        assert len(filter_kitti(row(0, other), row(0, CAR), "car").results) == 1
    assert len(filter_kitti(row(0, CAR), row(0, VAN), "car").results) == 0  # no car result


@pytest.mark.parametrize(("height", "remains"), [(24, 0), (25, 0), (25.1, 1)])
def test_kitti_leaves_out_low_results_without_match(height: float, remains: int) -> None:
    assert len(filter_kitti(Labels.empty(), row(0, CAR, height), "car").results) == remains
    matched = filter_kitti(row(0, CAR, height), row(0, CAR, height), "car")
    assert (len(matched.truth), len(matched.results)) == (1, 1)


@pytest.mark.parametrize(("x", "remains"), [(0, 0), (19, 0), (20, 1), (30, 1)])
def test_kitti_leaves_out_results_in_regions_by_their_own_area(x: float, remains: int) -> None:
    region = Labels.from_columns([0], [-1], [[-900, -900, 40, 900]], class_id=[DONT_CARE])
    kept = filter_kitti(region, row(x, CAR), "car")
    assert len(kept.results) == remains
    assert kept.ignored["result without match, in DontCare"] == 1 - remains


def test_kitti_regions_are_not_added_up_and_matches_win() -> None:
    halves = Labels.from_columns(
        [0, 0], [-1, -1], [[0, 0, 20, 60], [20, 0, 40, 60]], class_id=[DONT_CARE] * 2
    )
    assert len(filter_kitti(halves, row(0, CAR), "car").results) == 1
    truth = Labels.from_columns([0, 0], [-1, 1], boxes(0, 0), class_id=[DONT_CARE, CAR])
    assert len(filter_kitti(truth, row(0, CAR), "car").results) == 1


def test_unfiltered_keeps_everything() -> None:
    kept = unfiltered(row(0, 13, flagged=[False]), row(5, 9))
    assert (len(kept.truth), len(kept.results), kept.ignored) == (1, 1, {})


def test_errors() -> None:
    with pytest.raises(ConfigError, match="benchmark: 'mot18' is unknown; did you mean"):
        filter_mot(row(0), row(0), "mot18")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="class: 'van' is unknown"):
        filter_kitti(row(0), row(0), "van")  # type: ignore[arg-type]
