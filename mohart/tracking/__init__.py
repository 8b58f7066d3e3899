"""Streaming use: what every tracker promises, the learned one, baselines, and detectors."""
