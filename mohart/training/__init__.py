"""The training loop and its parts; knows no data set and no config."""
