"""YAML is read strictly: what would be guessed, or would unfold into millions, is refused."""

import time
from pathlib import Path

import pytest

from mohart.config.loader import config_from, load_config, override
from mohart.config.strict_yaml import parse_yaml, read_yaml
from mohart.errors import ConfigError

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"line 3: key 'a' is there twice, first in line 1"),
        ("a: {b: 1, c: 2, b: 1}", r"line 1: key 'b' is there twice"),
        ("a:\n- {b: 1, b: 2}", r"line 2: key 'b' is there twice"),
        (BOMB, r"line 3: aliases that stand for more than 1000 values"),
        ("a: &a [*a]", r"line 1: an alias of something that holds it"),
        ("a: " + "[" * 3000, r"line 1: more than 64 levels deep"),
        ("a: " + "{a: " * 3000, r"line 1: more than 64 levels deep"),
        ("a: 1" + "0" * 400, r"line 1: a number of 401 digits"),
        ("a: 2001-99-99", r"line 1: the value '2001-99-99' is no timestamp"),
        ("a: !!timestamp x", r"line 1: the value 'x' is no timestamp"),
        ("a: !!int x", r"line 1: the value 'x' is no int"),
        ("a: !!float x", r"line 1: the value 'x' is no float"),
        ("\na: !!bool maybe", r"line 2: the value 'maybe' is no bool"),
        ("? [1, 2]\n: 3", r"line 1: a key that is a list or a group"),
        ("a: !!python/object/apply:os.system [ls]", r"line 1: could not determine a constructor"),
        ("a: [1", r"not YAML: line 1: "),
    ],
)
def test_a_trap_is_named_with_its_line(text: str, message: str) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError, match=message) as caught:
        parse_yaml(text)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 2


def test_aliases_and_merged_groups_may_be_used() -> None:
    text = "a: &x {b: 1, c: [2, 3]}\nd: {<<: *x, b: 4}\ne: *x\n"
    assert parse_yaml(text) == {
        "a": {"b": 1, "c": [2, 3]},
        "d": {"b": 4, "c": [2, 3]},
        "e": {"b": 1, "c": [2, 3]},
    }
    assert parse_yaml("") is None


def test_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("train: {steps: 3}\ntrain: {batch: 5}\n")
    with pytest.raises(ConfigError, match=r"c\.yaml: line 2: key 'train' is there twice"):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"cannot be read"):
        read_yaml(tmp_path)


def test_changes_are_read_as_strictly() -> None:
    with pytest.raises(ConfigError, match=r"--set a=\{b: 1, b: 2\}: line 1: key 'b' is there twi"):
        override({}, ["a={b: 1, b: 2}"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"train": {"optim": {"rate": 10**400}}}, r"optim\.rate: a number beyond 9e\+18"),
        ({"train": {"steps": 10**5000}}, r"train\.steps: a number beyond 9e\+18"),
        ({"train": {"optim": {"rate": float("inf")}}}, r"optim\.rate: expected a finite number"),
        ({"train": {"optim": {"clip": float("nan")}}}, r"optim\.clip: expected a finite number"),
        ({"model": {"hidden": 10**9}}, r"model: features, hidden: expected 1 to 65536"),
        ({"model": {"glimpse": {"kind": "bilinear", "size": 8 * 10**6}}}, r"16 to 1024"),
        ({"model": {"encoder": {"kind": "cnn", "blocks": 10**6}}}, r"blocks: expected 0 to 64"),
        ({"x" * 10_000: 1}, r"unknown key"),
        ({"note": ["y" * 10_000]}, r"note: expected str"),
    ],
)
def test_numbers_that_no_setting_can_have_are_named(data: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        config_from(data)
    assert len(str(caught.value)) < 400
