from __future__ import annotations

import pytest

from mohart.ablation.grid import ALONE, Axis, make_grid, parse_axis, parse_variants
from mohart.errors import ConfigError

RELATION = Axis("model.relation", ("none", "attention"))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=1,2", ("1", "2")),
        (" a.b = x , y ", ("x", "y")),
        ("a.b=[[0, 4]],[[0, 6], [1, 2]]", ("[[0, 4]]", "[[0, 6], [1, 2]]")),
        ("a.b=none,{kind: mlp, width: 8}", ("none", "{kind: mlp, width: 8}")),
        ("a.b='x,y',z", ("'x,y'", "z")),
        ("a.b=one", ("one",)),
    ],
)
def test_values_split_at_commas_outside_of_brackets(text: str, values: tuple[str, ...]) -> None:
    assert parse_axis(text) == Axis("a.b", values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.b", "expected key=value,value"),
        ("=1,2", "expected key=value,value"),
        ("a.b=1,,2", "an empty value"),
        ("a.b=1,2,1", "'1' is there twice"),
        ("train.seed=1,2", "given with --seeds"),
    ],
)
def test_mistakes_in_an_axis(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_axis(text)


def test_every_combination_is_a_cell_and_seeds_come_one_after_the_other() -> None:
    cells = make_grid([RELATION, Axis("data.world.kind", ("free", "forces"))], 3)
    assert len({cell.name for cell in cells}) == len(cells) == 12
    assert [cell.seed for cell in cells] == [0] * 4 + [1] * 4 + [2] * 4
    assert [(c.setting, c.variant) for c in cells[:4]] == [
        ("free", "none"),
        ("free", "attention"),
        ("forces", "none"),
        ("forces", "attention"),
    ]
    assert cells[3].changes == (("model.relation", "attention"), ("data.world.kind", "forces"))
    assert cells[3].name == "model.relation=attention,data.world.kind=forces,seed=0"


def test_what_changes_the_data_is_never_compared() -> None:
    cells = make_grid([Axis("data.objects", ("2", "4")), RELATION], 1)
    assert [(c.setting, c.variant) for c in cells] == [
        ("2", "none"),
        ("2", "attention"),
        ("4", "none"),
        ("4", "attention"),
    ]
    alone = make_grid([Axis("data.objects", ("2", "4"))], 1)
    assert [(c.setting, c.variant) for c in alone] == [("2", ALONE), ("4", ALONE)]


def test_with_one_test_for_all_the_data_can_be_compared() -> None:
    axes = [Axis("data.objects", ("2", "4")), RELATION]
    cells = make_grid(axes, 1, same_test=True)
    assert [(c.setting, c.variant) for c in cells[:2]] == [("none", "2"), ("none", "4")]


def test_named_variants_set_what_they_stand_for() -> None:
    axis = parse_variants(["all", "flat = data.a=0 ; model.b=[1, 2]", "wide=model.hidden=64"])
    assert axis.values == ("all", "flat", "wide")
    assert axis.changes_data
    assert not parse_variants(["wide=model.hidden=64"]).changes_data
    cells = make_grid([axis, Axis("model.claims", ("true",))], 1, same_test=True)
    assert [cell.settings for cell in cells] == [
        (("model.claims", "true"),),
        (("data.a", "0"), ("model.b", "[1, 2]"), ("model.claims", "true")),
        (("model.hidden", "64"), ("model.claims", "true")),
    ]
    assert [cell.variant for cell in cells] == ["all", "flat", "wide"]
    assert cells[0].name == "variant=all,model.claims=true,seed=0"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["=a.b=1"], "with a name of its own"),
        (["x", "x=a.b=1"], "with a name of its own"),
        (["x=a.b"], "'a.b' is no setting such as a.b=c"),
        (["x=a.b="], "'a.b=' is no setting"),
        (["x=train.seed=3"], "'train.seed=3' is no setting"),
    ],
)
def test_mistakes_in_variants(texts: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_variants(texts)


def test_several_other_axes_are_named_in_full() -> None:
    axes = [RELATION, Axis("model.hidden", ("8",)), Axis("data.objects", ("2",))]
    assert make_grid(axes, 1)[0].setting == "model.hidden=8, data.objects=2"


def test_names_are_safe_as_folders_and_stay_distinct() -> None:
    values = ("{kind: mlp, width: 8}", "{kind: mlp; width: 8}", "a/../b", "x" * 300, "x" * 301)
    names = [cell.name for cell in make_grid([Axis("model.relation", values)], 1)]
    assert len(set(names)) == len(values)
    assert all("/" not in name and " " not in name and len(name) <= 160 for name in names)
    assert names == [cell.name for cell in make_grid([Axis("model.relation", values)], 2)[:5]]


@pytest.mark.parametrize(
    ("axes", "seeds", "message"),
    [
        ([], 1, "nothing to vary"),
        ([RELATION], 0, "--seeds: expected at least 1"),
        ([RELATION, RELATION], 1, "'model.relation' is varied twice"),
    ],
)
def test_mistakes_in_a_grid(axes: list[Axis], seeds: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_grid(axes, seeds)
