from __future__ import annotations

import sys

import numpy as np
import pytest

from mohart.errors import ConfigError, MissingDataError
from mohart.metrics import counting
from mohart.metrics.evaluate import ScoredSequence, evaluate, truth_hash
from mohart.metrics.labels import Labels
from mohart.metrics.rules import KittiRules, MotRules, PlainRules
from mohart.structures import Tracks


def sequence(name: str, found: int, length: int = 10) -> ScoredSequence:
    """One object in every frame, found in the first so many."""
    box = [[0, 0, 10, 20]]
    return ScoredSequence(
        name=name,
        length=length,
        truth=Labels.from_columns(range(length), [1] * length, box * length),
        results=Labels.from_columns(range(found), [7] * found, box * found),
    )


def test_combined_comes_from_summed_counts() -> None:
    scores = evaluate([sequence("b", 5), sequence("a", 30, 30)], MotRules("mot15"), tracker="t")
    assert [row.sequence for row in scores.rows] == ["a", "b", "COMBINED"]
    values = [row.scores["MOTA"] for row in scores.rows]
    np.testing.assert_allclose(values, [100, 50, 100 * 35 / 40])
    combined = scores.row("pedestrian")
    assert (combined.scores["FN"], combined.scores["MT"], combined.scores["PT"]) == (5, 1, 1)
    assert combined.tracker == "t"
    assert combined.fields["Frames"] == 40
    assert scores.dataset.sequences == {"a": 30, "b": 10}
    with pytest.raises(KeyError):
        scores.row("car")


def test_columns_of_the_issue_are_there() -> None:
    row = evaluate([sequence("a", 5)], PlainRules()).row("object")
    wanted = "HOTA DetA AssA LocA MOTA MOTP IDF1 IDP IDR IDSW Frag MT PT ML FP FN"
    assert list(row.scores)[:16] == wanted.split()
    assert row.scores["MOTP"] == 100
    assert row.scores["IDR"] == 50


def test_from_tracks() -> None:
    truth = Tracks.from_columns([0, 1], [1, 1], [[0, 0, 9, 9]] * 2, ignored=[False, True])
    made = ScoredSequence.from_tracks("a", truth, truth)
    assert made.length == 2
    assert evaluate([made], MotRules("mot15")).row("pedestrian").scores["truths"] == 1


def test_observer_and_progress_see_everything() -> None:
    seen: list[object] = []
    evaluate(
        [sequence("a", 5), sequence("b", 5)],
        KittiRules(),
        observe=lambda class_name, s, kept: seen.append((class_name, s.name, len(kept.truth))),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [
        ("car", "a", 10),
        ("pedestrian", "a", 0),
        (1, 2),
        ("car", "b", 10),
        ("pedestrian", "b", 0),
        (2, 2),
    ]


def test_hash_depends_on_the_truth_and_nothing_else() -> None:
    first = truth_hash([sequence("a", 5)])
    assert first == truth_hash([sequence("a", 6)])
    assert len({first, truth_hash([sequence("b", 5)]), truth_hash([sequence("a", 5, 11)])}) == 3


def test_wrong_input() -> None:
    with pytest.raises(ConfigError, match="different names, got a, a"):
        evaluate([sequence("a", 1), sequence("a", 1)], PlainRules())
    with pytest.raises(ConfigError, match="got none"):
        evaluate([], PlainRules())
    with pytest.raises(ConfigError, match=r"a: the truth has frames 0 to 9, the sequence 0 to 4"):
        ScoredSequence(
            name="a", length=5, truth=sequence("a", 1).truth, results=sequence("a", 1).results
        )


def test_without_trackeval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    counting.trackeval_metrics.cache_clear()
    try:
        with pytest.raises(MissingDataError, match=r"trackeval .*pip install 'mohart\[eval\]'"):
            evaluate([sequence("a", 1)], PlainRules())
    finally:
        counting.trackeval_metrics.cache_clear()
