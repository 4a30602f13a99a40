"""`limner train` and `limner evaluate`."""
