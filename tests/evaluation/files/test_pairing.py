"""Which results belong to which truth; MOT17's detectors above all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.evaluation.files.pairing import ResultFiles, pair_files

DETECTORS = ("DPM", "FRCNN", "SDP")


def pair(truths: list[str], results: list[str], *, allow_unknown: bool = False) -> ResultFiles:
    return pair_files(
        {name: Path(f"gt/{name}/gt.txt") for name in truths},
        {name: Path(f"mine/{name}.txt") for name in results},
        allow_unknown=allow_unknown,
    )


def table(found: ResultFiles) -> dict[str, str | None]:
    return {s.name: s.results.stem if s.results else None for s in found.sequences}


def all_of(*videos: str) -> list[str]:
    return [f"MOT17-{video}-{detector}" for video in videos for detector in DETECTORS]


def test_by_name() -> None:
    found = pair(["B", "A", "C"], ["A", "B"])
    assert table(found) == {"A": "A", "B": "B", "C": None}
    assert (found.problems, found.notes) == ((), ())


def test_one_file_for_one_sequence_may_have_any_name() -> None:
    assert table(pair(["TUD-Campus"], ["tracks"])) == {"TUD-Campus": "tracks"}
    for truth, results in (("0001", "0002"), ("MOT17-02-DPM", "MOT17-04-DPM")):
        assert table(pair([truth], [results])) == {truth: None}


def test_unknown_results_are_a_problem_unless_allowed() -> None:
    problem = pair(["TUD-Campus", "B"], ["TUD-campus", "B"]).problems[0]
    assert "results for 'TUD-campus', but the truth has no such sequence" in problem.what
    assert "did you mean 'TUD-Campus'" in problem.fix
    assert pair(["A", "B"], ["C", "B"], allow_unknown=True).problems == ()


@pytest.mark.parametrize("detector", DETECTORS)
def test_results_of_one_detector_are_scored_on_its_sequences(detector: str) -> None:
    names = [f"MOT17-{video}-{detector}" for video in ("02", "04")]
    found = pair(all_of("02", "04"), names)
    assert table(found) == {name: name for name in names}
    assert found.notes == (f"scored on the {detector} sequences, which the results are for",)
    assert found.problems == ()


def test_all_detectors() -> None:
    assert len(table(pair(all_of("02", "04"), all_of("02", "04")))) == 6
    two = [name for name in all_of("02", "04") if "SDP" not in name]
    assert sorted(table(pair(all_of("02", "04"), two))) == sorted(two)


def test_mixed_detectors_are_refused() -> None:
    found = pair(all_of("02", "04"), ["MOT17-02-DPM", "MOT17-04-SDP"])
    assert "mix detectors of MOT17 (DPM: MOT17-02; SDP: MOT17-04)" in found.problems[0].what
    assert None in table(found).values()
    partly = pair(all_of("02", "04"), [*all_of("02"), "MOT17-04-SDP"])
    assert "mix detectors" in partly.problems[0].what


def test_results_without_detector() -> None:
    found = pair(all_of("02", "04"), ["MOT17-02", "MOT17-04"])
    assert table(found) == {"MOT17-02-FRCNN": "MOT17-02", "MOT17-04-FRCNN": "MOT17-04"}
    assert found.notes == ("results name no detector; scored on the FRCNN sequences",)
    one = pair(["MOT17-02-SDP", "MOT17-04-SDP"], ["MOT17-02", "MOT17-04"])
    assert table(one) == {"MOT17-02-SDP": "MOT17-02", "MOT17-04-SDP": "MOT17-04"}
    assert one.problems == ()


def test_truth_without_detector() -> None:
    found = pair(["MOT17-02", "MOT17-04"], ["MOT17-02-DPM", "MOT17-04-DPM"])
    assert table(found) == {"MOT17-02": "MOT17-02-DPM", "MOT17-04": "MOT17-04-DPM"}
    several = pair(["MOT17-02", "MOT17-04"], all_of("02", "04"))
    assert set(table(several).values()) == {None}
    assert len(several.problems) == 6


def test_results_of_another_detector() -> None:
    found = pair(["MOT17-02-SDP", "MOT17-04-SDP"], ["MOT17-02-DPM", "MOT17-04-DPM"])
    assert set(table(found).values()) == {None}
    assert len(found.problems) == 2
