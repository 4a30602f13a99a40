"""The networks, each with its normalization inside, so that no caller can forget it."""
