"""What a person reads on a terminal: errors of the parser, progress."""
