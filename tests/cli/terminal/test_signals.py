"""Signals of a run: one ends it, wherever it arrives, and further ones change nothing."""

from __future__ import annotations

import os
import signal
import warnings

import pytest

from mohart.cli.terminal.signals import catch_signals


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
