"""Strict configuration: every mistake is named with its path; what is written reads back."""

from pathlib import Path

import pytest
import yaml

import mohart
from mohart.assembly.model import build_model, build_objective
from mohart.config import schema, slots
from mohart.config.loader import (
    config_from,
    dump_config,
    load_config,
    load_resolved,
    override,
    to_dict,
)
from mohart.errors import ConfigError, MissingDataError

CONFIGS = sorted((Path(mohart.__file__).parents[1] / "configs").rglob("*.yaml"))


def test_nothing_given_is_the_recommended_setting() -> None:
    assert config_from({}) == schema.Config()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"modle": {}}, r"config\.modle: unknown key; did you mean 'model'\?"),
        ({"train": {"optim": {"rat": 1.0}}}, r"config\.train\.optim\.rat: unknown key; did you"),
        ({"model": {"zzz": 1}}, r"config\.model\.zzz: unknown key; known: glimpse, "),
        ({3: 4}, r"config\.3: unknown key"),
        ({"train": {"steps": True}}, r"config\.train\.steps: expected int, got True \(bool\)"),
        ({"train": {"steps": 1.0}}, r"config\.train\.steps: expected int, got 1\.0 \(float\)"),
        ({"train": {"steps": None}}, r"config\.train\.steps: expected int, got None"),
        ({"note": 3}, r"config\.note: expected str, got 3 \(int\)"),
        ({"loss": {"learned": 1}}, r"config\.loss\.learned: expected bool, got 1 \(int\)"),
        ({"train": 3}, r"config\.train: expected settings \(key: value\), got 3 \(int\)"),
        ({"train": {"start_from": 3}}, r"config\.train\.start_from: expected str, got 3"),
        ({"loss": {"weights": [1]}}, r"config\.loss\.weights: expected key: value pairs"),
        ({"loss": {"weights": {"box": "x"}}}, r"config\.loss\.weights\.box: expected float"),
        ({"data": {"folders": [{"weight": 1.0}]}}, r"config\.data\.folders\[0\]\.path: missing"),
        (
            {"data": {"folders": 3}},
            r"config\.data\.folders: expected a list, got 3 \(int\); each has keys: path, weight",
        ),
        (
            {"data": {"folders": ["dev"]}},
            r"folders\[0\]: expected settings .*, got 'dev' \(str\); keys: path, weight, valid",
        ),
        ({"data": {"generator": {"objects": [1, 2, 3]}}}, r"objects: expected 2 values, got 3"),
        ({"data": {"generator": {"objects": [1, "a"]}}}, r"objects\[1\]: expected int, got 'a'"),
        ({"model": {"relation": "attn"}}, r"config\.model\.relation\.kind: 'attn' is none of none"),
        ({"model": {"relation": {"heads": 2}}}, r"relation\.kind: missing; expected one of none"),
        ({"model": {"relation": None}}, r"relation\.kind: missing; expected one of none"),
        ({"model": {"relation": {"kind": ["sab"]}}}, r"relation\.kind: .* is none of none"),
        ({"model": {"relation": {"kind": None}}}, r"relation\.kind: .* is none of none"),
        ({"model": {"relation": {"kind": "none", "heads": 2}}}, r"relation\.heads: unknown key"),
        ({"train": {"optim": {"kind": "sgd"}}}, r"optim\.kind: 'sgd' \(str\) is none of adamw, rm"),
        ({"train": {"lengths": [[0.1, 4]]}}, r"config\.train: train\.lengths: .* start at 0"),
        ({"train": {"lengths": []}}, r"config\.train: train\.lengths: .* start at 0"),
        ({"train": {"lengths": [[0.0, 1]]}}, r"a clip has at least 2 frames"),
        ({"data": {"generated": 0.0}}, r"config\.data: .*all weights are 0"),
        ({"data": {"world": "fre"}}, r"config\.data\.world\.kind: 'fre' is none of free, coll"),
        ({"data": {"world": {"kind": "free", "shake": 1}}}, r"world\.shake: unknown key; known"),
        ({"data": {"world": {"kind": "recorded"}}}, r"config\.data\.world\.folder: missing"),
        ({"model": {"encoder": {"kind": "efficientnet", "width": 20}}}, r"width: expected a mult"),
        ({"data": {"collage": {}}}, r"config\.data\.collage\.folder: missing"),
        ({"data": {"collage": "pictures"}}, r"config\.data\.collage: expected settings"),
        ({"data": {"collage": {"folder": "a", "part": 1.0}}}, r"collage\.part: unknown key"),
        ({"data": {"collage": {"folder": "a", "parts": 2.0}}}, r"collage: parts: expected 0 to 1"),
        ({"data": {"collage": {"folder": "a", "size": [3.0, 9.0]}}}, r"size: expected 7 <= low"),
        ({"loss": {"forecast": -1}}, r"config\.loss: forecast: expected at least 0"),
    ],
)
def test_every_mistake_is_named_with_its_path(data: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_from(data)


def test_the_yaml_trap_of_1e_3_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("train: {optim: {rate: 1e-3}}")
    with pytest.raises(ConfigError, match=r"rate: expected float, got '1e-3' \(str\).*1\.0e-3"):
        load_config(file)
    file.write_text("train: {optim: {rate: 1.0e-3, clip: 2}}")
    config = load_config(file)
    assert config.train.optim.rate == 1e-3
    assert config.train.optim.clip == 2.0
    assert type(config.train.optim.clip) is float


def test_a_kind_alone_may_be_written_short() -> None:
    short = config_from({"model": {"relation": "deepsets"}})
    assert short == config_from({"model": {"relation": {"kind": "deepsets"}}})
    assert short.model.relation == slots.DeepSetsConfig()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (["train.steps=7"], {"train": {"steps": 7, "batch": 2}, "model": {"relation": "sab"}}),
        (["note=hello"], {"note": "hello"}),
        (["data.folders=[{path: a}]"], {"data": {"folders": [{"path": "a"}]}}),
        (["a.b.c=1.0e-3", "a.b.d=x=y"], {"a": {"b": {"c": 1e-3, "d": "x=y"}}}),
    ],
)
def test_override_changes_one_value(changes: list[str], expected: dict[str, object]) -> None:
    data = {"train": {"steps": 5, "batch": 2}, "model": {"relation": "sab"}}
    out = override(data, changes)
    assert {key: out[key] for key in expected} == expected


def test_a_new_kind_drops_the_settings_of_the_old_one_and_the_same_kind_keeps_them() -> None:
    old = {"model": {"relation": {"kind": "attention", "heads": 2}}}
    same = override(
        {"model": {"relation": {"kind": "attention", "heads": 2}}},
        ["model.relation.kind=attention"],
    )
    assert config_from(same).model.relation == slots.AttentionConfig(heads=2)
    changed = override(old, ["model.relation.kind=deepsets", "model.relation.pool=max"])
    assert config_from(changed).model.relation == slots.DeepSetsConfig(pool="max")


@pytest.mark.parametrize(
    ("changes", "relation"),
    [
        (["model.relation=deepsets"], slots.DeepSetsConfig()),
        (["model.relation.kind=deepsets"], slots.DeepSetsConfig()),
        (["model.relation.heads=2"], slots.AttentionConfig(heads=2)),
    ],
)
def test_the_short_form_in_a_file_can_be_overridden_like_the_long_one(
    changes: list[str], relation: object
) -> None:
    data = override({"model": {"relation": "attention"}}, changes)
    assert config_from(data).model.relation == relation


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("train.steps", "expected key=value"),
        ("=3", "expected key=value"),
        ("note.x=3", "'note' is not a group of settings"),
        ("train.steps=[1", "train.steps"),
        ("train.steps=a: b: c", "train.steps"),
    ],
)
def test_a_broken_override_is_named(change: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"--set .*{message}|--set {message}"):
        override({"note": "text"}, [change])


def test_every_setting_survives_the_way_to_yaml_and_back(tmp_path: Path) -> None:
    config = config_from(
        {
            "model": {
                "relation": {"kind": "sab", "heads": 2},
                "glimpse": "gaussian",
                "heads": "direct",
            },
            "data": {
                "folders": [{"path": "a/b", "weight": 2}, {"path": "ü"}],
                "world": {"kind": "forces", "recolour": 1},
            },
            "train": {"lengths": [[0, 4], [0.5, 9]], "start_from": "w.safetensors"},
            "loss": {"weights": {"log_iou": 1}, "jitter": [0, 0.1]},
            "note": "yes: it's 1e-3 # ü",
        }
    )
    assert config_from(to_dict(config)) == config
    file = tmp_path / "config.yaml"
    file.write_text(dump_config(config), encoding="utf-8")
    assert load_resolved(file) == config


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, MissingDataError, r"c\.yaml: no such configuration"),
        (b"a: [1", ConfigError, r"c\.yaml: not YAML"),
        (b"\xff\xfe\x00", ConfigError, r"c\.yaml: not YAML"),
        (b"- 1\n- 2", ConfigError, r"c\.yaml: .*expected settings"),
        (b"just text", ConfigError, r"c\.yaml: .*expected settings"),
        (b"train: {stepz: 1}", ConfigError, r"c\.yaml: config\.train\.stepz: unknown key"),
    ],
)
@pytest.mark.parametrize("changes", [[], ["train.steps=3"]])
def test_a_file_that_can_not_be_read_is_named(
    tmp_path: Path, text: bytes | None, error: type[Exception], message: str, changes: list[str]
) -> None:
    file = tmp_path / "c.yaml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(error, match=message):
        load_config(file, changes)


def test_an_empty_file_is_the_recommended_setting_and_takes_overrides(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("# nothing\n")
    assert load_config(file) == schema.Config()
    assert load_config(file, ["train.steps=3"]).train.steps == 3
    with pytest.raises(ConfigError, match=r"\.yaml with --set: config\.train\.stepz: unknown key"):
        load_config(file, ["train.stepz=3"])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_every_shipped_configuration_loads_and_its_model_builds(path: Path) -> None:
    config = load_config(path)
    assert build_model(config.model).parameter_count() > 10_000
    build_objective(config)
    assert config_from(yaml.safe_load(dump_config(config))) == config
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


def test_the_default_configuration_is_among_the_shipped_ones() -> None:
    assert "default" in [path.stem for path in CONFIGS]


def test_an_unknown_loss_term_is_refused_when_the_loss_is_built() -> None:
    config = config_from({"loss": {"weights": {"boxx": 1.0}}})
    with pytest.raises(ConfigError, match="'boxx' is unknown; did you mean 'box'"):
        build_objective(config)


@pytest.mark.parametrize(
    "setting",
    [
        "model.relation={kind: attention, width: 128, heads: 3}",
        "model.relation={kind: sab, heads: 0}",
        "model.relation={kind: mlp, slots: 0}",
        "model.encoder={kind: cnn, width: 24}",
        "model.glimpse={kind: bilinear, size: 20}",
        "model.glimpse={kind: gaussian, min_sigma: 0.0}",
        "model.appearance={kind: correlation, channels: 20}",
        "model.heads={kind: localise, width: 20}",
        "model.hidden=0",
        "model.zoneout=1.5",
        "train.batch=0",
        "train.chunk=0",
        "train.validation_clips=0",
        "train.validation_length=1",
        "train.validate_every=0",
        "loss.weights={}",
        "loss.blackout=1.5",
        "train.optim.rate=-1.0",
        "train.optim.rate=.nan",
        "data.objects=0",
        "data.span=1",
        "data.folders=[{path: a, weight: -0.5}]",
    ],
)
def test_values_that_can_not_work_are_refused_when_the_file_is_read(setting: str) -> None:
    with pytest.raises(ConfigError):
        config_from(override({}, [setting]))
