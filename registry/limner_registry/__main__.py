"""`python -m limner_registry`: the same commands as `limner models`."""

from __future__ import annotations

from limner_registry.commands import models

if __name__ == "__main__":
    models(prog_name="limner models")
