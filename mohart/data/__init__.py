"""Sequences read from disk, their files and folders, and the clips cut from them."""
