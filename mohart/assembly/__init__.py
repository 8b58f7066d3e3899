"""Composition root: the only place that maps settings to classes."""

from __future__ import annotations

from mohart.assembly.detector import build_detector
from mohart.assembly.tracker import build_tracker

__all__ = ["build_detector", "build_tracker"]
