"""What `tools/write_pages.py` and `tools/keep_results.py` are made of."""
