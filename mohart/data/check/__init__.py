"""Everything that is wrong with a data folder."""
