"""Sequences, generated or read from disk, and the clips cut from them."""
