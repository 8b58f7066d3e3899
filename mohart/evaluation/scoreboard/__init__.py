"""The benchmark: all trackers on all sets, measured once and kept."""
