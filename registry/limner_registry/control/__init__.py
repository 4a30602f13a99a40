"""The controller: brings servers to what is wanted, judges what is tried, and tells both."""
