"""Rows as columns: chosen, joined, and of equal length."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mohart.columns import WHOLE, Columns
from mohart.errors import ShapeError


@dataclass(frozen=True)
class Names(Columns):
    name: NDArray[np.str_]


@dataclass(frozen=True)
class Points(Columns):
    place: NDArray[np.float64]
    names: Names
    unit: str = field(default="px", metadata=WHOLE)


def points(*names: str, unit: str = "px") -> Points:
    return Points(np.arange(2.0 * len(names)).reshape(-1, 2), Names(np.array(names)), unit)


@pytest.mark.parametrize("rows", [np.array([0, 2]), np.array([True, False, True]), slice(0, 3, 2)])
def test_all_columns_are_chosen_alike_and_what_is_no_column_stays(rows: object) -> None:
    chosen = points("a", "b", "c", unit="cm").select(rows)  # type: ignore[arg-type]
    assert chosen.place.tolist() == [[0, 1], [4, 5]]
    assert chosen.names.name.tolist() == ["a", "c"]
    assert chosen.unit == "cm"
    assert len(chosen) == chosen.rows == 2


def test_rows_are_joined_in_order_under_what_the_first_says() -> None:
    joined = points("a", unit="cm").join(points("b", "cc"), points())
    assert joined.place.tolist() == [[0, 1], [0, 1], [2, 3]]
    assert joined.names.name.tolist() == ["a", "b", "cc"]
    assert joined.unit == "cm"
    assert points("a").join().names.name.tolist() == ["a"]


def test_columns_of_different_lengths_are_refused_inside_and_by_name() -> None:
    with pytest.raises(ShapeError, match=r"Points: columns differ in length: .*'names': 1"):
        Points(np.zeros((2, 2)), Names(np.array(["a"])))
    with pytest.raises(ShapeError, match="columns differ"):
        replace(points("a", "b"), place=np.zeros((3, 2)))


def test_some_columns_are_changed_and_the_others_are_the_same() -> None:
    before = points("a", "b", unit="cm")
    after = before.changed(place=np.zeros((2, 2)))
    assert after.place.tolist() == [[0, 0], [0, 0]]
    assert after.names is before.names
    assert after.unit == "cm"
    assert before.place.tolist() == [[0, 1], [2, 3]]
    with pytest.raises(ShapeError, match="place has 3, expected 2"):
        before.changed(place=np.zeros((3, 2)))
    with pytest.raises(TypeError, match="Points has no column 'plase'"):
        before.changed(plase=np.zeros((2, 2)))
