"""mohart's own tables: CSV, JSON lines and Parquet with the same columns."""
