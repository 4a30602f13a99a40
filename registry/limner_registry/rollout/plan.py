"""The next routing table, from the one in force and the rollouts there are; pure.

The table in force is what says which version of a model is stable: a rollout that succeeded makes
its version stable by being in that table, and is then left out of the next. So the same tables
follow from the same rollouts whoever makes them, and however often.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from limner_registry.rollout.fleet import Carried
from limner_registry.rollout.record import State
from limner_registry.routes import Canary, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from limner_registry.rollout.record import Rollout

TABLED = frozenset(State) - {State.PENDING, State.ABORTED, State.SUPERSEDED, State.ABORTING}
"""States whose version servers are to have ready."""


def next_routes(
    routes: Routes,
    rollouts: Iterable[Rollout],
    slow_seconds: Mapping[str, float],
    *,
    frozen: bool,
    now: float,
) -> Routes:
    """Return the table that follows, under the generation of `routes`: raise it if they differ.

    Args:
        routes: The table in force.
        rollouts: Those that the table names, and those that are active.
        slow_seconds: By rollout, from where on a run counts as slow.
        frozen: Whether no caller is to get a canary by its weight.
        now: The instant, in seconds since 1970.
    """
    stable, previous = dict(routes.stable), dict(routes.previous)
    canaries: dict[str, Canary] = {}
    for rollout in rollouts:
        model = rollout.model
        tabled = routes.canaries.get(model)
        if rollout.state is State.SUCCEEDED:
            if tabled and tabled.rollout == rollout.id:
                previous[model] = stable.get(model, rollout.stable)
                stable[model] = rollout.canary
            ended = rollout.ended_at or now
            is_latest = stable.get(model) == rollout.canary
            if is_latest and now - ended > rollout.spec.rollback_seconds:
                previous.pop(model, None)
        elif rollout.state in TABLED:
            canaries[model] = _canary(rollout, slow_seconds.get(rollout.id, 0.0))
    return Routes(routes.generation, stable, previous, canaries, frozen)


def rolled_back(routes: Routes, model: str) -> Routes:
    """Return the table with a model's previous version stable again, and its canary out of it.

    Raises:
        KeyError: No previous version is kept ready.
    """
    stable = dict(routes.stable) | {model: routes.previous[model]}
    previous = dict(routes.previous) | {model: routes.stable[model]}
    canaries = {name: canary for name, canary in routes.canaries.items() if name != model}
    return replace(routes, stable=stable, previous=previous, canaries=canaries)


def carried(routes: Routes, rollouts: Mapping[str, Rollout]) -> list[Carried]:
    """Return the rollouts in a table, with the weights it gives them."""
    return [
        Carried(
            canary.rollout,
            rollouts[canary.rollout].attempt,
            0 if routes.frozen else canary.weight_bps,
            canary.shadow_bps,
        )
        for canary in routes.canaries.values()
        if canary.rollout in rollouts
    ]


def _canary(rollout: Rollout, slow_seconds: float) -> Canary:
    return Canary(
        version=rollout.canary,
        rollout=rollout.id,
        salt=rollout.salt,
        weight_bps=rollout.weight_bps,
        shadow_bps=rollout.shadow_bps,
        rules=tuple((rule.name, rule.value) for rule in rollout.rules),
        slow_seconds=slow_seconds,
    )
