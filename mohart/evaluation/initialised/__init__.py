"""The initialised protocol (one-pass evaluation): boxes given in a window's first frame only."""
