"""Layered portraits composed into batches, on the fly and reproducibly."""
