"""Settings: YAML -> frozen dataclasses, strictly. Only `assembly` and `cli` import this."""
