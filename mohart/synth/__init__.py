"""Generated data: scenes that look like video, toy worlds, and what a detector would say."""
