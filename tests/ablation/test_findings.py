from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mohart.ablation.blocks import gather
from mohart.ablation.findings import Findings, find, judge
from mohart.ablation.statistics import Estimate
from mohart.errors import ConfigError

CONTROLS = ("none", "self_only")


def found(make: Any, metric: str = "iou", **options: Any) -> Findings:
    return find(gather(*make(**options)), metric=metric, margin=0.01, references=CONTROLS)


@pytest.mark.slow
def test_effects_are_those_that_were_put_in(make: Any) -> None:
    effects = {(e.variant, e.reference): e for e in found(make).effects_of("forces")}
    assert set(effects) == {
        ("self_only", "none"),
        ("attention", "none"),
        ("attention", "self_only"),
    }
    attention = effects["attention", "none"]
    assert attention.difference.value == pytest.approx(0.05, abs=0.002)
    assert attention.verdict == "better"
    assert effects["attention", "self_only"].difference.value == pytest.approx(0.048, abs=0.002)
    assert effects["self_only", "none"].verdict.endswith("0.01")


@pytest.mark.slow
def test_pairing_takes_out_what_trainings_and_sequences_share(make: Any) -> None:
    findings = found(make)
    mean = findings.means_of("forces")[0].mean
    effect = findings.effects_of("forces")[0].difference
    assert mean.high is not None
    assert effect.high is not None
    assert effect.high - effect.value < 0.1 * (mean.high - mean.value)


@pytest.mark.slow
def test_without_an_effect_variants_are_equal_within_the_margin(make: Any) -> None:
    findings = found(make, effects={})
    assert {e.verdict for e in findings.effects_of("forces")} == {"equal within 0.01"}


@pytest.mark.slow
def test_a_smaller_displacement_is_better(make: Any) -> None:
    findings = found(make, metric="ade")
    effect = findings.effects_of("forces")[1]
    assert effect.variant == "attention"
    assert effect.difference.value < 0
    assert effect.verdict == "better"


def test_strata_hold_the_effects_of_their_objects_alone(make: Any) -> None:
    orders, results = make()
    near = np.array(results[0].objects["neighbours"]) > 0
    changed = [
        replace(r, objects={**r.objects, "iou": (np.array(r.objects["iou"]) + 0.2 * near).tolist()})
        if r.order.variant == "attention"
        else r
        for r in results
    ]
    findings = find(gather(orders, changed), metric="iou", margin=0.01, references=["none"])
    shown = {
        e.part.stratum: e
        for e in findings.effects_of("forces", "neighbours")
        if e.variant == "attention"
    }
    assert list(shown) == ["0", "1", "3+"]
    assert shown["0"].difference.value == pytest.approx(0.05, abs=0.003)
    assert shown["3+"].difference.value == pytest.approx(0.25, abs=0.003)
    assert shown["0"].part.objects == 20


def test_without_references_means_are_shown(make: Any) -> None:
    findings = find(gather(*make(seeds=1)), metric="iou", margin=0.01, references=[])
    assert findings.effects == ()
    first, shown = findings.trait_estimates("forces", "hidden")
    assert first is None
    assert {one.variant for one in shown} == {"none", "self_only", "attention"}


def test_notes_say_what_is_unequal_or_missing(make: Any) -> None:
    orders, results = make(seeds=1)
    longer = replace(results[-1], batches=200, clips=1600)
    other = replace(results[0], versions={"torch": "3"})
    gathered = gather([*orders, replace(orders[0], name="lost")], [other, results[1], longer])
    notes = "\n".join(find(gathered, metric="iou", margin=0.0, references=[]).notes)
    assert "the last 4 of 12 frames were blank" in notes
    assert "forces: one seed: the intervals do not include" in notes
    assert "none has 10% fewer parameters than self_only" in notes
    assert "attention was trained on 1600 clips in 200 batches" in notes
    assert "1 cells are missing: lost." in notes
    assert "not all run with the same versions" in notes
    tracking = [replace(r, order=replace(r.order, horizon=0)) for r in results]
    gathered = gather([r.order for r in tracking], tracking)
    assert "Tracking: boxes given" in find(gathered, metric="iou", margin=0, references=[]).notes[0]


def test_one_training_is_never_told_as_if_it_were_many(make: Any) -> None:
    verdicts = {e.verdict for e in found(make, seeds=1).effects}
    assert all(verdict.endswith(", one training") for verdict in verdicts)


@pytest.mark.parametrize(
    ("low", "high", "higher", "verdict"),
    [
        (0.02, 0.03, True, "better"),
        (0.02, 0.03, False, "worse"),
        (-0.03, -0.02, True, "worse"),
        (0.002, 0.003, True, "better, by less than 0.01"),
        (-0.002, 0.003, True, "equal within 0.01"),
        (-0.02, 0.003, True, "undecided"),
    ],
)
def test_verdicts(low: float, high: float, higher: bool, verdict: str) -> None:
    assert judge(Estimate((low + high) / 2, 0.0, low, high), higher, 0.01) == verdict


def test_without_an_interval_nothing_is_decided() -> None:
    assert judge(Estimate(0.5, None, None, None), True, 0.01) == "undecided"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "iuo"}, "--metric iuo: unknown metric; did you mean 'iou'"),
        ({"margin": -1.0}, "--margin: expected at least 0"),
        ({"references": ["self"]}, "--against self: no such variant"),
    ],
)
def test_errors(make: Any, options: dict[str, Any], message: str) -> None:
    gathered = gather(*make(seeds=1))
    with pytest.raises(ConfigError, match=message):
        find(gathered, **{"metric": "iou", "margin": 0.01, "references": [], **options})
