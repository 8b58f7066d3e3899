"""Names of shipped weights: what they mean, and that those of `fast` do what a tracker shall."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import mohart
from mohart.assembly.engines import build_engine
from mohart.assembly.tracker import build_tracker
from mohart.assembly.weights import load_model
from mohart.boxes import iou
from mohart.cli.main import main
from mohart.errors import MissingDataError
from mohart.formats.mot.annotation import read_mot_annotation
from mohart.training.checkpoint import load_checkpoint
from mohart.video import open_source
from mohart.weights.names import FOLDER, NAMES, shipped_name, weights_file, weights_label

SAMPLE = Path(mohart.__file__).parents[1] / "datasets" / "samples" / "synth-0080"


def test_a_name_means_what_is_shipped_whatever_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*NAMES, "mine"):
        (tmp_path / name).mkdir()
    assert [shipped_name(asked) for asked in (None, "shipped", "default", "fast")] == [
        *("default", "default", "default", "fast")
    ]
    assert weights_file("fast") == FOLDER / "fast.safetensors"
    assert weights_file() == weights_file("default") == FOLDER / "default.safetensors"
    for asked in ("./fast", "mine", "fast.safetensors", "a/fast", Path("fast")):
        assert shipped_name(asked) is None
        assert weights_file(asked) == Path(asked)
        assert weights_label(asked) == str(asked)
    assert [weights_label(asked) for asked in (None, "default", "fast")] == [
        *("shipped", "shipped", "shipped: fast")
    ]
    with pytest.raises(
        MissingDataError, match=r"^\./fast: no such weights; expected default, fast,"
    ):
        load_model("./fast")


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("fsat", "did you mean 'fast'?"),
        ("FAST", "did you mean 'fast'?"),
        ("huge", "known: default, fast"),
    ],
)
def test_another_word_is_told(asked: str, hint: str) -> None:
    with pytest.raises(MissingDataError) as caught:
        build_tracker(model=asked)
    assert str(caught.value) == (
        f"{asked}: no such weights; expected a .safetensors file or a name; {hint}"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["track", str(SAMPLE), "--box", "1,2,9,9", "-o", "out", "--model"],
        ["inspect", str(SAMPLE), "--box", "1,2,9,9", "-o", "out", "--model"],
        ["eval", "init", "--source", str(SAMPLE), "--gt", str(SAMPLE / "gt/gt.txt"), "--model"],
        ["bench", "--strata", "fast", "--sequences", "1", "--trackers", "mohart", "--model"],
        ["bench", "speed", "--objects", "1", "--model"],
        ["tune", str(SAMPLE.parent), "-o", "out", "--model"],
        ["app", "--folder", "data", "--model"],
        ["export", "-o", "step.onnx"],
        ["probe", "-o", "out"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]).partition(" /")[0],
)
def test_commands_tell_it_in_one_line(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "fsat"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "fsat: no such weights; expected a" in line
    assert line.endswith("did you mean 'fast'?")


def test_an_empty_text_is_told() -> None:
    with pytest.raises(MissingDataError, match=r"expected default, fast, .+; got an empty text"):
        load_model(" ")


def test_of_many_videos_none_is_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos = tmp_path / "videos"
    for name in ("a", "b"):
        (videos / name).mkdir(parents=True)
        shutil.copy(SAMPLE / "img1.mp4", videos / name / "img1.mp4")
    out = tmp_path / "out"
    many = ["track", str(videos), "--detections", "motion", "-o", str(out), "--model"]
    assert main([*many, "fsat"]) == 2
    assert "fsat: no such weights" in capsys.readouterr().err
    assert not out.exists()


def test_headers_know_no_machine() -> None:
    for name in NAMES:
        about = load_checkpoint(weights_file(name)).about
        assert json.loads(weights_file(name).with_suffix(".json").read_text()) == about
        for text in _texts(about["config"]):
            assert not Path(text).is_absolute(), (name, text)


def _texts(content: object) -> list[str]:
    if isinstance(content, (dict, list)):
        inside = content.values() if isinstance(content, dict) else content
        return [text for item in inside for text in _texts(item)]
    return [content] if isinstance(content, str) else []


def test_fast_is_a_smaller_network() -> None:
    model = load_model("fast").config.model
    assert (model.glimpse.size, model.appearance.template) == (48, 6)  # type: ignore[union-attr]


@pytest.mark.slow
def test_fast_follows_the_sample_nearly_as_well() -> None:
    usual, fast = (_overlap(name) for name in NAMES)
    assert usual > 0.8
    assert fast > usual - 0.1  # 0.884, the default 0.887, when it was first shipped


def _overlap(name: str, frames: int = 25) -> float:
    """Mean IoU with the truth of everybody who is in the first frame."""
    truth = read_mot_annotation(SAMPLE / "gt" / "gt.txt", kind="gt").tracks
    first = truth.at(0)
    tracker = build_tracker(model=name, device="cpu", threads=1)
    found = []
    with open_source(SAMPLE / "img1.mp4") as source:
        for t, frame in zip(range(frames), source, strict=False):
            if t == 0:
                tracker.init(frame, first.boxes, first.track_id)
                continue
            said, now = tracker.update(frame), truth.at(t)
            row = {int(n): k for k, n in enumerate(said.tracker_id)}
            for n, box in zip(now.track_id.tolist(), now.boxes, strict=True):
                if n in row:
                    found.append(float(iou(said.xyxy[row[n]].astype(float), box)))
    return float(np.mean(found))


@pytest.mark.slow
def test_a_run_of_fast_goes_on_with_fast(tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("8,1,270,284,29,68\n")
    run = ["track", str(SAMPLE), "--no-video", "--frames", "10", "--box", "269,284,29,68"]
    assert main([*run, "--model", "fast", "-o", str(tmp_path / "out")]) == 0
    before = json.loads((tmp_path / "out" / "run.json").read_text())
    assert before["options"]["model"] == "fast"
    assert before["model"]["weights"] == "shipped: fast"
    later = ["--init", str(tmp_path / "later.csv")]
    assert main(["track", "--resume", str(tmp_path / "out"), *later]) == 0
    after = json.loads((tmp_path / "out" / "run.json").read_text())
    assert after["model"] == before["model"]
    assert after["model"]["sha256"] != load_model().details["sha256"]


@pytest.mark.slow
def test_a_run_goes_on_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    shutil.copy(weights_file("fast"), here / "mine.safetensors")
    (there / "later.csv").write_text("4,1,270,284,29,68\n")
    monkeypatch.chdir(here)
    run = ["track", str(SAMPLE), "--no-video", "--frames", "5", "--box", "269,284,29,68"]
    assert main([*run, "--model", "mine.safetensors", "-o", str(tmp_path / "out")]) == 0
    monkeypatch.chdir(there)
    assert main(["track", "--resume", str(tmp_path / "out"), "--init", "later.csv"]) == 0
    said = json.loads((tmp_path / "out" / "run.json").read_text())
    assert said["model"]["sha256"] == load_model("fast").details["sha256"]


@pytest.mark.slow
def test_fast_in_whole_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    loaded = load_model("fast")
    engine, said = build_engine("onnx", loaded, torch.device("cpu"), precision="int8")
    assert said["precision"] == "int8"
    assert 1e-3 < float(engine.metadata["distance_px"]) < 2  # type: ignore[attr-defined]
