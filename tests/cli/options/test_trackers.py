"""mohart.cli.options.trackers: names and the options they take."""

from __future__ import annotations

import pytest

from mohart.assembly.tracker import BY_DETECTION
from mohart.cli.options.trackers import OPTIONS_OF, check_tracker_options, parse_trackers
from mohart.errors import ConfigError
from mohart.tracking.baselines.opencv import CLASSES, NEED_MODEL


def test_agrees_with_the_trackers_there_are() -> None:
    others = {"mohart", "static", "velocity", *BY_DETECTION}
    assert set(CLASSES) == set(OPTIONS_OF) - others
    assert {name for name in CLASSES if OPTIONS_OF[name]} == set(NEED_MODEL)


def test_lists() -> None:
    assert parse_trackers("mohart, static,vit=a/b.onnx") == {
        "mohart": None,
        "static": None,
        "vit": "a/b.onnx",
    }
    assert parse_trackers("nano=a.onnx+b.onnx") == {"nano": "a.onnx,b.onnx"}


def test_labels_tell_models_of_one_tracker_apart() -> None:
    assert parse_trackers("v2:nano=a+b, v3:nano=c+d,csrt") == {
        "v2:nano": "a,b",
        "v3:nano": "c,d",
        "csrt": None,
    }
    with pytest.raises(ConfigError, match="'nano' is there twice; give labels, LABEL:nano=MODEL"):
        parse_trackers("nano=a+b,nano=c+d")
    with pytest.raises(ConfigError, match=r"'\.\./x:nano': expected NAME, or LABEL:NAME"):
        parse_trackers("../x:nano=a+b")
    with pytest.raises(ConfigError, match="unknown tracker 'nanu'"):
        parse_trackers("v2:nanu=a+b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mohrat", "unknown tracker 'mohrat'; did you mean 'mohart'"),
        ("", "unknown tracker ''"),
        ("static,static", "'static' is there twice"),
        ("csrt=x.onnx", r"--model has no effect on tracker 'csrt' \(used by: mohart, vit, nano\)"),
    ],
)
def test_bad_lists(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_trackers(text)


def test_unused_options_are_errors() -> None:
    check_tracker_options("mohart", model="x", relation="none", device="cpu")
    check_tracker_options("csrt", model=None, relation=None)
    with pytest.raises(ConfigError, match="--relation has no effect on tracker 'csrt'"):
        check_tracker_options("csrt", relation="none")
