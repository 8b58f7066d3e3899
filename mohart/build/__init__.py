"""Composition root: the only place that maps settings to classes."""

from __future__ import annotations

from mohart.build.detector import build_detector
from mohart.build.tracker import build_tracker

__all__ = ["build_detector", "build_tracker"]
