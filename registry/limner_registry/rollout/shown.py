"""What was last written to MLflow of each model, so that a person's changes are told from ours.

Writing there takes two steps here: what is about to be written is kept first, and confirmed
afterwards. A writer that dies in between leaves both, and both are known to be ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from limner_registry.rollout.errors import EtagMismatch
from limner_registry.rollout.projection import Projection
from limner_registry.rollout.record import canonical
from limner_registry.rollout.tables import projections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.database import Database


@dataclass(frozen=True)
class Written:
    """What MLflow shows of a model because it was written from here."""

    last: Projection
    coming: Projection | None
    """What is being written, or was when its writer died; None when all is written."""
    at: float
    """When that began, in seconds since 1970."""
    etag: int

    @property
    def ours(self) -> tuple[Projection, ...]:
        """All that may be there without anybody else's doing."""
        return (self.last,) if self.coming is None else (self.last, self.coming)


class Shown:
    """The records of all models in a database."""

    def __init__(self, database: Database) -> None:
        """Take over a migrated database."""
        self._database = database

    def read(self) -> dict[str, Written]:
        """Return the record of every model that was ever written of."""
        with self._database.reading() as connection:
            rows = connection.execute(select(projections)).mappings().all()
        return {row["model"]: _written(dict(row)) for row in rows}

    def begin(
        self,
        model: str,
        before: Written | None,
        shown: Projection,
        coming: Projection,
        now: float,
    ) -> Written:
        """Keep what is about to be written of a model, before it is.

        Args:
            model: Its name.
            before: The record that this was decided on; None where there was none.
            shown: What is there now; it is nobody's change where there is no record yet.
            coming: What is about to be written.
            now: The instant, in seconds since 1970.

        Raises:
            EtagMismatch: Somebody else has begun since.
        """
        if before is None:
            return self._keep(model, None, Written(shown, coming, now, 1))
        return self._keep(model, before, Written(before.last, coming, now, before.etag + 1))

    def confirm(self, model: str, begun: Written) -> None:
        """Keep that what was begun is written.

        Raises:
            EtagMismatch: Somebody else has begun since.
        """
        done = begun.coming or begun.last
        self._keep(model, begun, Written(done, None, begun.at, begun.etag + 1))

    def _keep(self, model: str, before: Written | None, after: Written) -> Written:
        row: dict[str, Any] = {
            "last": canonical(after.last.to_json()),
            "coming": "" if after.coming is None else canonical(after.coming.to_json()),
            "at": after.at,
            "etag": after.etag,
        }
        table = projections.c
        with self._database.writing() as connection:
            found = connection.execute(select(table.etag).where(table.model == model)).scalar()
            if found != (before.etag if before else None):
                raise EtagMismatch(f"what is shown of {model} is being written by another")
            if before is None:
                connection.execute(insert(projections).values(model=model, **row))
            else:
                connection.execute(update(projections).where(table.model == model).values(row))
        return after


def _written(row: Mapping[str, Any]) -> Written:
    coming = Projection(**json.loads(row["coming"])) if row["coming"] else None
    return Written(Projection(**json.loads(row["last"])), coming, row["at"], row["etag"])
