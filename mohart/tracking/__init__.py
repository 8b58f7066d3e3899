"""Streaming use: trackers behind one interface, and what runs them over a video."""
