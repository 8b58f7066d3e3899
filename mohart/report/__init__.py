"""A tracking result explained on one page: what `mohart report` writes."""
