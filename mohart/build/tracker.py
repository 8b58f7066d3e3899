"""Old name of :mod:`mohart.assembly.tracker`."""

from __future__ import annotations

from mohart.assembly.tracker import build_tracker

__all__ = ["build_tracker"]
