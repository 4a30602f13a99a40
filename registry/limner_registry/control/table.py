"""The routing table as the store keeps it, and the one way to write the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_registry.rollout.plan import carried
from limner_registry.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.fleet import Generation
    from limner_registry.rollout.store import Store


def routes_of(generation: Generation) -> Routes:
    """Return the routing table of a generation."""
    document: Mapping[str, object] = {"models": {}, **generation.table}
    return Routes.from_json({**document, "generation": generation.number})


def table_of(routes: Routes) -> dict[str, object]:
    """Return a table as the store keeps it: without its number."""
    document = routes.to_json()
    del document["generation"]
    return document


def follow(store: Store, latest: Generation, routes: Routes, now: float) -> Generation:
    """Write the table that follows a generation, with the rollouts that it names.

    Args:
        store: Where tables are kept.
        latest: The generation that `routes` was made from; returned where nothing differs.
        routes: What is to be routed where.
        now: The instant, in seconds since 1970.

    Raises:
        EtagMismatch: Another controller has written a table since, and another one.
    """
    if routes == routes_of(latest):
        return latest
    named = {canary.rollout for canary in routes.canaries.values()}
    rollouts = {name: store.get(name) for name in named}
    return store.fleet.add_generation(
        latest.number, table_of(routes), carried(routes, rollouts), now
    )
