"""The folder that servers load versions from: filled from the registry, at the registry's pace.

Nothing else of the controller asks MLflow. While that is away, or slow, no new version arrives;
what is placed goes on being routed, judged and taken out.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from limner_registry.contracts import MODELS
from limner_registry.control.clearance import Clearance
from limner_registry.control.controller import NAME
from limner_registry.control.table import follow, routes_of
from limner_registry.errors import RegistryError, RegistryUnavailable, VersionUnknown
from limner_registry.place import place
from limner_registry.placed import folder_of
from limner_registry.rollout.errors import EtagMismatch
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.record import ACTIVE
from limner_registry.standing import broken, first_kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_registry.control.projector import Projector
    from limner_registry.rollout.projection import Projection
    from limner_registry.rollout.store import Store
    from limner_registry.routes import Routes
    from limner_registry.store import Registry
    from limner_registry.triton_config import Kind

log = logging.getLogger(__name__)


class Shelf:
    """Passes over the registry and the folder; the calls block, for as long as MLflow does."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        models: Path,
        projector: Projector,
        kind: Kind = "KIND_CPU",
    ) -> None:
        """Work over these.

        Args:
            store: Says which versions are wanted.
            registry: Where versions are.
            models: The folder in which they are placed for servers.
            projector: Shows in the registry what has come of it.
            kind: Where the versions' instances run.
        """
        self._store = store
        self._registry = registry
        self._models = models
        self._projector = projector
        self._clearance = Clearance(store, models)
        self._kind = kind
        self.refused: dict[tuple[str, int], str] = {}
        """By model and version, why one could not be placed; it is tried again."""
        self._broken: dict[tuple[str, int], str] = {}
        """By model and version, which contract it keeps in place of ours; empty for ours."""

    def run_pass(self, now: float) -> bool:
        """Place what is wanted and missing, and show people where all of it stands.

        Returns:
            Whether anything changed that decisions may rest on.

        Raises:
            RegistryUnavailable: The registry or the store does not answer; nothing is half done.
        """
        self._clearance.clear(now)
        shown = self._registry.aliases.read(MODELS)
        routes = routes_of(self._store.fleet.generation())
        new = self._new(shown, routes)
        running = self._store.page(states=ACTIVE, size=1000).rollouts
        wanted = routes.versions() | {(rollout.model, rollout.canary) for rollout in running}
        changed = [self._place(model, number) for model, number in sorted(wanted | {*new.items()})]
        changed.append(self._adopt(new, now))
        changed.append(self._projector.project(shown, now))
        return any(changed)

    def _new(self, shown: Mapping[str, Projection], routes: Routes) -> dict[str, int]:
        """Return the versions that are to be stable and that the table does not know as such.

        They are those of models that it does not name, and of models whose version there keeps a
        contract that this Limner has left: the first that keeps the new one.
        """
        new = {}
        for model, seen in shown.items():
            number = routes.stable.get(model, seen.stable)
            if number is not None and self._why_not(model, number):
                number = first_kept(self._registry, model)
            if number is not None and number != routes.stable.get(model):
                new[model] = number
        return new

    def _why_not(self, model: str, number: int) -> str:
        """Return which contract a version keeps in place of this Limner's, if so; asked once."""
        if (model, number) not in self._broken:
            try:
                version = self._registry.version(model, number)
            except VersionUnknown:
                return ""  # somebody deleted it; what is placed of it serves on
            self._broken[model, number] = broken(version)
        return self._broken[model, number]

    def _place(self, model: str, number: int) -> bool:
        """Put a version where servers find it; return whether that, or why not, is news.

        One that lies there since before its contract was left is refused like any other.
        """
        kept = model in MODELS and not self._why_not(model, number)
        if kept and folder_of(self._models, model, number).is_dir():
            self.refused.pop((model, number), None)
            return False
        said = self.refused.pop((model, number), None)
        try:
            place(self._registry, model, number, self._models, kind=self._kind)
        except RegistryUnavailable:
            raise
        except RegistryError as error:
            self.refused[model, number] = str(error)
            if said != str(error):
                log.error("version refused", extra={"model": model, "detail": str(error)})  # noqa: TRY400 - its sentence says all
            return said != str(error)
        return True

    def _adopt(self, new: Mapping[str, int], now: float) -> bool:
        """Route to the stable versions that the table does not know as such, once placed.

        What they take the place of is kept ready for nobody: no server could go back to it.
        """
        latest = self._store.fleet.generation()
        routes = routes_of(latest)
        stable = {
            model: number
            for model, number in new.items()
            if folder_of(self._models, model, number).is_dir()
            and (model not in routes.stable or self._why_not(model, routes.stable[model]))
        }
        if not stable:
            return False
        previous = {model: n for model, n in routes.previous.items() if model not in stable}
        after = replace(routes, stable=dict(routes.stable) | stable, previous=previous)
        try:
            followed = follow(self._store, latest, after, now).number != latest.number
        except EtagMismatch:
            log.info("another controller has written the next table")
            return True
        for model in stable.keys() & routes.stable.keys():
            self._tell_replaced(model, routes.stable[model], stable[model], latest.number, now)
        return followed

    def _tell_replaced(self, model: str, gone: int, stable: int, table: int, now: float) -> None:
        """Put down that a version has taken another's place, and tell why."""
        why = self._why_not(model, gone)
        cause = Cause(NAME, ActorKind.CONTROLLER, f"replaced/{model}/{table}", reason=why)
        self._store.note("StableReplaced", {"model": model, "from": gone, "to": stable}, cause, now)
        log.warning("stable version replaced", extra={"model": model, "to": stable, "detail": why})
