"""Identity embedding: looks of tracks, heads that are trained on them, and what they are worth."""
