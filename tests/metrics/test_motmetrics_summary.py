"""The summary equals motmetrics' own, made with its own reader and distances."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import motmetrics
import numpy as np
import pytest

from mohart.errors import MissingDataError
from mohart.formats.mot.tracks import read_mot
from mohart.metrics.filtering import Filtered, unfiltered
from mohart.metrics.labels import Labels
from mohart.metrics.motmetrics_summary import METRICS, format_summary, summarise


def official(monkeypatch: pytest.MonkeyPatch, pairs: dict[str, tuple[Path, Path]]) -> Any:
    """What motmetrics says about files; it needs a function that numpy 2 has removed."""
    shim = lambda a, dtype=float: np.asarray(a, dtype=dtype)  # noqa: E731
    monkeypatch.setattr(np, "asfarray", shim, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accumulators = []
        for truth, results in pairs.values():
            tables = [motmetrics.io.loadtxt(path, min_confidence=-1) for path in (truth, results)]
            accumulators.append(motmetrics.utils.compare_to_groundtruth(*tables, "iou", distth=0.5))
        return motmetrics.metrics.create().compute_many(
            accumulators, names=list(pairs), metrics=list(METRICS), generate_overall=True
        )


def ours(pairs: dict[str, tuple[Path, Path]]) -> dict[str, dict[str, float | None]]:
    kept: dict[str, Filtered] = {}
    lengths = {}
    for name, (truth, results) in pairs.items():
        tracks = read_mot(truth, benchmark="mot15"), read_mot(results, kind="results")
        kept[name] = unfiltered(*(Labels.from_tracks(side) for side in tracks))
        lengths[name] = 1 + max(int(side.frame.max()) for side in tracks)
    return summarise(kept, lengths)


def compare(found: dict[str, dict[str, float | None]], expected: Any) -> None:
    assert list(found) == [str(name) for name in expected.index]
    for name, row in found.items():
        for metric in METRICS:
            value = row[metric]
            wanted = float(expected.loc[name, metric])
            assert (value is None) == np.isnan(wanted)
            assert value is None or value == pytest.approx(wanted, abs=1e-9), (name, metric)


@pytest.mark.slow
def test_equal_to_motmetrics_on_generated_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = {}
    for name in ("a", "b"):
        generator = np.random.default_rng(len(pairs))
        paths = tmp_path / f"{name}-gt.txt", tmp_path / f"{name}.txt"
        for path, drop in zip(paths, (0.05, 0.2), strict=True):
            rows = [
                f"{t},{n + 9 * (t > 25 and n == 2)},{40 * n + generator.normal(0, 6):.2f},"
                f"{t},30,60,1,-1,-1,-1\n"
                for t in range(1, 51)
                for n in range(1, 7)
                if generator.random() > drop
            ]
            path.write_text("".join(rows))
        pairs[name] = paths
    compare(ours(pairs), official(monkeypatch, pairs))


@pytest.mark.slow
def test_equal_to_motmetrics_on_tud(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {n: shared_data / "mot15" / n for n in ("TUD-Campus", "TUD-Stadtmitte")}
    pairs = {n: (folder / "gt.txt", folder / "test.txt") for n, folder in folders.items()}
    found = ours(pairs)
    compare(found, official(monkeypatch, pairs))
    assert found["TUD-Campus"]["mota"] == pytest.approx(0.526462, abs=1e-6)  # as in its README


def test_text_and_nothing_to_divide_by() -> None:
    truth = Labels.from_columns([0], [1], [[0, 0, 9, 9]])
    summary = summarise({"a": unfiltered(truth, Labels.empty())}, {"a": 3})
    assert summary["a"]["motp"] is None
    text = format_summary(summary).splitlines()
    assert text[0].split() == ["sequence", *METRICS]
    assert text[1].split()[:3] == ["a", "0.0000", "-"]


def test_without_motmetrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "motmetrics", None)
    with pytest.raises(MissingDataError, match="motmetrics needs the package"):
        summarise({}, {})
