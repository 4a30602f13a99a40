"""Limner's protocol: messages, services, and the errors a call can end in."""
