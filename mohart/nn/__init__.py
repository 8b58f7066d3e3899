"""Leaf networks; they know no config, no data set and no time."""
