"""Who is worked on now, who waits, who is turned away at once: every bound that calls meet."""
