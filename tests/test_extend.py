"""docs/extend.md is followed to the letter: its patches are applied to a copy and work there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/extend.md"
MOST_FILES = 3  # of the package that an extension touches
TRAIN = """
import json, sys
from pathlib import Path
from mohart.cli.main import main

changes = ["train.steps=2", "model.relation={kind: others_mean, width: 8}"]
sets = [word for change in changes for word in ("--set", change)]
assert main(["train", "smoke.yaml", *sets, "-o", "run", "--device", "cpu"]) == 0
rows = [json.loads(line) for line in Path("run/log.jsonl").read_text().splitlines()]
assert all(row["loss"] == row["loss"] for row in rows if "loss" in row)

from mohart.assembly.matching import count_parameters, match_relation
from mohart.config.loader import load_config

config = load_config(Path("smoke.yaml"))
found = match_relation(config, "others_mean")
assert found.kind == "others_mean"
kinds = ("attention", "others_mean")
sizes = [count_parameters(config, match_relation(config, kind)) for kind in kinds]
assert abs(sizes[0] - sizes[1]) < 0.05 * sizes[0], sizes
"""
CONVERT = """
from pathlib import Path
from mohart.cli.main import main

Path("a.corners").write_text("1 1 10 20 30 60\\n2 1 11 20 31 60.5\\n1 2 50 20 70 60\\n")
assert main(["convert", "a.corners", "b.jsonl"]) == 0
assert main(["convert", "b.jsonl", "c.corners"]) == 0
assert sorted(Path("c.corners").read_text().splitlines()) == sorted(
    Path("a.corners").read_text().splitlines()
)
Path("d.corners").write_text("1 1 10 20 30\\n")
assert main(["convert", "d.corners", "e.jsonl"]) == 2
"""
BELIEVE = """
import numpy as np
from mohart.tracking.learned.belief import INDEPENDENT, first_belief
from mohart.tracking.learned.knobs import Knobs

assert Knobs().confirm == 2.0
belief = first_belief(np.array([0.9], np.float32), gap=INDEPENDENT)
assert not (belief >= Knobs().confirm).any()  # with 0.9 this one counts at once
"""


def patches(head: str) -> list[tuple[str, str]]:
    """(file, patch) of every patch below a headline of the page, in order."""
    text = PAGE.read_text(encoding="utf-8")
    part = re.search(rf"^## {head}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert part is not None, head
    blocks = re.findall(r"^```diff\n--- (\S+)\n(.*?)^```$", part[1], re.DOTALL | re.MULTILINE)
    assert blocks, head
    return blocks


def apply(place: Path, name: str, patch: str) -> None:
    """Apply a patch; what it says is there must be there once."""
    path, lines = place / name, patch.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    if not before:
        assert not path.exists(), f"{name} is there already"
        path.write_text(after, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    count = text.count(before)
    assert count == 1, f"docs/extend.md: these lines are {count} times in {name}:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


Extended = Callable[[str], Path]


@pytest.fixture
def extended(tmp_path: Path) -> Extended:
    """A copy of the package with all patches below a headline."""

    def make(head: str) -> Path:
        shutil.copytree(
            ROOT / "mohart", tmp_path / "mohart", ignore=shutil.ignore_patterns("__pycache__")
        )
        (tmp_path / "tests/nn").mkdir(parents=True)
        shutil.copy(ROOT / "tests/nn/test_relation.py", tmp_path / "tests/nn")
        shutil.copy(ROOT / "configs/smoke.yaml", tmp_path)
        for name, patch in patches(head):
            apply(tmp_path, name, patch)
        touched = {name for name, _ in patches(head) if name.startswith("mohart/")}
        assert len(touched) <= MOST_FILES, touched
        return tmp_path

    return make


def python(place: Path, *words: str) -> str:
    """What a fresh Python in a folder prints; the package of that folder comes first."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=place,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(place)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_copy_is_what_runs(extended: Extended) -> None:
    place = extended("A belief knob")
    assert python(place, "-c", "import mohart; print(mohart.__file__)").startswith(str(place))


@pytest.mark.slow
def test_a_relational_module_in_three_edits_trains_and_obeys_the_laws(extended: Extended) -> None:
    place = extended("A relational module")
    python(place, "-c", TRAIN)
    laws = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/nn/test_relation.py"]
    said = python(place, *laws, "-k", "others_mean")
    assert int(re.findall(r"(\d+) passed", said)[0]) >= 15, said


@pytest.mark.slow
def test_a_format_in_three_files_is_read_and_written(extended: Extended) -> None:
    python(extended("An annotation format"), "-c", CONVERT)


def test_a_belief_knob_is_one_line(extended: Extended) -> None:
    python(extended("A belief knob"), "-c", BELIEVE)


def test_a_patch_that_does_not_fit_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    apply(tmp_path, "a.py", " one\n+more\n two\n")
    assert (tmp_path / "a.py").read_text() == "one\nmore\ntwo\n"
    with pytest.raises(AssertionError, match=r"these lines are 0 times in a\.py"):
        apply(tmp_path, "a.py", " one\n two\n")
