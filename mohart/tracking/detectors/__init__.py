"""Detectors: anything that says where objects are in a frame; see `protocol`."""
