"""mohart.cli.options.trackers: names and the options they take."""

from __future__ import annotations

import pytest

from mohart.cli.main import build_parser
from mohart.cli.options.trackers import check_tracker_options, parse_trackers
from mohart.errors import ConfigError
from mohart.tracking.baselines.opencv import MODEL_PARTS
from mohart.tracking.catalogue import TRACKERS


def test_help_and_checks_know_the_trackers_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for name in TRACKERS:
        check_tracker_options(name)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["track", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"one of {', '.join(TRACKERS)} (default mohart)" in told
    of_opencv = {name for name, known in TRACKERS.items() if known.opencv and known.options}
    assert of_opencv == set(MODEL_PARTS)


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
