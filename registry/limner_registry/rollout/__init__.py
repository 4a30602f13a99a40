"""Rollouts: how a new model version earns its traffic, step by step, on evidence."""
