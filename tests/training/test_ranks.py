"""Several processes that train together: averages, seeds, and a training with torchrun."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mohart.cli.main import main
from mohart.data.clips import ClipStream
from mohart.data.windows import ClipArrays
from mohart.errors import ConfigError
from mohart.training.checkpoint import load_checkpoint
from mohart.training.ranks import Ranks, launched, read_ranks, restarted

CONFIG = Path(__file__).parents[2] / "configs" / "smoke.yaml"
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")


def test_alone_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Ranks()
    assert alone.alone
    assert alone.leads
    assert list(alone.together(iter("abc"))) == ["a", "b", "c"]
    assert alone.gather([1, 2]) == [1, 2]
    assert [alone.any(True), alone.any(False)] == [True, False]
    before = torch.get_rng_state()
    alone.begin_step(3, 5)
    assert torch.equal(torch.get_rng_state(), before)
    assert not launched()
    assert read_ranks() == Ranks()
    monkeypatch.setenv("WORLD_SIZE", "4")  # of somebody else: only torchrun's counts
    assert read_ranks() == Ranks()


def test_as_torchrun_numbers_them(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    for name, value in {**said, "TORCHELASTIC_RUN_ID": "x"}.items():
        monkeypatch.setenv(name, value)
    assert read_ranks() == Ranks(3, 4, 1, 2)
    assert not restarted()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert restarted()


class Numbers:
    """Clips that say which sequence they are of."""

    def clip(self, rng: np.random.Generator, number: int, length: int) -> Any:
        rng.random()
        return ClipArrays(np.full((1,), number), np.zeros(1), np.zeros(1), np.zeros(1))


def stream(rank: int, ranks: int, **more: Any) -> ClipStream:
    options: dict[str, Any] = {"seed": 3, "batch": 4, "lengths": lambda k: 3, "reuse": 3, **more}
    return ClipStream([(Numbers(), 1.0)], part=(rank, ranks), **options)


def numbers(streams: list[ClipStream]) -> list[int]:
    """Of the sequences in a block of batches."""
    made = [part.make(k).frames.flatten().tolist() for part in streams for k in range(12)]
    return sorted(number for clips in made for number in clips)


def test_parts_of_a_batch_have_the_sequences_of_the_whole() -> None:
    whole = stream(0, 1)
    assert whole.make(0).frames.shape[0] == 4
    for count in (2, 4):
        parts = [stream(rank, count) for rank in range(count)]
        assert parts[0].make(0).frames.shape[0] == 4 // count
        assert numbers(parts) == numbers([whole])
        assert torch.equal(parts[1].make(7).frames, stream(1, count).make(7).frames)
    with pytest.raises(ConfigError, match="4 clips cannot be divided among 3 processes"):
        stream(0, 3)


EXCHANGE = """
import json, sys, torch
from mohart.training.ranks import connected, read_ranks
ranks = read_ranks()
with connected(ranks, torch.device("cpu")):
    a, b = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    a.grad = torch.tensor([1.0, 2.0]) * (1 + ranks.rank)
    if ranks.rank == 1:
        b.grad = torch.tensor([4.0, 8.0])
    ranks.average_gradients([a, b])
    given = ranks.together(iter("ab" if ranks.rank else "abcd"))
    ranks.begin_step(7, 2)
    shared = torch.full((2,), float(ranks.rank + 5))
    ranks.share([shared])
    said = {
        "a": a.grad.tolist(), "b": b.grad.tolist(), "given": list(given),
        "any": [ranks.any(ranks.rank == 1), ranks.any(False)], "all": ranks.gather([ranks.rank]),
        "drawn": float(torch.rand(())), "shared": shared.tolist(),
    }
    with open(f"{sys.argv[1]}/{ranks.rank}.json", "w") as file:
        json.dump(said, file)
"""


@pytest.mark.slow
def test_what_two_processes_exchange(tmp_path: Path) -> None:
    (tmp_path / "exchange.py").write_text(textwrap.dedent(EXCHANGE))
    command = [*TORCHRUN, str(tmp_path / "exchange.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    first, second = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (0, 1))
    assert first["drawn"] != second["drawn"]
    for said in (first, second):
        assert said["a"] == [1.5, 3.0]
        assert said["b"] == [2.0, 4.0]
        assert said["any"] == [True, False]
        assert said["all"] == [0, 1]
        assert said["shared"] == [5.0, 5.0]
    assert first["given"] == ["a", "b", "c", "d"]
    assert second["given"] == ["a", "b", None, None]


def settings(steps: int, **more: Any) -> list[str]:
    values = {
        "steps": steps,
        "batch": 4,
        "validate_every": steps,
        "calibration": 0,
        "threads": 1,
        **more,
    }
    return [word for k, v in values.items() for word in ("--set", f"train.{k}={v}")]


def curve(folder: Path) -> dict[int, float]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {row["step"]: row["loss"] for row in rows if "loss" in row}


def words_of(folder: Path, *words: str) -> list[str]:
    return ["train", str(CONFIG), *words, "-o", str(folder)]


def train(folder: Path, *words: str, restarts: int = 0) -> subprocess.Popen[str]:
    """Begun by torchrun, in two processes."""
    start = [*TORCHRUN, f"--max-restarts={restarts}", "-m", "mohart"]
    return subprocess.Popen(
        [*start, *words_of(folder, *words)],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=1500)
    assert process.returncode == 0, err
    return out


STEPS = 50
WORDS = settings(STEPS, **{"optim.rate": 0.003})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("ranks") / "two"
    said = finish(train(folder, *WORDS))
    assert said == f"{folder}/best.safetensors\n"  # one of them speaks for both
    return folder


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(two: Path, tmp_path: Path) -> None:
    assert main(words_of(tmp_path / "one", *WORDS)) == 0
    assert main(words_of(tmp_path / "other", *WORDS, "--set", "train.seed=1")) == 0
    one, other, both = (curve(path) for path in (tmp_path / "one", tmp_path / "other", two))
    assert list(one) == list(both) == list(range(25, STEPS + 1, 25))
    gap = np.mean([abs(one[k] - both[k]) for k in one])
    noise = np.mean([abs(one[k] - other[k]) for k in one])  # between seeds
    fall = one[25] - one[STEPS]
    assert fall > 0
    assert gap < max(2 * noise, 0.3 * fall)


@pytest.mark.slow
def test_a_rank_that_is_killed_costs_the_steps_since_the_checkpoint(
    two: Path, tmp_path: Path
) -> None:
    often = ("--set", "train.checkpoint_seconds=0.0")
    process = train(tmp_path / "cut", *WORDS, *often, restarts=1)
    deadline = time.monotonic() + 900
    while step_of(tmp_path / "cut") < 4:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (victim,) = [pid for pid, rank in ranks_of(tmp_path / "cut") if rank == "1"]
    os.kill(victim, signal.SIGKILL)
    _, err = process.communicate(timeout=1500)
    assert process.returncode == 0, err
    assert "error: process 1 of 2 has lost another one; torchrun starts all again" in err
    # where it goes on does not matter: the same numbers are drawn
    cut, whole = (
        load_checkpoint(path / "last.safetensors").tensors for path in (tmp_path / "cut", two)
    )
    learned = [name for name in whole if not name.startswith("random")]
    assert len(learned) > 100
    assert all(torch.equal(cut[name], whole[name]) for name in learned)


def step_of(folder: Path) -> int:
    try:
        return int(json.loads((folder / "last.json").read_text())["step"])
    except (OSError, ValueError):
        return -1


def ranks_of(folder: Path) -> list[tuple[int, str]]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().decode(errors="replace")
            named = dict(
                word.split("=", 1)
                for word in (place / "environ").read_bytes().decode(errors="replace").split("\0")
                if "=" in word
            )
        except OSError:
            continue
        if str(folder) in line and "RANK" in named and "torch.distributed.run" not in line:
            found.append((int(place.name), named["RANK"]))
    return found
