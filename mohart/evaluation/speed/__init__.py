"""Speed: what a frame costs each tracker, by numbers of objects, and what goes around trackers."""
