"""The folder that servers load versions from: filled from the registry, at the registry's pace.

Nothing else of the controller asks MLflow. While that is away, or slow, no new version arrives;
what is placed goes on being routed, judged and taken out.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from limner_registry.control.clearance import Clearance
from limner_registry.control.table import follow, routes_of
from limner_registry.errors import RegistryError, RegistryUnavailable
from limner_registry.place import place
from limner_registry.placed import folder_of
from limner_registry.rollout.errors import EtagMismatch
from limner_registry.rollout.record import ACTIVE
from limner_registry.store import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_registry.control.projector import Projector
    from limner_registry.rollout.store import Store
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
        new = {
            model: seen.stable
            for model, seen in shown.items()
            if seen.stable is not None and model not in routes.stable
        }
        running = self._store.page(states=ACTIVE, size=1000).rollouts
        wanted = routes.versions() | {(rollout.model, rollout.canary) for rollout in running}
        changed = [self._place(model, number) for model, number in sorted(wanted | {*new.items()})]
        changed.append(self._adopt(new, now))
        changed.append(self._projector.project(shown, now))
        return any(changed)

    def _place(self, model: str, number: int) -> bool:
        """Put a version where servers find it; return whether that, or why not, is news."""
        if folder_of(self._models, model, number).is_dir():
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
        """Route to the stable versions of models that the table does not know, once placed."""
        latest = self._store.fleet.generation()
        routes = routes_of(latest)
        stable = {
            model: number
            for model, number in new.items()
            if folder_of(self._models, model, number).is_dir()
        }
        if not stable.keys() - routes.stable.keys():
            return False
        routes = replace(routes, stable=stable | dict(routes.stable))
        try:
            return follow(self._store, latest, routes, now).number != latest.number
        except EtagMismatch:
            log.info("another controller has written the next table")
            return True
