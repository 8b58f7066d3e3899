"""What a detector would say about labelled boxes."""
