"""The initialised protocol: boxes given in the first frame of a window, nothing afterwards."""
