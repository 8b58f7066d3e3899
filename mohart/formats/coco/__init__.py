"""COCO: video JSON and lists of results."""
