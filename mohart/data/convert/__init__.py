"""Annotation files of one format -> files of another."""
