from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.metrics.compare import compare, format_differences
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.labels import Labels
from mohart.metrics.rules import MotRules


def result(drop: float, *, sequences: int = 8, seed: int = 0, benchmark: Any = "mot15") -> Any:
    """JSON content of a tracker that misses a share of the boxes."""
    made = []
    for n in range(sequences):
        generator = np.random.default_rng([seed, n])
        length = 20 + 5 * n
        frames, box = np.repeat(np.arange(length), 3), [[0, 0, 10, 10]]
        ids = np.tile(np.arange(3), length)
        boxes = np.array(box) + 20 * ids[:, None]
        kept = np.random.default_rng([seed + 1, n]).random(len(ids)) > drop * generator.random()
        truth = Labels.from_columns(frames, ids, boxes)
        made.append(
            ScoredSequence(name=f"s{n}", length=length, truth=truth, results=truth.select(kept))
        )
    return json.loads(json.dumps(evaluate(made, MotRules(benchmark)).to_dict()))


def test_a_better_tracker_is_found_better() -> None:
    found = {d.score: d for d in compare(result(0.6), result(0.2))}
    assert found["MOTA"].difference > 10
    low, high = found["MOTA"].low, found["MOTA"].high
    assert low is not None
    assert high is not None
    assert 0 < low < found["MOTA"].difference < high
    assert found["FN"].difference < 0
    assert found["MOTA"].first == pytest.approx(result(0.6)["rows"][-1]["scores"]["MOTA"])


def test_a_tracker_against_itself() -> None:
    assert {(d.difference, d.low, d.high) for d in compare(result(0.4), result(0.4))} == {(0, 0, 0)}


def test_seeded_and_paired() -> None:
    pair = result(0.6), result(0.2)
    assert compare(*pair, seed=1, resamples=50) == compare(*pair, seed=1, resamples=50)
    assert compare(*pair, seed=1, resamples=50) != compare(*pair, seed=2, resamples=50)
    forward = compare(*pair, seed=1, resamples=50)
    backward = compare(*reversed(pair), seed=1, resamples=50)
    for a, b in zip(forward, backward, strict=True):
        assert a.low is not None
        assert b.high is not None
        assert (a.difference, a.low) == pytest.approx((-b.difference, -b.high))


def test_bootstrap_by_hand() -> None:
    # Two sequences; the trackers differ in one of them. A draw has it 0, 1 or 2 times with
    # probability 1/4, 1/2, 1/4, so the interval reaches from none to twice the difference.
    first, second = result(0.0, sequences=2), result(0.0, sequences=2)
    worse = result(0.9, sequences=2)
    second["rows"][1] = worse["rows"][1]
    found = {d.score: d for d in compare(first, second)}
    assert (found["FN"].low, found["FN"].high) == (0, 2 * found["FN"].difference)


def test_one_sequence_has_no_interval() -> None:
    found = compare(result(0.3, sequences=1), result(0.1, sequences=1))
    assert {(d.low, d.high) for d in found} == {(None, None)}
    assert " -" in format_differences(found)


def test_text() -> None:
    lines = format_differences(compare(result(0.6), result(0.2))).splitlines()
    assert lines[0].split()[:4] == ["pedestrian", "first", "second", "difference"]
    mota = next(line for line in lines if line.startswith("MOTA"))
    assert mota.endswith("*")
    assert " to +" in mota


def changed(change: Any) -> Any:
    content = copy.deepcopy(result(0.2))
    change(content)
    return content


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (result(0.2, benchmark="mot17"), "protocols differ in benchmark ('mot15' and 'mot17')"),
        (result(0.2, sequences=7), "datasets differ in frames"),
        (changed(lambda c: c["dataset"].update(truth_sha256="x")), "datasets differ in truth_sha"),
        (changed(lambda c: c.pop("protocol")), "a result without protocol"),
        (changed(lambda c: c.pop("rows")), "no result of mohart eval --json (it lacks 'rows')"),
        (changed(lambda c: c["rows"][0].pop("fields")), "it lacks 'fields'"),
        (changed(lambda c: c["rows"][0].update(fields={})), "has no counts to draw from"),
        (
            changed(lambda c: c["rows"][0]["fields"].pop("HOTA_TP")),
            "counts are damaged ('HOTA_TP')",
        ),
        (changed(lambda c: c["rows"][0]["fields"].update(IDSW="x")), "counts are damaged"),
        (changed(lambda c: c["rows"].pop(0)), "do not have the same rows"),
        (changed(lambda c: c.update(rows=[])), "has no sequences"),
    ],
)
def test_different_things_are_not_compared(second: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        compare(result(0.2), second)
    assert message in str(error.value)


def test_other_words_for_the_same_data_are_no_difference() -> None:
    compare(result(0.2), changed(lambda c: c["dataset"].update(name="x", split="y")), resamples=1)
    with pytest.raises(ConfigError, match="resamples"):
        compare(result(0.2), result(0.2), resamples=0)
