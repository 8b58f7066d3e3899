from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from mohart.errors import ConfigError
from mohart.metrics.compare import compare, format_differences, units
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.labels import Labels
from mohart.metrics.overlap.counts import count_window
from mohart.metrics.overlap.window import WindowOverlap
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


@pytest.mark.slow
def test_a_better_tracker_is_found_better() -> None:
    found = {d.score: d for d in compare(result(0.6), result(0.2))}
    assert found["MOTA"].difference > 10
    low, high = found["MOTA"].low, found["MOTA"].high
    assert low is not None
    assert high is not None
    assert 0 < low < found["MOTA"].difference < high
    assert found["FN"].difference < 0
    assert found["MOTA"].first == pytest.approx(result(0.6)["rows"][-1]["scores"]["MOTA"])


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def init_result(**means: float) -> Any:
    """JSON content of eval init: 9 windows of 3 objects over 6 frames; tracker -> its mean IoU."""
    rows = []
    for tracker, mean in means.items():
        for n in range(9):
            hardness = np.random.default_rng(n).normal(0, 0.2)  # of the window, for all trackers
            noise = np.random.default_rng([n, len(tracker)]).normal(0, 0.05, (6, 3))
            iou = np.clip(mean + hardness + noise, 0, 1)
            iou[0] = np.nan
            fields = count_window(WindowOverlap(iou, np.zeros(iou.shape, bool)))
            rows.append(
                {"tracker": tracker, "class": "object", "sequence": f"v@{n}", "fields": fields}
            )
    names = {row["sequence"]: 6 for row in rows}
    dataset = {"name": "v", "split": "all", "sequences": names, "truth_sha256": "0"}
    return {"protocol": {"name": "initialised"}, "dataset": dataset, "rows": rows}


def test_windows_of_the_initialised_protocol() -> None:
    content = init_result(weak=0.4, strong=0.55)
    found = {d.score: d for d in compare(content, content, trackers=("weak", "strong"))}
    assert list(found) == ["IoU", "succ@.5", "succ@.75", "AUC", "survival"]  # nobody moves
    pairs = [[], []]
    for row in content["rows"]:
        side = pairs[row["tracker"] == "strong"]
        side.append((row["fields"]["iou"], row["fields"]["pairs"]))
    means = [100 * sum(iou for iou, _ in side) / sum(p for _, p in side) for side in pairs]
    assert [found["IoU"].first, found["IoU"].second] == pytest.approx(means, abs=1e-9)
    low, high = found["IoU"].low, found["IoU"].high
    assert low is not None
    assert high is not None
    assert 0 < low < found["IoU"].difference < high
    assert high - low < 10  # a window that is hard for both cancels out; unpaired it is over 20
    lines = format_differences(list(found.values())).splitlines()
    assert next(line for line in lines if line.startswith("IoU")).endswith("*")


def test_one_tracker_needs_no_name() -> None:
    strong = init_result(strong=0.6)
    named = compare(init_result(weak=0.4, other=0.1), strong, trackers=("weak", None), resamples=9)
    assert named == compare(init_result(weak=0.4), strong, resamples=9)


@pytest.mark.parametrize(
    ("trackers", "message"),
    [
        (
            (None, "b"),
            "the first result holds several trackers (a, b); choose with --compare-trackers",
        ),
        (("a", None), "the second result holds several trackers (a, b)"),
        (("a", "c"), "the second result has no tracker 'c'; known: a, b"),
        (("strng", "a"), "the first result has no tracker 'strng'"),
    ],
)
def test_several_trackers_in_a_file(trackers: Any, message: str) -> None:
    content = init_result(a=0.4, b=0.5)
    with pytest.raises(ConfigError) as error:
        compare(content, content, trackers=trackers)
    assert message in str(error.value)


def test_other_windows_are_not_compared() -> None:
    first, second = init_result(a=0.4), init_result(a=0.4)
    second["protocol"] = {"name": "initialised", "benchmark": "windows of 150 frames"}
    with pytest.raises(ConfigError, match="protocols differ in benchmark"):
        compare(first, second)
    second = init_result(a=0.4)
    second["dataset"]["truth_sha256"] = "1"
    with pytest.raises(ConfigError, match="datasets differ in truth_sha256"):
        compare(first, second)
    second = init_result(a=0.4)
    second["rows"][0]["fields"].pop("success")
    with pytest.raises(ConfigError, match=r"counts are damaged \('success'\)"):
        compare(first, second)


def damaged(how: str) -> Any:
    spoiled = result(0.2)
    row = spoiled["rows"][0]
    name = next(iter(row["fields"]))
    many = next(key for key, value in row["fields"].items() if isinstance(value, list))
    match how:
        case "no protocol name":
            del spoiled["protocol"]["name"]
        case "no sequences":
            del spoiled["dataset"]["sequences"]
        case "sequences are a number":
            spoiled["dataset"]["sequences"] = 3
        case "fields are text":
            row["fields"] = "x"
        case "row is a list":
            spoiled["rows"][0] = [1]
        case "rows are an object":
            spoiled["rows"] = {"a": 1}
        case "tracker is a list":
            row["tracker"] = ["a"]
        case "huge":
            row["fields"][name] = 10**400
        case "text":
            row["fields"][name] = "many"
        case "ragged":
            row["fields"][many] = [[1], [1, 2]]
        case "of another length":
            row["fields"][many] = [1, 2]
        case "nested":
            row["fields"][name] = {"a": 1}
    return spoiled


@pytest.mark.parametrize(
    "how",
    [
        *("no protocol name", "no sequences", "sequences are a number", "fields are text"),
        *("row is a list", "rows are an object", "tracker is a list", "huge", "ragged"),
        *("of another length", "nested", "text"),
    ],
)
def test_a_damaged_result_is_named(how: str) -> None:
    with pytest.raises(ConfigError) as error:  # noqa: PT012  whichever of the two finds it
        compare(damaged(how), damaged(how), resamples=3)
        units(damaged(how))
    assert len(str(error.value)) < 300
