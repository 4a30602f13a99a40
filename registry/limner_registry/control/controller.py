"""One pass of the controller: what is wanted against what is seen, and what is done about it.

Level-triggered: every pass starts from the store, the placed folders and what the servers said, and
keeps nothing in memory that a decision rests on. A pass that is repeated, interrupted or run by two
controllers at once ends in the same state: tables are written by compare-and-set on the one before,
transitions by compare-and-set on the rollout's etag under request ids that follow from it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from limner_registry.control.table import follow, routes_of
from limner_registry.placed import folder_of
from limner_registry.rollout.counters import epochs
from limner_registry.rollout.decide import Facts, Server, decide, verdict_of
from limner_registry.rollout.errors import EtagMismatch, RequestReused
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.plan import TABLED, next_routes
from limner_registry.rollout.record import ENDED, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_registry.rollout.evidence import Verdict
    from limner_registry.rollout.fleet import Connected
    from limner_registry.rollout.record import Rollout
    from limner_registry.rollout.store import Store
    from limner_registry.routes import Routes

log = logging.getLogger(__name__)

NAME: Final = "controller"
MOST_ROUNDS: Final = 20
"""Of one pass: one decision may make room for the next."""
LIVE_SECONDS: Final = 60.0
"""Since a server last said anything, after which it is taken to be gone."""


@dataclass(frozen=True)
class Explained:
    """A rollout and all that a decision about it rests on."""

    rollout: Rollout
    facts: Facts
    verdict: Verdict | None


class Controller:
    """Passes over one store and one folder of placed versions; the calls block."""

    def __init__(self, store: Store, models: Path, refused: Mapping[tuple[str, int], str]) -> None:
        """Work over these.

        Args:
            store: Where rollouts are kept.
            models: The folder in which versions are placed for servers.
            refused: By model and version, why one could not be placed.
        """
        self._store = store
        self._models = models
        self._refused = refused

    def run_pass(self, now: float) -> bool:
        """Bring what is wanted and what is seen nearer to each other, as far as that goes now.

        Returns:
            Whether anything changed.

        Raises:
            StoreUnavailable: The store does not answer; nothing is half done.
        """
        for turn in range(MOST_ROUNDS):
            rollouts = self._concerned()
            routed = self._route(rollouts, now)
            decided = [self._decide(rollout.id, now) for rollout in rollouts]
            if not routed and not any(decided):
                return turn > 0
        return True

    def routes(self) -> Routes:
        """Return the table that servers are to have."""
        return routes_of(self._store.fleet.generation())

    def explain(self, rollout: str, now: float) -> Explained:
        """Return why a rollout stands where it does.

        Raises:
            RolloutUnknown: There is none of that id.
        """
        found = self._store.get(rollout)
        facts = self._facts(found, now)
        return Explained(found, facts, verdict_of(found, facts, now))

    def _concerned(self) -> list[Rollout]:
        """Return the rollouts that are not over, and those that the table still shows."""
        open_ones = self._store.page(states=frozenset(State) - ENDED, size=1000).rollouts
        routes = self.routes()
        shown = {canary.rollout for canary in routes.canaries.values()}
        done = [self._store.get(name) for name in shown - {rollout.id for rollout in open_ones}]
        for model in routes.previous:
            done += self._store.page(model, {State.SUCCEEDED}, size=1).rollouts
        known = {rollout.id: rollout for rollout in (*open_ones, *done)}
        return list(known.values())

    def _route(self, rollouts: list[Rollout], now: float) -> bool:
        """Write the table that follows; return whether it is another than there was."""
        latest = self._store.fleet.generation()
        if not latest.number:
            return False  # before the shelf has found any model there is nothing to tell servers
        routes = routes_of(latest)
        ready = [rollout for rollout in rollouts if self._is_ready(routes, rollout)]
        frozen = self._store.frozen() is not None
        slow = self._slow(routes, ready, now)
        wanted = next_routes(routes, ready, slow, frozen=frozen, now=now)
        try:
            return follow(self._store, latest, wanted, now).number != latest.number
        except EtagMismatch:
            log.info("another controller has written the next table")
            return True

    def _is_ready(self, routes: Routes, rollout: Rollout) -> bool:
        """Return whether a rollout may be in the next table, as far as its files go.

        Those that the table names were in the folder of whichever controller wrote it.
        """
        tabled = routes.canaries.get(rollout.model)
        if rollout.ended or (tabled is not None and tabled.rollout == rollout.id):
            return True
        return folder_of(self._models, rollout.model, rollout.canary).is_dir()

    def _slow(self, routes: Routes, rollouts: list[Rollout], now: float) -> dict[str, float]:
        """Return from where on a run is slow, by rollout: once known, it stays.

        It is the spec's factor times the median over live servers of what 95 of 100 calls of the
        stable version took. So both versions are held to one bound, that stable keeps but for one
        call in twenty, and a server with a slow GPU does not lend its patience to the others.
        """
        known = {
            canary.rollout: canary.slow_seconds
            for canary in routes.canaries.values()
            if canary.slow_seconds
        }
        for rollout in rollouts:
            if rollout.state not in TABLED or rollout.id in known:
                continue
            live = {seen.instance for seen in self._live(now)}
            said = self._store.fleet.servables(rollout.model, rollout.stable)
            times = [one.p95_seconds for one in said if one.p95_seconds and one.instance in live]
            if times:
                known[rollout.id] = rollout.spec.judging.slow_factor * median(times)
        return known

    def _live(self, now: float) -> list[Connected]:
        """Return the servers that have said something of late."""
        return [seen for seen in self._store.fleet.servers() if now - seen.at < LIVE_SECONDS]

    def _decide(self, rollout_id: str, now: float) -> bool:
        """Let happen to a rollout what is to happen now; return whether anything did."""
        rollout = self._store.get(rollout_id)
        decision = decide(rollout, self._facts(rollout, now), now)
        if decision is None:
            return False
        kind = type(decision.trigger).__name__
        evidence = (decision.verdict.to_json(),) if decision.verdict else ()
        cause = Cause(
            NAME,
            ActorKind.CONTROLLER,
            f"{rollout.id}/{rollout.etag}/{kind}",
            reason=getattr(decision.trigger, "text", ""),
            evidence=evidence,
        )
        try:
            after = self._store.transition(rollout.id, rollout.etag, decision.trigger, cause, now)
        except (EtagMismatch, RequestReused):  # the latter of another's decision on the same etag
            log.info("a rollout has changed meanwhile", extra={"rollout": rollout.id})
            return True
        told = {"rollout": rollout.id, "trigger": kind, "state": after.state, "text": after.text}
        log.info("rollout", extra=told)
        return True

    def _facts(self, rollout: Rollout, now: float) -> Facts:
        """Return all that a decision about a rollout rests on."""
        fleet = self._store.fleet
        latest = fleet.generation()
        weights = fleet.weights(rollout.id, rollout.attempt)
        servables = {said.instance: said for said in fleet.servables(rollout.model, rollout.canary)}
        servers = tuple(
            Server(
                instance=seen.instance,
                generation=seen.generation,
                heard_at=seen.at,
                refusal=seen.refusal,
                up=seen.instance in servables and servables[seen.instance].proven,
                trouble=servables[seen.instance].text if seen.instance in servables else "",
                ejected=seen.ejections.get(rollout.id, ""),
            )
            for seen in self._live(now)
        )
        return Facts(
            generation=latest.number,
            generation_at=latest.at,
            tabled=_is_tabled(routes_of(latest), rollout),
            servers=servers,
            epochs=epochs(rollout.id, fleet.counted(), weights),
            refused=self._refused.get((rollout.model, rollout.canary), ""),
            frozen=self._store.frozen() is not None,
        )


def _is_tabled(routes: Routes, rollout: Rollout) -> bool:
    """Return whether a table gives a rollout's version what it is to have."""
    canary = routes.canaries.get(rollout.model)
    if rollout.state not in TABLED:
        return canary is None or canary.rollout != rollout.id
    wanted = tuple((rule.name, rule.value) for rule in rollout.rules)
    return (
        canary is not None
        and canary.rollout == rollout.id
        and (canary.salt, canary.weight_bps, canary.shadow_bps, canary.rules)
        == (rollout.salt, rollout.weight_bps, rollout.shadow_bps, wanted)
    )
