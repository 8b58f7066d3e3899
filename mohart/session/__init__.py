"""One video through one tracker: frames in, a folder of results out."""
