"""Looking at what models and trackers do: plots, statistics, probes."""
