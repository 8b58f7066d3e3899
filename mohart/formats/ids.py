"""Identities of up to 63 bits, exactly: a float holds whole numbers up to 2^53 alone.

Trackers of other makers give ids of 64 bits. They are kept to the last digit, or refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException

import numpy as np
from numpy.typing import NDArray

LARGEST_ID = 2**63 - 1
EXACT = 2**53  # up to which a float holds every whole number
BEYOND = "no whole number up to 2^63 - 1 that is known exactly"


def exact_id(said: object) -> int | None:
    """A whole number, exactly; None for anything else, also where it is not known exactly.

    Args:
        said: a number, or its text.

    >>> exact_id("1234567890123456789"), exact_id("7.0"), exact_id(7.5), exact_id("1e30")
    (1234567890123456789, 7, None, None)
    """
    if isinstance(said, bool):
        return None
    if isinstance(said, (int, np.integer)):
        return int(said) if -LARGEST_ID <= said <= LARGEST_ID else None
    if isinstance(said, (float, np.floating)):
        return int(said) if abs(said) <= EXACT and said == int(said) else None
    if not isinstance(said, str) or len(said) > 60:
        return None
    try:
        number = Decimal(said.strip())
        fits = number.is_finite() and abs(number) <= LARGEST_ID and number == int(number)
    except (DecimalException, ValueError, OverflowError):
        return None
    return int(number) if fits else None


def exact_ids(
    values: NDArray[np.float64], texts: Callable[[], Sequence[object]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A column of ids that was read as floats, exactly.

    Args:
        values: [K], may be NaN or fractional; those are 0 here.
        texts: gives what the file says, K of them; asked only where the floats do not suffice.

    Returns:
        [K] int64, and [K] bool: which are beyond 63 bits (0 there).
    """
    with np.errstate(invalid="ignore"):
        large = np.abs(values) > EXACT  # False for NaN
    ids = np.where(large | ~np.isfinite(values), 0.0, values).astype(np.int64)
    beyond = np.zeros(len(values), bool)
    if large.any():
        said = texts()
        for row in np.flatnonzero(large):
            number = exact_id(said[int(row)])
            beyond[row] = number is None
            ids[row] = number or 0
    return ids, beyond
