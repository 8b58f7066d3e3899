"""Toy worlds: small seeded simulations whose best prediction is known (docs/research/worlds.md)."""
