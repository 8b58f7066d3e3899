"""`mohart track` for many videos: what belongs to which, who does it, what came out."""
