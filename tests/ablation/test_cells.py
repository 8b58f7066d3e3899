from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mohart.ablation.cells import CellFolder, Order, Result, locked, run_cell
from mohart.errors import FormatError, MissingDataError, OutputError


def cell(tmp_path: Path, make: Any) -> tuple[CellFolder, Order, Result]:
    orders, results = make(seeds=1)
    folder = CellFolder(tmp_path / "cell")
    folder.agree(orders[0])
    return folder, orders[0], results[0]


def test_order_and_result_survive_the_disk(tmp_path: Path, make: Any) -> None:
    folder, order, result = cell(tmp_path, make)
    assert folder.read_order() == order
    assert not folder.is_done
    assert run_cell(folder, lambda o, f: (result, {"train_seconds": 1.0}))
    assert folder.is_done
    assert folder.read_result() == result
    assert json.loads(folder.timings.read_text()) == {"train_seconds": 1.0}


def test_a_done_cell_is_never_done_again(tmp_path: Path, make: Any) -> None:
    folder, _, result = cell(tmp_path, make)
    folder.write_result(result)

    def work(order: Order, place: CellFolder) -> None:
        raise AssertionError("worked again")

    assert run_cell(folder, work)


def test_a_stopped_cell_is_not_done(tmp_path: Path, make: Any) -> None:
    folder, _, _ = cell(tmp_path, make)
    assert not run_cell(folder, lambda o, f: None)
    assert not folder.is_done


def test_equal_results_give_equal_bytes(tmp_path: Path, make: Any) -> None:
    folder, _, result = cell(tmp_path, make)
    folder.write_result(result)
    first = folder.result.read_bytes()
    folder.write_result(folder.read_result())
    assert folder.result.read_bytes() == first


def test_the_order_of_keys_on_disk_is_no_difference(tmp_path: Path, make: Any) -> None:
    """In lists, too: a grid of `loss.stethoscopes` could not be gone on with."""
    folder, order, _ = cell(tmp_path / "a", make)
    listed = {"layer": "memory", "label": "size", "weight": 1.0}
    told = replace(order, config={"loss": {"stethoscopes": [listed]}})
    folder = CellFolder(tmp_path / "b")
    folder.agree(told)
    folder.agree(told)
    other = replace(told, config={"loss": {"stethoscopes": [{**listed, "weight": 2.0}]}})
    with pytest.raises(OutputError, match=r"config\.loss\.stethoscopes"):
        folder.agree(other)


def test_other_settings_are_refused_and_named(tmp_path: Path, make: Any) -> None:
    folder, order, _ = cell(tmp_path, make)
    folder.agree(order)  # the same again is fine
    with pytest.raises(OutputError, match=r"config\.train\.steps: 100, now 200.*choose another"):
        folder.agree(replace(order, config={"train": {"steps": 200}}))
    with pytest.raises(OutputError, match="horizon: 4, now 5"):
        folder.agree(replace(order, horizon=5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no result or order"),
        ("[]", "not an object"),
        ('{"format": 0}', "another version"),
        ('{"format": 1}', "no order in it"),
        ('{"format": 1, "order": {}}', "missing"),
    ],
)
def test_damaged_results_are_refused(tmp_path: Path, make: Any, text: str, message: str) -> None:
    folder, _, _ = cell(tmp_path, make)
    folder.result.write_text(text)
    with pytest.raises(FormatError, match=message):
        folder.read_result()


def test_missing_and_uneven_columns_are_refused(tmp_path: Path, make: Any) -> None:
    folder, _, result = cell(tmp_path, make)
    folder.write_result(replace(result, objects={**result.objects, "iou": [0.5]}))
    with pytest.raises(FormatError, match="different lengths"):
        folder.read_result()
    with pytest.raises(MissingDataError, match="no such file"):
        CellFolder(tmp_path / "nowhere").read_order()


def test_steps_come_from_the_log(tmp_path: Path, make: Any) -> None:
    folder, _, _ = cell(tmp_path, make)
    assert folder.steps == 0
    folder.run.mkdir()
    (folder.run / "log.jsonl").write_text('{"step": 25, "loss": 1}\n{"step": 50, "loss": 1}\n')
    assert folder.steps == 50
    (folder.run / "log.jsonl").write_text('{"step": 25, "loss": 1}\n{"ste')
    assert folder.steps == 0


def test_a_lock_keeps_others_out_and_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, time; from filelock import FileLock\n"
        "lock = FileLock(sys.argv[1]); lock.acquire()\n"
        "print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / ".lock")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    with (
        pytest.raises(OutputError, match="another process of mohart"),
        locked(tmp_path / ".lock", 0.1),
    ):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    with locked(tmp_path / ".lock", 1.0):
        pass


@pytest.mark.parametrize(
    ("name", "value"),
    [("curve", [[float("inf"), 0.5]]), ("parameters", "many"), ("versions", None), ("groups", 3)],
)
def test_odd_values_in_a_result_are_refused(
    tmp_path: Path, make: Any, name: str, value: object
) -> None:
    folder, _, result = cell(tmp_path, make)
    folder.write_result(result)
    content = json.loads(folder.result.read_text())
    folder.result.write_text(json.dumps({**content, name: value}))
    with pytest.raises(FormatError, match="no result or order of mohart ablate"):
        folder.read_result()
