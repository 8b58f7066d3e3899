"""mohart.cli.options.engines: what a tracker is built with."""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from mohart.cli.options.engines import add_engine_options, chosen_engine


@pytest.mark.parametrize(
    ("words", "alone", "threads", "crowd"),
    [([], True, 1, 4), ([], False, 1, 1), (["--threads", "3"], True, 3, 1)],
)
def test_cores_are_shared_where_nothing_else_is_tracked(
    monkeypatch: pytest.MonkeyPatch, words: list[str], alone: bool, threads: int, crowd: int
) -> None:
    monkeypatch.setattr("mohart.cores.usable_cores", lambda: 8)
    parser = ArgumentParser()
    add_engine_options(parser)
    chosen = chosen_engine(parser.parse_args(words), alone=alone)
    assert (chosen["threads"], chosen["crowd_threads"]) == (threads, crowd)
    assert (chosen["device"], chosen["engine"], chosen["precision"]) == ("auto", "auto", "float32")
