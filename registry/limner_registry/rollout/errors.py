"""What can go wrong with a rollout's record, by whose fault it is.

    RegistryError
    ├── InputRefused
    │   ├── RolloutUnknown       no rollout has that id
    │   ├── RolloutRunning       the model has another one under way
    │   ├── TransitionIllegal    its state does not allow the step asked for
    │   ├── EtagMismatch         it, or the routing table, has changed since it was read
    │   └── RequestReused        the request id belongs to something else
    ├── RegistryUnavailable
    │   └── StoreUnavailable     the database is away, locked, full or read-only
    └── RecordDamaged            a rollout's row is not one that this release can read

Nothing was written when one of them is raised; after StoreUnavailable alone that is not certain,
and the same request id settles it.
"""

from __future__ import annotations

from limner_registry.errors import InputRefused, RegistryError, RegistryUnavailable


class RolloutUnknown(InputRefused):
    """No rollout has that id."""


class RolloutRunning(InputRefused):
    """A model has one rollout under way at a time; the message names it."""


class TransitionIllegal(InputRefused):
    """A rollout's state does not allow this step; the message names the steps it does allow."""


class EtagMismatch(InputRefused):
    """What was to be changed is no longer what the caller has read; read it again."""


class RequestReused(InputRefused):
    """A request id came back with another request than its first."""


class StoreUnavailable(RegistryUnavailable):
    """The database does not answer or does not take writes; the same call may succeed later."""


class RecordDamaged(RegistryError):
    """What is kept of a rollout is not what was written; the message names the rollout."""
