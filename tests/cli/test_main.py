"""mohart.cli.main and the parser: exit codes and messages."""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mohart
from mohart.cli import main as cli
from mohart.cli import track
from mohart.errors import ConfigError, FormatError
from mohart.versions import __version__

TRACK = ["track", "x.mp4", "--box", "1,2,3,4"]


def test_alone_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert capsys.readouterr().out.startswith("usage: mohart")
    assert cli.main(["-V"]) == cli.main(["--version"]) == 0
    short, long = capsys.readouterr().out.splitlines()
    assert short == long == f"mohart {__version__}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trak"], "unknown 'trak'; did you mean 'track'?"),
        (["eval", "int"], "unknown 'int'; did you mean 'init'?"),
        ([*TRACK, "--ovrewrite"], "unknown option '--ovrewrite'; did you mean '--overwrite'?"),
        (["track", "x.mp4", "--bxo", "1,2,3,4"], "unknown option '--bxo'; did you mean '--box'?"),
        (["track", "x.mp4"], "nothing to follow; draw boxes with --box or --init, or give --detec"),
        ([*TRACK, "--over"], "unknown option '--over'"),
        ([*TRACK, "y.mp4"], "unexpected argument 'y.mp4'"),
        ([*TRACK, "--frames", "many"], "--frames: invalid int value: 'many'"),
        (["--versoin"], "unknown option '--versoin'; did you mean '--version'?"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert "--help)" in error
    assert error.count("\n") == 1


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    assert "track" in capsys.readouterr().out
    assert cli.main(["track", "--help"]) == 0
    assert "--include-lost" in capsys.readouterr().out
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"mohart {mohart.__version__}\n"


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; from mohart.cli.main import main; main(['--help']); "
        "print([m for m in ('numpy', 'torch', 'cv2', 'av', 'rich') if m in sys.modules])"
    )
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    after = os.times()
    # processor time, not wall time: the machine may be busy with something else
    used = sum(after[2:4]) - sum(before[2:4])
    assert used < 0.5
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (FormatError("a.txt:3: expected\nnumbers"), 2, "error: a.txt:3: expected numbers\n"),
        (
            FormatError(
                "Caught FormatError in DataLoader worker process 0.\n"
                'Original Traceback (most recent call last):\n  File "a.py", line 1, in b\n'
                "mohart.errors.FormatError: a.jpg: broken: x\n"
            ),
            2,
            "error: a.jpg: broken: x\n",
        ),
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/x"),
            2,
            "error: out/x: No space left on device; free some space or choose another disk\n",
        ),
        (
            ZeroDivisionError("oops"),
            2,
            "error: unexpected error: ZeroDivisionError: oops; run again with --debug for details"
            "\n",
        ),
    ],
)
def test_errors_of_verbs(
    error: BaseException,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(track, "run", fail)
    assert cli.main(TRACK) == code
    assert capsys.readouterr().err == message
    assert cli.main([*TRACK, "--debug"]) == code
    assert "Traceback" in capsys.readouterr().err


def test_reader_went_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(track, "run", fail)
    monkeypatch.setattr(sys, "stdout", argparse.Namespace(fileno=lambda: -1, flush=lambda: None))
    assert cli.main(TRACK) == 141


def test_broken_pipe_in_a_real_process() -> None:
    program = (
        "import sys; from mohart.cli import main as m; from mohart.cli import track\n"
        "track.run = lambda args: print('x\\n' * 1000000) or 0\n"
        f"sys.argv = ['mohart', *{TRACK}]; m.entry()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_negative_lists_are_values(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[argparse.Namespace] = []
    monkeypatch.setattr(track, "run", lambda args: seen.append(args) or 0)
    assert cli.main(["track", "x.mp4", "--box", "-5,10,40,90", "--box", "1,2,3,4"]) == 0
    assert seen[0].box == ["-5,10,40,90", "1,2,3,4"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["track", "²", "--box", "1,1,2,2"], "²: no such file or folder, and cameras count from 0"),
        (["track", "3000000000", "--box", "1,1,2,2"], "cameras count from 0 to 99"),
        (["track", "9" * 200, "--box", "1,1,2,2"], "cameras count from 0 to 99"),
        (["track", "x", "--box", "1,1,2,2", "--detector", ":f"], "x: no such file or folder"),
        (["track", "x", "--box", "1,1,2,2", "--threads", "9999"], "--threads: expected 1 to 1024"),
        (["track", "x", "--box", "1,1,2,2", "--frames", "9" * 20], "cannot be meant"),
        (["track", "caf\udce9.mp4", "--box", "1,1,2,2"], "is not UTF-8 text; rename the file"),
        (["track", "a\0b.mp4", "--box", "1,1,2,2"], "is not UTF-8 text; rename the file"),
        (["synth", "out", "--size", "²x²"], "expected two whole numbers"),
        (["synth", "out", "--size", "99999999x99999999"], "--size 99999999x99999999: expected at"),
        (["synth", "out", "--objects", "1:9999"], "--objects 1:9999: expected at most 250"),
        (["synth", "out", "--sequences", "99999999"], "of at most 1000000"),
        (["convert", "a.csv", "b.csv", "--size", "²x1"], "expected width x height"),
    ],
)
def test_odd_but_plain_arguments_are_refused_in_one_line(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "unexpected" not in error


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (SystemExit(0), "error: the run was ended from within by exit(0); nothing is complete"),
        (MemoryError("8 TB"), "error: not enough memory (8 TB); is something in the input far too"),
        (RecursionError("deep"), "error: nested too deeply (deep)"),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "error: not enough memory (",
        ),
        (ConfigError("red \x1b[31m\n\u202e name"), "error: red \\x1b[31m \\u202e name\n"),
        (ConfigError("a" * 10_000), " ... (8000 letters more)"),
    ],
)
def test_how_a_run_may_end(
    raised: BaseException,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(args: object) -> int:
        raise raised

    monkeypatch.setattr(track, "run", fail)
    assert cli.main(TRACK) == 2
    assert message in capsys.readouterr().err
