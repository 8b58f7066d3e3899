"""A long video in chunks, behind each of which any machine can go on; equal to one run."""
