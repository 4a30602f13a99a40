"""MLflow shows people what the store says; what people change there is found, and answered."""

from __future__ import annotations

import enum
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from limner_registry.control.proposal import active, begin, proposed
from limner_registry.control.table import routes_of
from limner_registry.errors import InputRefused
from limner_registry.rollout.errors import EtagMismatch
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.projection import NUMBERS, Projection, drifted, edits, projection_of
from limner_registry.rollout.record import canonical, sha256
from limner_registry.rollout.spec import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.shown import Written
    from limner_registry.rollout.store import Store
    from limner_registry.routes import Routes
    from limner_registry.store import Registry

log = logging.getLogger(__name__)

SOMEBODY: Final = "somebody in MLflow"
"""MLflow does not say who moved an alias."""
WRITING_SECONDS: Final = 120.0
"""A writer that has not confirmed for so long is dead; before, another leaves the model alone."""

Moved = dict[str, int | None]
"""Aliases that somebody has moved, and where they point: None for nowhere."""


class Policy(enum.StrEnum):
    """What is done where somebody moves an alias."""

    REVERT = "revert"
    """It is put back."""
    ADOPT = "adopt"
    """It is put back, and a version that was made stable is rolled out by the usual steps."""
    REPORT = "report"
    """It stays, changes nothing, and is shown."""


class Projector:
    """Writes to one registry what one store says."""

    def __init__(self, store: Store, registry: Registry, policy: Policy = Policy.REVERT) -> None:
        """Work over these."""
        self._store = store
        self._registry = registry
        self._policy = policy
        self.moved: dict[str, Moved] = {}
        """By model, what others have moved and was left so."""
        self._begun: dict[str, int] = {}

    def project(self, shown: Mapping[str, Projection], now: float) -> bool:
        """Bring what MLflow shows to what is so.

        Args:
            shown: What it shows now, by model.
            now: The instant, in seconds since 1970.

        Returns:
            Whether a rollout was begun by that.

        Raises:
            RegistryUnavailable: MLflow or the store does not answer; the next pass goes on.
        """
        routes = routes_of(self._store.fleet.generation())
        written = self._store.shown.read()
        begun = False
        for model in sorted(shown.keys() & routes.stable.keys()):
            before = written.get(model)
            ours = before is None or before.etag == self._begun.get(model)
            if before and before.coming and not ours and now - before.at < WRITING_SECONDS:
                continue  # another controller is at it
            try:
                begun |= self._project(model, routes, shown[model], before, now)
            except EtagMismatch as error:
                log.info("%s; it is looked at again in the next pass", error)
        return begun

    def _project(
        self,
        model: str,
        routes: Routes,
        shown: Projection,
        before: Written | None,
        now: float,
    ) -> bool:
        latest = self._store.page(model, size=1).rollouts
        wanted = projection_of(model, routes, latest[0] if latest else None)
        if any(getattr(wanted, alias) not in {None, getattr(shown, alias)} for alias in NUMBERS):
            wanted = self._registered(model, wanted)
        moved = edits(shown, before.ours if before else (shown,), wanted)
        begun = self._answer(model, moved, before, routes, now) if moved else False
        stays = moved if self._policy is Policy.REPORT else {}
        self._note(model, stays)
        target = drifted(wanted, stays) if stays else wanted
        if shown != target or before is None or before.ours != (wanted,):
            writing = self._store.shown.begin(model, before, shown, wanted, now)
            self._begun[model] = writing.etag
            self._registry.aliases.write(model, shown, target)
            self._store.shown.confirm(model, writing)
        return begun

    def _registered(self, model: str, wanted: Projection) -> Projection:
        """Return what can be shown: an alias cannot point at a version that somebody deleted."""
        numbers = {version.number for version in self._registry.versions(model)}
        there = {
            alias: number if number in numbers else None
            for alias, number in ((alias, getattr(wanted, alias)) for alias in NUMBERS)
        }
        return Projection(**there, summary=wanted.summary)

    def _note(self, model: str, moved: Moved) -> None:
        """Keep what was left moved; say so when it is new."""
        if moved and self.moved.get(model) != moved:
            told = {"model": model, "moved": moved}
            log.warning("aliases were moved in MLflow, which changes nothing", extra=told)
        self.moved.pop(model, None)
        if moved:
            self.moved[model] = moved

    def _answer(
        self, model: str, moved: Moved, before: Written | None, routes: Routes, now: float
    ) -> bool:
        """Do what is to be done about moved aliases beside putting them back."""
        if self._policy is Policy.REPORT:
            return False
        edit = f"{before.etag if before else 0}/{sha256(canonical([model, moved]))[:16]}"
        cause = Cause(SOMEBODY, ActorKind.HUMAN, f"moved/{edit}")
        self._store.note("AliasMoved", {"model": model, "moved": moved}, cause, now)
        log.warning("aliases were moved in MLflow", extra={"model": model, "moved": moved})
        number = moved.get("stable")
        if self._policy is Policy.REVERT or number is None:
            return False
        running = active(self._store, model)
        if running and running[0].canary == number:
            return False
        cause = replace(cause, request_id=f"adopt/{edit}", reason="made stable in MLflow")
        try:
            version = self._registry.version(model, number)
            rollout = proposed(version, routes, DEFAULT, SOMEBODY, now)
            begin(self._store, rollout, cause)
        except EtagMismatch:
            raise
        except InputRefused as error:
            log.warning("it is not rolled out", extra={"model": model, "detail": str(error)})
            return False
        return True
