"""Annotation files <-> Tracks; the only place where other box formats and frame bases live."""
