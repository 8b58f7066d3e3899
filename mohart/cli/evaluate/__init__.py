"""`mohart eval`: the verb, its kinds, and the files they write."""
