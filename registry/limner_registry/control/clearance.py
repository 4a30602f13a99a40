"""What nobody needs any more is taken away, long after the last one did: folders and counts."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from limner_registry.contracts import CONTRACTS
from limner_registry.control.controller import LIVE_SECONDS
from limner_registry.place import unplace
from limner_registry.placed import folder_of, numbers_of
from limner_registry.rollout.record import ENDED, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from limner_registry.rollout.fleet import Generation
    from limner_registry.rollout.store import Store

log = logging.getLogger(__name__)

UNUSED_SECONDS: Final = 3600.0
"""That a version stays placed after no table names it: as long as the longest stream of calls,
and time for a person to try a rollout again."""
LOOK_SECONDS: Final = 60.0
"""Between two looks: nothing is in a hurry to go."""


class Clearance:
    """Looks over the placed versions of one folder, for one store.

    What no table has ever named was placed by a person, and stays.
    """

    def __init__(self, store: Store, models: Path) -> None:
        """Work over these."""
        self._store = store
        self._models = models
        self._looked_at = 0.0

    def clear(self, now: float) -> None:
        """Take away what has not been needed for an hour, if it is time for a look.

        Of counts, those of servers that were silent since an hour before any attempt under way.
        Unrouted before unloaded, unloaded before taken away: every live server has a table in
        force that does not name the version, and none says that it can serve it.

        Raises:
            StoreUnavailable: The store does not answer.
        """
        if abs(now - self._looked_at) < LOOK_SECONDS:
            return
        for (model, number), since in self._left():
            try:
                placed_at = folder_of(self._models, model, number).stat().st_mtime
            except FileNotFoundError:
                continue  # another controller was first
            idle = now - max(since.at, placed_at) > UNUSED_SECONDS
            if not idle or not self._unloaded(model, number, since, now):
                continue
            with self._store.unneeded(model, number) as unneeded:
                if unneeded:
                    unplace(self._models, model, number)
                    log.info("version taken away", extra={"model": model, "version": number})
        self._forget_counts(now)
        self._looked_at = now

    def _forget_counts(self, now: float) -> None:
        """Drop what servers counted that were last heard of before every attempt under way."""
        under_way = self._store.page(states=frozenset(State) - ENDED, size=1000).rollouts
        begun = min((rollout.started_at for rollout in under_way), default=now)
        self._store.fleet.forget_counts(min(begun, now) - UNUSED_SECONDS)

    def _left(self) -> Iterator[tuple[tuple[str, int], Generation]]:
        """Yield the placed versions that are in no table now, with the first they were not in."""
        models = {contract.model for contract in CONTRACTS}
        placed = {(model, n) for model in models for n in numbers_of(self._models, model)}
        yield from sorted(self._store.fleet.left(placed).items(), key=lambda found: found[0])

    def _unloaded(self, model: str, number: int, since: Generation, now: float) -> bool:
        """Return whether no live server has a use for a version."""
        fleet = self._store.fleet
        live = [server for server in fleet.servers() if now - server.at < LIVE_SECONDS]
        names = {server.instance for server in live}
        up = any(said.proven and said.instance in names for said in fleet.servables(model, number))
        return not up and all(server.generation >= since.number for server in live)
