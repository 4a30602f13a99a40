"""Pixels in, pixels out: pure functions over arrays, without clock, network, log or file."""
