"""TrackEval's own pipeline on the same files, and data to hold against it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trackeval  # not importorskip: without it nothing here would be checked

from mohart.metrics.scores import COMBINED, Scores

QUIET = {"PRINT_CONFIG": False}
Reference = dict[str, dict[str, dict[str, dict[str, Any]]]]


def run_trackeval(dataset: Any) -> Reference:
    """sequence -> class -> metric -> fields, by TrackEval from end to end."""
    switches = (
        "PRINT_RESULTS",
        "OUTPUT_SUMMARY",
        "OUTPUT_DETAILED",
        "PLOT_CURVES",
        "TIME_PROGRESS",
    )
    with redirect_stdout(io.StringIO()):
        metrics = trackeval.metrics
        evaluator = trackeval.Evaluator({**QUIET, **dict.fromkeys(switches, False)})
        found, _ = evaluator.evaluate(
            [dataset], [metrics.HOTA(), metrics.CLEAR(dict(QUIET)), metrics.Identity(dict(QUIET))]
        )
    result: Reference = found[dataset.get_name()]["t"]
    result[COMBINED] = result.pop("COMBINED_SEQ")
    return result


@pytest.fixture
def trackeval_mot(tmp_path: Path) -> Callable[..., Reference]:
    """Scores of MOT files by TrackEval: (benchmark, truth files, result files, lengths)."""

    def run(
        benchmark: str,
        truths: Mapping[str, Path],
        results: Mapping[str, Path],
        lengths: Mapping[str, int],
    ) -> Reference:
        root = tmp_path / "trackeval"
        for name in truths:
            copies = (
                root / "gt" / name / "gt" / "gt.txt",
                root / "t" / "t" / "data" / f"{name}.txt",
            )
            for source, copy in zip((truths[name], results[name]), copies, strict=True):
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)
        with redirect_stdout(io.StringIO()):
            dataset = trackeval.datasets.MotChallenge2DBox(
                {
                    **QUIET,
                    "GT_FOLDER": str(root / "gt"),
                    "TRACKERS_FOLDER": str(root / "t"),
                    "TRACKERS_TO_EVAL": ["t"],
                    "BENCHMARK": benchmark.upper(),
                    "SEQ_INFO": dict(lengths),
                    "SKIP_SPLIT_FOL": True,
                }
            )
        return run_trackeval(dataset)

    return run


@pytest.fixture
def trackeval_kitti(tmp_path: Path) -> Callable[..., Reference]:
    """Scores of KITTI files by TrackEval: (folder of labels, folder of results, lengths)."""

    def run(truth: Path, results: Path, lengths: Mapping[str, int]) -> Reference:
        root = tmp_path / "trackeval"
        shutil.copytree(truth, root / "gt" / "label_02", copy_function=shutil.copyfile)
        shutil.copytree(results, root / "t" / "t" / "data", copy_function=shutil.copyfile)
        rows = [f"{name} empty 000000 {length:06d}\n" for name, length in lengths.items()]
        (root / "gt" / "evaluate_tracking.seqmap.training").write_text("".join(rows))
        with redirect_stdout(io.StringIO()):
            dataset = trackeval.datasets.Kitti2DBox(
                {
                    **QUIET,
                    "GT_FOLDER": str(root / "gt"),
                    "TRACKERS_FOLDER": str(root / "t"),
                    "TRACKERS_TO_EVAL": ["t"],
                    "OUTPUT_FOLDER": str(root / "out"),
                }
            )
        return run_trackeval(dataset)

    return run


@pytest.fixture
def assert_equal() -> Callable[[Scores, Reference], None]:
    """Every field of every row equal to 1e-9, and none left out."""

    def check(scores: Scores, reference: Reference) -> None:
        assert {row.sequence for row in scores.rows} == set(reference)
        fields = 0
        for row in scores.rows:
            for metric, found in reference[row.sequence][row.class_name].items():
                for name, expected in found.items():
                    fields += 1
                    np.testing.assert_allclose(
                        np.asarray(row.fields[name], float),
                        np.asarray(expected, float),
                        rtol=0,
                        atol=1e-9,
                        err_msg=f"{row.class_name} {row.sequence} {metric} {name}",
                    )
        assert fields >= 46 * len(scores.rows)

    return check


def crowd(folder: Path, seed: int, *, objects: int = 14, length: int = 40) -> tuple[Path, Path]:
    """A crowded generated sequence with all classes, flags, and everything trackers do wrong.

    Some results and some truths lie exactly on each other under different identities, in random
    order, so that the assignments have ties.
    """
    generator = np.random.default_rng(seed)
    start = generator.uniform(0, 300, (objects, 2))
    speed = generator.normal(0, 3, (objects, 2))
    size = generator.uniform((30, 60), (60, 120), (objects, 2))
    classes = generator.choice([1, 1, 1, 1, 2, 3, 6, 7, 8, 12, 13], objects)
    classes[:3] = 1
    flags = np.where((classes == 1) & (generator.random(objects) > 0.15), 1, 0)
    identity = np.arange(1, objects + 1)
    truth, results = [], []
    for t in range(1, length + 1):
        rows, answers = [], []
        if t % 13 == 0:  # nobody is labelled, somebody is reported
            answers.append((900, *start[0], *size[0]))
        else:
            for n in np.flatnonzero(generator.random(objects) < 0.9):
                box = (*(start[n] + t * speed[n]).round(2), *size[n].round(2))
                rows.append((n + 1, *box, flags[n], classes[n], 0.5))
                if generator.random() < 0.1:
                    rows.append((n + 101, *box, 1, classes[n], 0.5))
                if t % 11 and generator.random() < 0.85:
                    jitter = generator.normal(0, 4, 4) * (generator.random() < 0.8)
                    answer = (np.array(box) + jitter).round(2)
                    answers.append((identity[n], *answer))
                    if generator.random() < 0.15:
                        answers.append((identity[n] + 200, *answer))
            if generator.random() < 0.2:
                a, b = generator.choice(objects, 2, replace=False)
                identity[[a, b]] = identity[[b, a]]
            answers += [
                (500 + int(generator.integers(3)) * 50 + k, *generator.uniform(0, 400, 2), 40, 80)
                for k in range(generator.poisson(1))
            ]
        generator.shuffle(rows)
        generator.shuffle(answers)
        truth += [",".join(f"{value:g}" for value in (t, *row)) for row in rows]
        results += [",".join(f"{v:.6g}" for v in (t, *row)) + ",0.9,-1,-1,-1" for row in answers]
    order = generator.permutation(len(results))  # rows of a frame need not lie together
    results = [results[n] for n in order]
    paths = (
        folder / "truth" / f"MOT20-{seed:02d}" / "gt" / "gt.txt",
        folder / f"MOT20-{seed:02d}.txt",
    )
    for path, lines in zip(paths, (truth, results), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))
    info = paths[0].parents[1] / "seqinfo.ini"
    info.write_text(
        f"[Sequence]\nname=MOT20-{seed:02d}\nframeRate=25\nseqLength={length + 2}\n"
        "imWidth=600\nimHeight=500\n"
    )
    return paths


@pytest.fixture
def crowds(tmp_path: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Three generated sequences: truth files, result files; `tmp_path/results` holds the latter."""
    made = {f"MOT20-{n:02d}": crowd(tmp_path / "results", n) for n in (1, 2, 3)}
    shutil.move(tmp_path / "results" / "truth", tmp_path / "truth")
    truths = {name: tmp_path / "truth" / name / "gt" / "gt.txt" for name in made}
    return truths, {name: paths[1] for name, paths in made.items()}
