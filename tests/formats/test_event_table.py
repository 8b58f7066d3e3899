from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from mohart.errors import ConfigError, MissingDataError, OutputError
from mohart.formats.event_table import check_table, write_table

COLUMNS: dict[str, list[Any]] = {"name": ["a", "b"], "id": [1, None], "iou": [0.5, 0.25]}


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "new" / "events.csv"
    write_table(path, COLUMNS)
    assert path.read_text() == "name,id,iou\na,1,0.5\nb,,0.25\n"


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "new" / "events.parquet"
    write_table(path, COLUMNS)
    table = parquet.read_table(path)
    assert table.to_pydict() == COLUMNS
    assert [str(field.type) for field in table.schema] == ["string", "int64", "double"]
    assert [p.name for p in path.parent.iterdir()] == ["events.parquet"]


def test_another_ending(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"events.xlsx: expected a file ending in .csv"):
        write_table(tmp_path / "events.xlsx", COLUMNS)


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError("No module named 'pyarrow'")
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDataError, match=r"pip install 'mohart\[parquet\]', or write .csv"):
        check_table(tmp_path / "events.parquet")
    check_table(tmp_path / "events.csv")


def test_parquet_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet")
    (tmp_path / "taken.parquet").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_table(tmp_path / "taken.parquet", COLUMNS)
    assert [p.name for p in tmp_path.iterdir()] == ["taken.parquet"]
