"""Old name of :mod:`mohart.assembly.detector`."""

from __future__ import annotations

from mohart.assembly.detector import build_detector

__all__ = ["build_detector"]
