"""Runners that Triton's Python backend loads; each is copied alone into the versions it runs."""
