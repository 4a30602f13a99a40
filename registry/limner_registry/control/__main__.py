"""Runs the controller: `python -m limner_registry.control`, the same as `limner controller`."""

from __future__ import annotations

from limner_registry.commands.controller import controller

if __name__ == "__main__":
    controller(prog_name="limner controller")
