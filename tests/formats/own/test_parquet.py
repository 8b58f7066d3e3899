import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.formats.annotation import Annotation
from mohart.formats.own.parquet import read_parquet, render_parquet
from mohart.formats.rows import DamagedFileError
from mohart.structures import Tracks

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROW = {"frame": 3, "track_id": 1, "x1": 1.5, "y1": 2, "x2": 3, "y2": 4}


def save(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "a.parquet"
    parquet.write_table(arrow.Table.from_pylist(list(rows)), path)
    return path


def test_everything_comes_back(tmp_path: Path) -> None:
    tracks = Tracks.from_columns(
        [0, 3], [7, -1], [[1 / 3, 2, 3, 4.1], [0, 0, 1, 1]], class_id=[2, 2], confidence=[0.1, 1]
    )
    record = Annotation(
        tracks=tracks,
        classes={2: "car"},
        name="v",
        width=4,
        height=3,
        length=9,
        extras={"speed": ("", "2.50")},
    )
    rendered = render_parquet(record)
    assert rendered.lost == []
    path = tmp_path / "a.parquet"
    assert isinstance(rendered.content, bytes)
    path.write_bytes(rendered.content)
    table = parquet.read_table(path)
    assert table.column_names[:6] == ["frame", "track_id", "x1", "y1", "x2", "y2"]
    assert str(table.schema.field("frame").type) == "int64"
    again = read_parquet(path)
    np.testing.assert_array_equal(again.tracks.boxes, tracks.boxes)
    assert again.extras == record.extras
    assert (again.name, again.width, again.length) == ("v", 4, 9)


def test_a_table_from_elsewhere(tmp_path: Path) -> None:
    record = read_parquet(save(tmp_path, ROW | {"note": "x", "frame": 0}, ROW))
    assert record.tracks.frame.tolist() == [0, 3]
    assert record.extras == {"note": ("x", "")}
    assert record.name == "a"


def test_problems(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a\.parquet: no column 'y2'"):
        read_parquet(save(tmp_path, {k: v for k, v in ROW.items() if k != "y2"}))
    with pytest.raises(DamagedFileError, match=r"a\.parquet:2: box value 1: not finite"):
        read_parquet(save(tmp_path, ROW, ROW | {"x1": float("nan"), "frame": 1}))
    path = save(tmp_path, ROW)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=r"a\.parquet: not a readable Parquet file .*cut off"):
        read_parquet(path)
    with pytest.raises(MissingDataError, match="No such file"):
        read_parquet(tmp_path / "b.parquet")


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDataError, match=r"run: pip install 'mohart\[parquet\]'"):
        read_parquet(tmp_path / "a.parquet")


def test_without_identities_none_are_needed(tmp_path: Path) -> None:
    row = {name: value for name, value in ROW.items() if name != "track_id"}
    assert read_parquet(save(tmp_path, row), identities=False).tracks.track_id.tolist() == [-1]
    with pytest.raises(FormatError, match="no column 'track_id'"):
        read_parquet(save(tmp_path, row))


def test_few_bytes_cannot_be_many_boxes(tmp_path: Path) -> None:
    """Equal values take no room in the file, but do so in memory."""
    count = 1_000_000
    columns = {name: np.zeros(count, np.int64) for name in ("frame", "track_id")}
    columns |= {side: np.ones(count) for side in ("x1", "y1", "x2", "y2")}
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table(columns), path, compression="zstd")
    assert path.stat().st_size < 100_000
    with pytest.raises(FormatError, match=r"a\.parquet: 1000000 rows in \d+ bytes; expected a tab"):
        read_parquet(path)
