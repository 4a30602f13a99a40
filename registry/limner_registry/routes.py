"""The routing table between the registry and the server: which version of each model serves.

It is `routes.json` in Triton's model folder, UTF-8, replaced whole, so a reader sees one table:

    {"generation": 3, "models": {"face_detector": {"stable": 1}, "face_mesh": {"stable": 2}}}

`generation` starts at 1 and grows by one with every change. A model absent from `models` has no
version to serve. Every version named was in place, and proven, before the table was written.
Readers ignore keys they do not know.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from limner_registry.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = "routes.json"


class RoutesDamaged(RegistryError):
    """The routes file is not one this package wrote."""


@dataclass(frozen=True)
class Routes:
    """One immutable routing table."""

    generation: int = 0
    """Counts the tables written into one model folder; 0 before the first."""
    stable: Mapping[str, int] = field(default_factory=dict)
    """Model name to the version callers get."""

    def to_json(self) -> dict[str, Any]:
        """Return the table as it is written."""
        models = {model: {"stable": number} for model, number in sorted(self.stable.items())}
        return {"generation": self.generation, "models": models}


def read_routes(models: Path) -> Routes:
    """Return the table in a model folder; an absent file is an empty table.

    Raises:
        RoutesDamaged: The file is no table.
    """
    path = models / FILE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        stable = {str(model): int(entry["stable"]) for model, entry in table["models"].items()}
        return Routes(int(table["generation"]), stable)
    except FileNotFoundError:
        return Routes()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RoutesDamaged(f"{path} is no routing table; delete it to place anew") from error


def write_routes(models: Path, routes: Routes) -> None:
    """Replace the table in a model folder; a crash leaves the old one or the new one."""
    draft = models / f".{FILE}.{uuid.uuid4().hex}"
    try:
        with draft.open("x", encoding="utf-8") as file:
            json.dump(routes.to_json(), file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(models / FILE)
    finally:
        draft.unlink(missing_ok=True)
    descriptor = os.open(models, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def routes_lock(models: Path) -> Iterator[None]:
    """Hold the right to change the routes; released even when this process is killed."""
    with (models / f".{FILE}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
