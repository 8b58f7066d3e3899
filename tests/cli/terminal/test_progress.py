"""mohart.cli.terminal.progress without a terminal."""

from __future__ import annotations

import pytest

from mohart.cli.terminal import progress
from mohart.cli.terminal.progress import open_display, show_progress
from mohart.cli.terminal.training import report_training


def test_plain_lines_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.0, 1.0, 1.0, 6.0, 6.0, 7.0, 7.0, 12.0, 12.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    with show_progress("tracking clip") as report:
        report(10, 400)
        report(60, 400)
        report(70, 400)
        report(120, None)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "tracking clip: 60 of 400 frames (15%), 10.0/s, 0:34 left\n"
        "tracking clip: 120 frames, 10.0/s\n"
    )


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with show_progress("tracking clip") as report:
        for done in range(1, 4):
            report(done, 3)
    assert capsys.readouterr().out == ""


def test_a_display_inside_another_shares_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rich allows one live line; cells of an ablation report training inside its own progress."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with open_display() as outer:
        outer.show("cells 0 of 1", 0.0)
        with report_training(4) as report:
            report("step", {"step": 2, "loss": 0.5, "iou": 0.25})
            report("validation", {"step": 2, "iou": 0.5, "iou_last": 0.5, "static": 0.25})
        outer.tell("failed: one")
    said = capsys.readouterr().err
    assert "step 2/4 loss 0.500 IoU 0.250" in said
    assert "step 2: validation IoU 0.500" in said
    assert said.rindex("failed: one") > said.index("validation IoU")


def test_a_training_says_every_report_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with report_training(4) as report:
        report("step", {"step": 1, "loss": 0.75})
        report("step", {"step": 2, "loss": 0.5})
    first, second = capsys.readouterr().err.splitlines()
    assert first == "step 1/4 loss 0.750 IoU 0.000"  # at which rate nobody knows yet
    assert " steps/s, left 0:" in second
