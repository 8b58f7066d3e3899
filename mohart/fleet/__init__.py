"""Many tasks, many workers: processes here, or actors of a Ray cluster; lost ones are replaced."""
