from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mohart.ablation.blocks import gather
from mohart.ablation.cells import CellFolder, Order
from mohart.ablation.findings import find
from mohart.ablation.grid import Axis, parse_axis, parse_variants
from mohart.ablation.metrics import COLUMNS
from mohart.ablation.tables import to_text
from mohart.assembly import data
from mohart.assembly.ablation import parameter_count, plan_ablation, train_and_test
from mohart.assembly.data import build_batches, build_test
from mohart.assembly.matching import match_relation
from mohart.assembly.model import build_model
from mohart.assembly.weights import load_model
from mohart.config.loader import config_from, load_config
from mohart.config.slots import DeepSetsConfig, MlpConfig, SelfOnlyConfig
from mohart.errors import ConfigError, TrainingError
from mohart.model.forecast import score_objects
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.scene import Scene
from mohart.synth.scenes.strata import STRATA

CONFIGS = Path(__file__).parents[2] / "configs"
SMOKE = CONFIGS / "smoke.yaml"
KINDS = ("none", "mlp", "deepsets", "attention", "sab", "self_only")


def plan(*axes: Axis, changes: tuple[str, ...] = (), **options: Any) -> list[Order]:
    return plan_ablation(SMOKE, changes, axes, **{"seeds": 1, "sequences": 2, **options})


def quiet(_kind: str, _numbers: dict[str, float]) -> None:
    pass


@pytest.mark.slow
@pytest.mark.parametrize("name", ["default.yaml", "toy.yaml", "worlds/forces.yaml"])
def test_relations_with_a_width_are_within_5_percent_of_attention(name: str) -> None:
    config = load_config(CONFIGS / name)
    counts = {}
    for kind in KINDS:
        changed = {"relation": match_relation(config, kind)}
        model = config.model.__class__(**{**vars(config.model), **changed})
        with torch.device("meta"):
            counts[kind] = build_model(model).parameter_count()
    assert counts["self_only"] == counts["attention"]
    for kind in ("mlp", "deepsets", "sab"):
        assert counts[kind] == pytest.approx(counts["attention"], rel=0.05), kind
    assert counts["none"] < counts["attention"]
    wide = match_relation(config, "none", widen_none=True)
    with torch.device("meta"):
        model = build_model(replace(config.model, relation=wide))
    assert model.parameter_count() == pytest.approx(counts["attention"], rel=0.05)


@pytest.mark.slow
def test_the_reference_keeps_what_the_configuration_says() -> None:
    config = load_config(SMOKE)
    assert match_relation(config, "attention") == config.model.relation
    assert match_relation(config, "self_only") == SelfOnlyConfig(width=8, heads=2)
    mlp = match_relation(config, "mlp")
    assert isinstance(mlp, MlpConfig)
    assert (mlp.slots, mlp.shuffle) == (config.data.objects, True)
    pooled = load_config(SMOKE, ["model.relation={kind: deepsets, width: 5, pool: max}"])
    sets = match_relation(pooled, "deepsets")
    assert isinstance(sets, DeepSetsConfig)
    assert sets.pool == "max"
    with pytest.raises(ConfigError, match="is none of none, mlp"):
        match_relation(config, "attn")


def test_the_mlp_gets_its_objects_in_another_order_every_time_it_trains() -> None:
    config = config_from(plan(parse_axis("model.relation=mlp"))[0].config)
    relation = build_model(config.model).cell.relation
    count = config.data.objects
    x, h = torch.randn(1, count, config.model.features), torch.randn(1, count, config.model.hidden)
    alive = torch.ones(1, count, dtype=torch.bool)

    def outcomes() -> int:
        seen = {tuple(relation(x, h, alive).features.flatten().tolist()) for _ in range(20)}
        return len(seen)

    relation.train()
    assert outcomes() == 2  # of two objects' two orders
    relation.eval()
    assert outcomes() == 1


def test_orders_hold_everything_and_survive_json() -> None:
    orders = plan(parse_axis("model.relation=none,{kind: mlp, width: 3}"), seeds=2, horizon=1)
    assert [(o.variant, o.seed) for o in orders] == [
        ("none", 0),
        ("{kind: mlp, width: 3}", 0),
        ("none", 1),
        ("{kind: mlp, width: 3}", 1),
    ]
    mlp = orders[1]
    assert json.loads(json.dumps(mlp.config)) == mlp.config
    relation = {"kind": "mlp", "width": 3, "slots": 16, "shuffle": True}
    assert mlp.config["model"]["relation"] == relation  # written out: taken as it is
    assert (mlp.length, mlp.horizon, mlp.sequences) == (4, 1, 2)
    train = mlp.config["train"]
    assert (train["seed"], train["workers"], train["threads"]) == (0, 0, 1)
    assert parameter_count(mlp) == build_model(config_from(mlp.config).model).parameter_count()


def test_the_horizon_is_that_of_the_training_unless_given() -> None:
    axis = parse_axis("model.relation=none")
    changes = ("loss.forecast=1",)
    assert plan(axis, changes=changes)[0].horizon == 1
    assert plan(axis, changes=changes, horizon=0)[0].horizon == 0


def test_variants_of_a_seed_train_on_the_same_clips_and_all_are_tested_on_the_same() -> None:
    orders = plan(parse_axis("model.relation=none,attention"), seeds=2)
    first, second, other = (config_from(orders[n].config) for n in (0, 1, 2))
    clips = [next(build_batches(config, 0)) for config in (first, second, other)]
    assert torch.equal(clips[0].frames, clips[1].frames)
    assert torch.equal(clips[0].boxes, clips[1].boxes)
    assert not torch.equal(clips[0].boxes, clips[2].boxes)
    tests = [build_test(config, 2, 4)[0] for config in (first, second, other)]
    assert torch.equal(tests[0].frames, tests[1].frames)
    assert torch.equal(tests[0].frames, tests[2].frames)


@pytest.mark.parametrize(
    ("axis", "options", "message"),
    [
        ("model.relatoin=none", {}, "unknown key; did you mean 'relation'"),
        ("model.relation=attn", {}, "'attn' is none of none, mlp"),
        ("model.hidden=8,many", {}, "config.model.hidden: expected int"),
        ("model.hidden=8", {"sequences": 0}, "--sequences: expected at least 1"),
        ("model.hidden=8", {"horizon": 4}, "--horizon 4: expected 0 to 3"),
        ("model.hidden=8", {"horizon": -1}, "--horizon -1"),
        ("loss.forecast=0,1", {}, "would be tested with a horizon of 0 and 1; give one"),
        ("train.validation_length=4,5", {}, "with a length of 4 and 5"),
        ("data.world.kind=free,collide", {}, "data.objects: expected at least 5"),
    ],
)
def test_mistakes_are_found_before_anything_runs(
    axis: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(parse_axis(axis), **options)


@pytest.mark.slow
def test_the_result_is_the_score_of_the_last_averaged_weights(tmp_path: Path) -> None:
    (order,) = plan(parse_axis("model.relation=attention"), changes=("train.optim.ema=0.9",))
    folder = CellFolder(tmp_path)
    outcome = train_and_test(order, folder, device="cpu", report=quiet)
    assert outcome is not None
    result, timings = outcome
    last = load_model(folder.run / "last.safetensors")
    assert last.details["step"] == 3
    clips = build_test(last.config, 2, 4)
    scores = score_objects(last.model, clips, horizon=0)
    assert set(result.objects) == set(COLUMNS)
    assert result.objects["iou"] == [round(s.iou, 6) for s in scores]
    assert len(scores) == 4
    assert (result.batches, result.clips) == (3, 6)
    assert result.parameters == parameter_count(order)
    assert [step for step, _ in result.curve] == [3]
    assert timings["train_seconds"] > 0
    again = train_and_test(order, folder, device="cpu", report=quiet)  # only the test was missing
    assert again is not None
    assert again[0] == result


@pytest.mark.slow
def test_variants_that_differ_in_their_data_are_tested_on_the_same_strata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mohart.assembly.data.STRATA", STRATA[3:5])  # the others take longer
    axis = parse_variants(["all", "flat=data.generator.street=0"])
    orders = plan(axis, sequences=1, test="strata")
    assert [(o.variant, o.setting, o.length, o.horizon) for o in orders] == [
        ("all", "", 60, 0),
        ("flat", "", 60, 0),
    ]
    assert orders[0].config["data"]["generator"]["street"] == 0.5
    assert orders[1].config["data"]["generator"]["street"] == 0
    results = []
    for n, order in enumerate(orders):
        outcome = train_and_test(order, CellFolder(tmp_path / str(n)), device="cpu", report=quiet)
        assert outcome is not None
        results.append(outcome[0])
    assert results[0].test == results[1].test
    names = ["small", "scale"]
    assert results[0].groups == results[1].groups == names
    findings = find(gather(orders, results), metric="iou", margin=0.01, references=["all"])
    strata = {one.part.stratum for one in findings.effects if one.part.trait == "stratum"}
    assert strata == set(names)
    assert "stratum (objects), minus all" in to_text(findings)


def test_strata_have_their_own_length_and_show_every_frame() -> None:
    axis = parse_axis("model.hidden=8,16")
    for options in ({"length": 30}, {"horizon": 2}):
        with pytest.raises(ConfigError, match="--test strata: tracks all frames"):
            plan(axis, test="strata", **options)


def test_widening_none_needs_a_none() -> None:
    with pytest.raises(ConfigError, match="--widen-none has no effect: no variant is"):
        plan(parse_axis("model.relation=mlp,attention"), widen_none=True)
    none, attention = plan(parse_axis("model.relation=none,attention"), widen_none=True)
    assert parameter_count(none) == pytest.approx(parameter_count(attention), rel=0.05)


@pytest.mark.slow
def test_scores_that_are_not_finite_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = plan(parse_axis("model.relation=none"))
    monkeypatch.setattr("mohart.assembly.ablation.score_objects", lambda *_, **__: [])
    with pytest.raises(TrainingError, match="no test object"):
        train_and_test(order, CellFolder(tmp_path), device="cpu", report=quiet)


@pytest.mark.slow
def test_relations_with_options_but_no_width_are_matched_in_size_too() -> None:
    values = ("none", "{kind: mlp, shuffle: false}", "{kind: deepsets, pool: max}", "attention")
    orders = plan(Axis("model.relation", values), widen_none=True)
    relations = [config_from(order.config).model.relation for order in orders]
    assert isinstance(relations[1], MlpConfig)
    assert (relations[1].shuffle, relations[1].slots) == (False, 2)
    assert isinstance(relations[2], DeepSetsConfig)
    assert relations[2].pool == "max"
    counts = [parameter_count(order) for order in orders]
    assert all(count == pytest.approx(counts[-1], rel=0.05) for count in counts)
    given = plan(Axis("model.relation", ("{kind: mlp, width: 3}", "attention")))
    assert config_from(given[0].config).model.relation == MlpConfig(width=3)
    with pytest.raises(ConfigError, match="shufle: unknown key"):
        plan(Axis("model.relation", ("{kind: mlp, shufle: false}",)))


@pytest.mark.slow
def test_clips_that_are_drawn_once_for_all_cells_give_the_same_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    scene = Generator.scene

    def counted(self: Generator, number: int, *rest: Any) -> Scene:
        drawn.append(number)
        return scene(self, number, *rest)

    monkeypatch.setattr(Generator, "scene", counted)
    results, counts = [], []
    for shared in (False, True):
        monkeypatch.setattr(data, "_sharing", shared)
        drawn.clear()
        for order in plan(parse_axis("model.relation=none,attention")):
            folder = CellFolder(tmp_path / f"{shared}" / order.name)
            outcome = train_and_test(order, folder, device="cpu", report=quiet)
            assert outcome is not None
            results.append(outcome[0])
        counts.append(len(drawn))
    assert results[:2] == results[2:]
    assert counts[1] <= counts[0] / 2
