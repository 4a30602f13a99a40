"""Limner from Python: an async client, its synchronous twin, and the `limner` command."""
