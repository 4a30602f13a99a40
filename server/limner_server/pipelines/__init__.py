"""One file for each edit, readable as its method."""
