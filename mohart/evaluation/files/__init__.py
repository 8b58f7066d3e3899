"""Scoring files of results against files of truth, by the official rules."""
