"""How a rollout comes to be, whoever asks for it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from limner_registry.errors import InputRefused
from limner_registry.metadata import gate
from limner_registry.placed import contract_kept
from limner_registry.rollout.record import ACTIVE, new_rollout

if TYPE_CHECKING:
    from limner_registry.rollout.ledger import Cause
    from limner_registry.rollout.record import Rollout
    from limner_registry.rollout.spec import Spec
    from limner_registry.rollout.store import Store
    from limner_registry.routes import Routes
    from limner_registry.store import Version


class VersionRefused(InputRefused):
    """The version may not be rolled out; the message says why."""


def proposed(version: Version, routes: Routes, spec: Spec, creator: str, now: float) -> Rollout:
    """Return the rollout that would bring a version into traffic; nothing is kept yet.

    Raises:
        VersionRefused: There is nothing to compare it with, or it is stable already.
        MetadataIncomplete: It lacks what a version must carry.
        ContractBroken: It keeps another revision of its contract than this code.
    """
    gate(version.tags)
    contract_kept(version)
    stable = routes.stable.get(version.model)
    if stable is None:
        raise VersionRefused(f"{version.model} has no stable version to be compared with")
    if stable == version.number:
        raise VersionRefused(f"{version} is stable already")
    return new_rollout(
        f"{version.model}-{version.number}-{secrets.token_hex(3)}",
        version.model,
        stable,
        version.number,
        spec,
        salt=secrets.token_hex(8),
        creator=creator,
        now=now,
    )


def begin(store: Store, rollout: Rollout, cause: Cause) -> Rollout:
    """Keep a new rollout; an active one of the model makes way.

    Raises:
        EtagMismatch: The one to make way has changed meanwhile; ask again.
        RequestReused: The request id was given to another request.
    """
    rival = next(((other.id, other.etag) for other in active(store, rollout.model)), None)
    return store.create(rollout, cause, rival)


def active(store: Store, model: str) -> tuple[Rollout, ...]:
    """Return the rollout that has a model to itself; none where no rollout does."""
    return store.page(model, ACTIVE, size=1).rollouts
