"""Settings: YAML -> frozen dataclasses, strictly. Only `build` and `cli` import this."""
