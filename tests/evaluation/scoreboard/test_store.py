"""Kept results: found again exactly where set and tracker are what they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.evaluation.scoreboard.store import Store, stamp

IDENTITY = {"name": "a", "details": {"sha256": "w"}, "code": "c"}


def test_kept_and_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "bench")
    kept = store.find("pets", "a", definition={"length": 60}, identity=IDENTITY)
    assert not kept.is_there
    with pytest.raises(MissingDataError):
        kept.read()
    measured = stamp()
    kept.write({"rows": [{"iou": 0.5}]}, measured)
    again = Store(tmp_path / "bench").find(
        "pets", "a", definition={"length": 60}, identity=dict(IDENTITY)
    )
    assert again.path == kept.path
    assert again.path.parent == tmp_path / "bench" / "pets"
    assert again.read() == {"rows": [{"iou": 0.5}], "identity": IDENTITY, "measured": measured}


@pytest.mark.parametrize(
    ("set_name", "tracker", "length", "weights"),
    [("pets", "a", 61, "w"), ("pets", "a", 60, "v"), ("far", "a", 60, "w"), ("pets", "b", 60, "w")],
)
def test_anything_else_is_another_result(
    tmp_path: Path, set_name: str, tracker: str, length: int, weights: str
) -> None:
    store = Store(tmp_path)
    store.find("pets", "a", definition={"length": 60}, identity=IDENTITY).write({"rows": []}, {})
    identity = {**IDENTITY, "details": {"sha256": weights}}
    other = store.find(set_name, tracker, definition={"length": length}, identity=identity)
    assert not other.is_there


def test_a_damaged_result_is_told(tmp_path: Path) -> None:
    kept = Store(tmp_path).find("pets", "a", definition={}, identity=IDENTITY)
    kept.write({"rows": []}, stamp())
    kept.path.write_text("{")
    with pytest.raises(FormatError, match="not JSON"):
        kept.read()
