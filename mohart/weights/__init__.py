"""The shipped weights, as package data."""
