"""Scores as pure functions of arrays; no torch, no model."""
