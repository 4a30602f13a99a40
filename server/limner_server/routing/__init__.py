"""Which version answers which call, what comes of it, and what is told to the controller."""
