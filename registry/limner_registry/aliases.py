"""What MLflow shows people of where a model's versions stand: three aliases and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_registry.door import translated
from limner_registry.rollout.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_registry.door import MlflowClient

STABLE, CANARY, PREVIOUS = "stable", "canary", "previous"
SUMMARY = "rollout.summary"
"""Tag of a registered model."""


class Aliases:
    """The aliases and the summaries in one registry."""

    def __init__(self, client: MlflowClient, uri: str) -> None:
        """Take over a client of the registry at an address."""
        self._client = client
        self._uri = uri

    def read(self, models: Iterable[str]) -> dict[str, Projection]:
        """Return what is shown of each of these models that is registered."""
        shown = {}
        for name in sorted(models):
            with translated(self._uri):
                found = self._client.search_registered_models(f"name = '{name}'")
            for model in found:
                numbers = {alias: int(number) for alias, number in model.aliases.items()}
                shown[name] = Projection(
                    stable=numbers.get(STABLE),
                    canary=numbers.get(CANARY),
                    previous=numbers.get(PREVIOUS),
                    summary=model.tags.get(SUMMARY, ""),
                )
        return shown

    def write(self, model: str, shown: Projection, wanted: Projection) -> None:
        """Change what is shown of a model to what is wanted, and nothing beside the difference."""
        for alias in (STABLE, CANARY, PREVIOUS):
            number = getattr(wanted, alias)
            if number == getattr(shown, alias):
                continue
            with translated(self._uri):
                if number is None:
                    self._client.delete_registered_model_alias(model, alias)
                else:
                    self._client.set_registered_model_alias(model, alias, str(number))
        if wanted.summary != shown.summary:
            with translated(self._uri):
                self._client.set_registered_model_tag(model, SUMMARY, wanted.summary)
