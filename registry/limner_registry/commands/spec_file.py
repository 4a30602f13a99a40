"""A rollout's spec as people keep it: a file in TOML or JSON."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click


class SpecFile(click.ParamType[dict[str, Any]]):
    """Reads a spec's document; what it may say is checked where it is used."""

    name = "file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        """Return the document in a file; end the command where there is none."""
        if isinstance(value, dict):
            return value
        file = Path(value)
        try:
            text = file.read_text(encoding="utf-8")
            document = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
        except OSError as error:
            self.fail(f"{file} cannot be read: {error.strerror}", param, ctx)
        except ValueError as error:
            kind = "JSON" if file.suffix == ".json" else "TOML"
            self.fail(f"{file} is no {kind}: {error}", param, ctx)
        if not isinstance(document, dict):
            self.fail(f"{file} holds no table of fields", param, ctx)
        try:
            json.dumps(document, allow_nan=False)
        except (TypeError, ValueError):
            self.fail(f"{file} holds a date, or a number that is none", param, ctx)
        return document
