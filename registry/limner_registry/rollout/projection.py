"""What people are to read of a model where they look its versions up; pure.

It follows from the routing table and the rollouts, and can be written again at any time. A person
may change it there all the same: what was written last tells that from our own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from limner_registry.metadata import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.record import Rollout
    from limner_registry.routes import Routes

NUMBERS: Final = ("stable", "canary", "previous")


@dataclass(frozen=True)
class Projection:
    """Where the versions of one model stand."""

    stable: int | None = None
    """The version that callers get."""
    canary: int | None = None
    """The version that is being rolled out."""
    previous: int | None = None
    """The version that was stable before and is kept ready."""
    summary: str = ""
    """The same, and how the latest rollout goes, in words; at most 4,000 bytes of UTF-8."""

    def to_json(self) -> dict[str, Any]:
        """Return the document it is kept as."""
        return asdict(self)


def projection_of(model: str, routes: Routes, latest: Rollout | None) -> Projection:
    """Return what is to be shown of a model.

    Args:
        model: Its name.
        routes: The table in force.
        latest: The model's latest rollout; None where there was none.
    """
    canary = routes.canaries.get(model)
    shown = Projection(
        routes.stable.get(model), canary.version if canary else None, routes.previous.get(model)
    )
    said = []
    if shown.stable is not None:
        said.append(f"callers get version {shown.stable}")
    if shown.previous is not None:
        said.append(f"version {shown.previous} is kept ready")
    if latest is not None:
        said.append(_told(latest))
    return _with(shown, said)


def edits(
    shown: Projection, ours: tuple[Projection, ...], wanted: Projection
) -> dict[str, int | None]:
    """Return the aliases that somebody else has moved, and where they point now.

    Args:
        shown: What is there.
        ours: All that may be there because it was written from here.
        wanted: What is to be there.
    """
    return {
        alias: getattr(shown, alias)
        for alias in NUMBERS
        if getattr(shown, alias) not in {getattr(one, alias) for one in (*ours, wanted)}
    }


def drifted(wanted: Projection, moved: Mapping[str, int | None]) -> Projection:
    """Return what is to be shown where moved aliases are left as they are, and that they are."""
    aliases = {alias: getattr(wanted, alias) for alias in NUMBERS} | dict(moved)
    said = [wanted.summary.rstrip(".")] if wanted.summary else []
    for alias, number in moved.items():
        to = "taken away" if number is None else f"moved to version {number}"
        said.append(f"the alias {alias} was {to} by hand, which changes nothing")
    return _with(Projection(**aliases), said)


def _with(shown: Projection, said: list[str]) -> Projection:
    text = f"{'; '.join(said)}." if said else ""
    short = text.encode()[:MAX_BYTES].decode(errors="ignore")
    return Projection(shown.stable, shown.canary, shown.previous, short)


def _told(rollout: Rollout) -> str:
    """Return how a rollout goes; nothing of it changes while the rollout stands still."""
    words = f"rollout {rollout.id} of version {rollout.canary}: {rollout.state.replace('_', ' ')}"
    if not rollout.ended:
        step = min(rollout.step + 1, len(rollout.spec.steps))
        words += f", step {step} of {len(rollout.spec.steps)}"
        words += f", {rollout.weight_bps / 100:g} % of callers"
    if rollout.text:
        words += f", {rollout.text.rstrip('.')}"
    return words
