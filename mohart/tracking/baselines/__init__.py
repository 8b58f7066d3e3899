"""Trackers without a network: still, extrapolated, OpenCV's, and by detection alone."""
