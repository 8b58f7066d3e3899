"""mohart.cli.terminal.progress without a terminal."""

from __future__ import annotations

import pytest

from mohart.cli.terminal import progress
from mohart.cli.terminal.progress import show_progress


def test_plain_lines_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 1.0, 6.0, 7.0, 12.0])
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


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "0:04"), (61, "1:01"), (3661, "1:01:01")])
def test_clock(seconds: float, text: str) -> None:
    assert progress._clock(seconds) == text
