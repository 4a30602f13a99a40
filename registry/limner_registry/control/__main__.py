"""Runs the controller: `python -m limner_registry.control`, the same as `limner controller`."""

from __future__ import annotations

from limner_registry.commands.controller import controller
from limner_registry.ending import end

if __name__ == "__main__":
    try:
        controller(prog_name="limner controller")
    except SystemExit as leaving:
        end(leaving.code if isinstance(leaving.code, int) else 1)
