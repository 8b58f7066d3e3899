"""Scores of the initialised protocol: overlap over time, its sums, events and summary."""
