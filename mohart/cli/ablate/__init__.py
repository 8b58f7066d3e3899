"""`mohart ablate`: the verb, one cell of it as a process, and its progress."""
