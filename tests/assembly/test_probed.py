"""What `mohart probe` is pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.ablation.cells import CellFolder, Order, Result
from mohart.ablation.metrics import COLUMNS
from mohart.assembly.probed import LAST, find_weights
from mohart.errors import MissingDataError


def cell(folder: Path, variant: str, seed: int, *, done: bool = True) -> None:
    order = Order(
        name=f"v={variant},seed={seed}",
        variant=variant,
        setting="",
        seed=seed,
        config={},
        sequences=1,
        length=2,
        horizon=0,
    )
    made = CellFolder(folder / "cells" / order.name)
    made.run.mkdir(parents=True)
    made.agree(order)
    if done:
        (made.run / LAST).write_bytes(b"")
        columns = {name: [0.5] for name in COLUMNS}
        made.write_result(
            Result(
                order=order,
                parameters=1,
                batches=1,
                clips=1,
                test="",
                curve=[],
                objects=columns,
                versions={},
            )
        )


def test_a_grid_is_all_its_trainings_under_the_names_of_their_variants(tmp_path: Path) -> None:
    cell(tmp_path, "none", 1)
    cell(tmp_path, "{kind: mlp, shuffle: false}", 0)
    cell(tmp_path, "none", 0)
    cell(tmp_path, "attention", 0, done=False)
    found = find_weights(str(tmp_path))
    assert [(one.model, one.path.parts[-3]) for one in found] == [
        ("none", "v=none,seed=0"),
        ("mlp, shuffle: false", "v={kind: mlp, shuffle: false},seed=0"),
        ("none", "v=none,seed=1"),
    ]
    assert len({one.name for one in found}) == 3


def test_a_run_and_a_file_are_named_after_themselves(tmp_path: Path) -> None:
    run = tmp_path / "first"
    run.mkdir()
    (run / "last.safetensors").write_bytes(b"")
    assert [one.model for one in find_weights(str(run))] == ["first"]
    assert [one.model for one in find_weights(str(run / "last.safetensors"))] == ["first"]
    (run / "other.safetensors").write_bytes(b"")
    assert [one.model for one in find_weights(str(run / "other.safetensors"))] == ["other"]
    with pytest.raises(MissingDataError, match="no weights in this folder"):
        find_weights(str(tmp_path))


def test_a_grid_without_a_training_that_is_done_is_an_error(tmp_path: Path) -> None:
    cell(tmp_path, "none", 0, done=False)
    with pytest.raises(MissingDataError, match="no cell with weights is done"):
        find_weights(str(tmp_path))
