"""Rows kept as columns of equal length: the one way in which rows are kept, chosen and joined."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self

from mohart.errors import ShapeError

WHOLE = {"column": False}  # metadata of a field that belongs to the record, not to a row
Rows = NDArray[np.bool_] | NDArray[np.int64] | slice  # a mask [K], indices, or a range


class Columns:
    """Rows as columns of equal length: base of a frozen dataclass whose fields are the columns.

    A column is an array [K, ...], or again a record of rows: something with `rows`, `select` and
    `join`. Fields with the metadata `WHOLE` belong to the record and go along as they are.

    Raises:
        ShapeError: the columns differ in length.
    """

    def __post_init__(self) -> None:
        columns = self.columns()
        # of every record that is made, so without a call per column
        lengths = {len(c) if isinstance(c, np.ndarray) else c.rows for c in columns.values()}
        if len(lengths) > 1:
            told = {name: _length(column) for name, column in columns.items()}
            raise ShapeError(f"{type(self).__name__}: columns differ in length: {told}")

    def __len__(self) -> int:
        return self.rows

    @property
    def rows(self) -> int:
        """How many there are."""
        first = _names(type(self))[0]  # type: ignore[arg-type]  # a class can be hashed
        return _length(getattr(self, first))

    def columns(self) -> dict[str, Any]:
        """Name -> column, in the order of the fields."""
        names = _names(type(self))  # type: ignore[arg-type]  # a class can be hashed
        return {name: getattr(self, name) for name in names}

    def select(self, rows: Rows) -> Self:
        """The rows of a mask [K], of indices, or of a range."""
        chosen = {
            name: column[rows] if isinstance(column, np.ndarray) else column.select(rows)
            for name, column in self.columns().items()
        }
        return replace(self, **chosen)  # type: ignore[type-var]  # derived ones are dataclasses

    def changed(self, **columns: Any) -> Self:
        """The same rows with other values in some columns: `dataclasses.replace`, but fast.

        Raises:
            TypeError: there is no such column.
            ShapeError: a column has another length.
        """
        names, rows = _names(type(self)), self.rows  # type: ignore[arg-type]
        for name, column in columns.items():
            if name not in names:
                raise TypeError(f"{type(self).__name__} has no column '{name}'")
            if _length(column) != rows:
                raise ShapeError(
                    f"{type(self).__name__}: columns differ in length: {name} has "
                    f"{_length(column)}, expected {rows}"
                )
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made.__dict__.update(columns)
        return made

    def join(self, *others: Self) -> Self:
        """These rows, then those of others; what is not a column is this record's."""
        every = [self.columns(), *(other.columns() for other in others)]
        joined = {
            name: np.concatenate([columns[name] for columns in every])
            if isinstance(column, np.ndarray)
            else column.join(*(columns[name] for columns in every[1:]))
            for name, column in every[0].items()
        }
        return replace(self, **joined)  # type: ignore[type-var]


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The columns of a dataclass."""
    return tuple(f.name for f in fields(kind) if f.metadata.get("column", True))


def _length(column: Any) -> int:
    return len(column) if isinstance(column, np.ndarray) else int(column.rows)


def carry(values: ArrayLike, source: NDArray[np.int64], fill: Any = None) -> NDArray[Any]:
    """Values [M, ...] in another order: [N, ...].

    Args:
        values: M of them.
        source: [N] which of them; -1: none.
        fill: in the place of none; None: NaN, False, -1 or an empty text, as the values are.

    Raises:
        ShapeError: there are fewer values than `source` speaks of.
    """
    given = np.asarray(values)
    count, wanted = given.shape[0] if given.ndim else 0, int(source.max(initial=-1)) + 1
    if count < wanted:
        raise ShapeError(
            f"carried: expected a value for every detection of this frame, at least {wanted}, got "
            f"{count}"
        )
    usual = {"f": np.nan, "c": np.nan, "b": False, "i": -1, "u": 0, "U": "", "S": b""}
    filled = usual.get(given.dtype.kind) if fill is None else fill
    found = np.full((len(source), *given.shape[1:]), filled, given.dtype)
    found[source >= 0] = given[source[source >= 0]]
    return found
