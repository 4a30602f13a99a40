"""Which version of each model serves: a table, read from disk, pinned whole by every call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from limner.v1.reasons import ModelNotReady

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class RoutesDamaged(Exception):
    """The routes file is not what the registry writes."""


@dataclass(frozen=True)
class Routes:
    """One immutable routing table."""

    generation: int = 0
    """Counts the tables of one registry; a larger one is newer."""
    stable: Mapping[str, int] = field(default_factory=dict)
    """Model name to the version all callers get."""

    def version_of(self, model: str) -> int:
        """Return the version of `model` that serves.

        Raises:
            ModelNotReady: The table has none.
        """
        version = self.stable.get(model)
        if version is None:
            raise ModelNotReady(f"no version of {model} is ready yet", retry_after=2.0)
        return version


def read_routes(path: Path) -> Routes:
    """Return the table the registry wrote to `path`; an absent file is an empty table.

    Raises:
        RoutesDamaged: The file is no table.
    """
    try:
        table = json.loads(path.read_text())
        stable = {model: int(entry["stable"]) for model, entry in table["models"].items()}
        return Routes(int(table["generation"]), stable)
    except FileNotFoundError:
        return Routes()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RoutesDamaged(f"{path} is no routing table: {error!r}") from error
