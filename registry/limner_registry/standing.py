"""Which version stands for a model: the stable one, unless this Limner left its contract behind.

An upgrade may bring a new revision of a contract. Versions of the one before stay in the registry,
but nobody here can ask them anything; the first that keeps the new one takes their place, as
nothing else could serve. Going back to an older Limner is the same the other way around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from limner_registry.contracts import MODELS
from limner_registry.errors import ContractBroken
from limner_registry.placed import contract_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.store import Registry, Version


@dataclass(frozen=True)
class Outdated:
    """A version that was to serve and keeps a contract that this Limner does not speak."""

    model: str
    version: int
    why: str
    """Which contract it keeps, as the beginning of a sentence."""
    instead: int | None
    """The version that takes its place; None where none keeps the contract."""

    def __str__(self) -> str:
        if self.instead is None:
            return (
                f"{self.why}; nothing serves {self.model} until a version that does is published."
            )
        return f"{self.why}; version {self.instead} takes its place."


def broken(version: Version) -> str:
    """Return which other contract a version keeps; nothing where it keeps this code's."""
    try:
        contract_kept(version)
    except ContractBroken as error:
        return str(error)
    return ""


def outdated(registry: Registry, stable: Mapping[str, int]) -> list[Outdated]:
    """Return, of versions that are to serve, those that cannot; models unknown here are left out.

    Args:
        registry: Where they are.
        stable: Their numbers, by model.

    Raises:
        VersionUnknown: One of them is not in the registry.
    """
    found = []
    for model, number in stable.items():
        if model in MODELS and (why := broken(registry.version(model, number))):
            found.append(Outdated(model, number, why, first_kept(registry, model)))
    return found


def first_kept(registry: Registry, model: str) -> int | None:
    """Return the first version of a model that keeps this code's contract; None for none.

    The first of a contract was stable once, or would have been; later ones may never have been
    shown a call, or have failed their rollouts.
    """
    kept = (version.number for version in registry.versions(model) if not broken(version))
    return next(kept, None)
