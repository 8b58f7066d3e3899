"""`mohart doctor`: a line per thing, an exit code, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mohart.assembly import doctor
from mohart.cli.main import main
from mohart.errors import OutputError


@pytest.mark.slow
def test_it_tracks_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "reads video   h264" in said
    assert "mean IoU 0." in said
    assert said.rstrip().endswith("all is well")


def test_json_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--no-test", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["works"] is True
    whats = [finding["what"] for finding in content["findings"]]
    assert {"opencv", "writes video", "threads", "GPU", "cache", "extras"} <= set(whats)
    assert "self test" not in whats


@pytest.mark.slow
def test_without_the_sample_two_blocks_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "SAMPLE", tmp_path)
    found = doctor.self_test()
    assert found.state == "ok", found
    assert "two moving blocks" in found.said


def test_what_is_broken_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "CODEC", "no_such_codec")
    assert main(["doctor", "--no-test"]) == 1
    said = capsys.readouterr().out
    assert "X writes video  PyAV has no no_such_codec" in said
    assert "--only-binary av av" in said
    assert "broken: see the lines with X" in said


def test_a_test_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> tuple[float, str]:
        raise OutputError("no\nspace")

    monkeypatch.setattr(doctor, "_track_sample", fail)
    monkeypatch.setattr(doctor, "_track_blocks", fail)
    assert doctor.self_test().state == "broken"
    assert doctor.self_test().said == "no space"
    for name in ("_track_sample", "_track_blocks"):
        monkeypatch.setattr(doctor, name, lambda: (0.1, "torch"))
    assert "expected 0.5 at least" in doctor.self_test().said


def test_packages_that_clash_and_a_cache_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = {"opencv-python": "5.0", "opencv-contrib-python": "5.1"}
    monkeypatch.setattr(doctor, "_version", lambda name: numbers.get(name, ""))
    found = {finding.what: finding for finding in doctor.examine(test=False)}
    assert found["opencv"].state == "note"
    assert "overwrite each other" in found["opencv"].said
    assert found["opencv"].fix.endswith("--no-deps opencv-contrib-python==5.0")
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    found = {finding.what: finding for finding in doctor.examine(test=False)}
    assert "set XDG_CACHE_HOME" in found["cache"].fix


@pytest.mark.parametrize(("laid_over", "state"), [(True, "ok"), (False, "note")])
def test_a_larger_opencv_over_the_plain_one_is_fine_where_it_is_on_top(
    laid_over: bool, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "5.0" if name in doctor.CV2[:2] else "")
    if laid_over:
        monkeypatch.setattr(doctor.cv2, "TrackerCSRT", object, raising=False)
    else:
        monkeypatch.delattr(doctor.cv2, "TrackerCSRT", raising=False)
    (found,) = [finding for finding in doctor.examine(test=False) if finding.what == "opencv"]
    assert found.state == state
    assert ("was overwritten" in found.said) is not laid_over
