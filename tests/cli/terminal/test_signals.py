"""Signals of a run: one ends it, wherever it arrives, and further ones change nothing."""

from __future__ import annotations

import os
import signal
import warnings

import pytest

from mohart.cli.main import main
from mohart.cli.terminal.signals import catch_signals, interruptible
from mohart.session.interruption import Ending


class Noisy:
    """A signal arrives while this is destroyed, where no exception can be passed on."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_is_lost_in_a_destructor_comes_with_the_next_frame() -> None:
    with warnings.catch_warnings(), catch_signals() as signals:
        warnings.simplefilter("ignore")
        Noisy()
        with pytest.raises(KeyboardInterrupt), signals.hold():
            pytest.fail("the run went on")


def test_inside_a_block_it_waits_for_the_end() -> None:
    done = []

    def write() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("written")

    with catch_signals() as signals, pytest.raises(KeyboardInterrupt), signals.hold():
        write()
    assert done == ["written"]


def test_a_second_one_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    with catch_signals() as signals:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        signals.close()
    assert "results are being written" in capsys.readouterr().err


def replaced(number: int) -> None:
    """A library in which a signal becomes another error."""
    try:
        os.kill(os.getpid(), number)
    except KeyboardInterrupt:
        raise TypeError("could not determine the shape") from None


def test_one_that_a_library_made_an_error_of_is_one_all_the_same() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with pytest.raises(KeyboardInterrupt), catch_signals():
            replaced(number)
        with pytest.raises(KeyboardInterrupt), interruptible():
            replaced(number)
    for block in (catch_signals, interruptible):
        with pytest.raises(TypeError), block():
            raise TypeError("not a signal")


def test_so_it_is_while_frames_are_followed() -> None:
    ending = Ending()
    with catch_signals() as signals:
        try:
            replaced(signal.SIGTERM)
        except TypeError as error:
            ending.explain(7, error, signals)
        signals.close()
    assert ending == Ending(interrupted=True)
    with catch_signals() as signals:
        ending.explain(7, ValueError("odd"), signals)
    assert ending.failure == "stopped in frame 8: ValueError: odd"


def test_an_error_behind_a_signal_that_was_taken_in_is_an_error() -> None:
    def fail() -> None:
        with catch_signals() as signals:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
            signals.close()
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        fail()


def test_every_verb_ends_by_a_signal_as_by_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
    for number in (signal.SIGTERM, signal.SIGHUP):
        monkeypatch.setattr("mohart.cli.doctor.run", lambda _, n=number: os.kill(os.getpid(), n))
        assert main(["doctor"]) == 130
        assert capsys.readouterr().err == "error: interrupted\n"
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)] == before


def test_who_ignores_them_goes_on_ignoring_them() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_forked_process_ends_by_them_as_usual() -> None:
    with warnings.catch_warnings(), interruptible():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
