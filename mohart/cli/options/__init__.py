"""Groups of options that several verbs or long verbs are made of."""
