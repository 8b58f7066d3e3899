"""Measuring trackers: from boxes given once, on the scoreboard, by files of results."""
