"""Old name of :mod:`mohart.assembly`, for programs that were written for it; it goes with 0.2."""

from __future__ import annotations

import warnings

from mohart.assembly import build_detector, build_tracker

__all__ = ["build_detector", "build_tracker"]

warnings.warn("mohart.build is mohart.assembly now", DeprecationWarning, stacklevel=2)
