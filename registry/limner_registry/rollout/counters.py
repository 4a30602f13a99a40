"""What servers count of a rollout's traffic, and the fold of it into what the judge reads.

A server counts from its start, and never down; it sends all of its counts again and again, each
time under a higher number. So only the newest snapshot of each start matters: one that comes
twice, late or never changes nothing that the next one would not have said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from limner_registry.rollout.evidence import Arm, Epoch, Pairs
from limner_registry.rollout.outcome import UNITS, Side
from limner_registry.rollout.spec import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from limner_registry.rollout.outcome import Key


@dataclass(frozen=True)
class Snapshot:
    """All that one server has counted since one start."""

    instance: str
    boot: str
    """Differs with every start of the instance."""
    seq: int
    """Rises from snapshot to snapshot of a boot."""
    at: float
    """When it was taken, in seconds since 1970."""
    counts: Mapping[Key, int]
    """None of them negative."""


class Weights(NamedTuple):
    """How a routing generation splits the traffic of a rollout."""

    weight_bps: int
    shadow_bps: int


def newest(snapshots: Iterable[Snapshot]) -> dict[tuple[str, str], Snapshot]:
    """Return the snapshot of the highest number for each start of each instance."""
    found: dict[tuple[str, str], Snapshot] = {}
    for snapshot in snapshots:
        boot = snapshot.instance, snapshot.boot
        if boot not in found or snapshot.seq > found[boot].seq:
            found[boot] = snapshot
    return found


def epochs(
    rollout: str, snapshots: Iterable[Snapshot], weights: Mapping[int, Weights]
) -> tuple[Epoch, ...]:
    """Return the traffic of a rollout, one epoch for each of its routing generations.

    Args:
        rollout: Its id.
        snapshots: Of all servers, in any order, repeats and outdated ones among them.
        weights: The generations to tell of, which are those of the rollout's present attempt:
            what was counted before it does not speak against it.

    Returns:
        Epochs by rising generation, one without any traffic among them.
    """
    sums: dict[int, dict[tuple[str, str], int]] = {number: defaultdict(int) for number in weights}
    for key, count in _counts(newest(snapshots).values()):
        if key.rollout == rollout and key.generation in sums:
            sums[key.generation][key.side, key.outcome] += count
    return tuple(_epoch(number, weights[number], sums[number]) for number in sorted(weights))


def _counts(snapshots: Iterable[Snapshot]) -> Iterator[tuple[Key, int]]:
    for snapshot in snapshots:
        yield from snapshot.counts.items()


def _epoch(number: int, weights: Weights, sums: Mapping[tuple[str, str], int]) -> Epoch:
    def kinds(side: Side) -> dict[Kind, int]:
        return {kind: sums[side, kind] for kind in Kind if (side, kind) in sums}

    def units(side: Side) -> int:
        return sums.get((side, UNITS), 0)

    return Epoch(
        number,
        weights.weight_bps,
        Arm(units(Side.STABLE), kinds(Side.STABLE)),
        Arm(units(Side.CANARY), kinds(Side.CANARY)),
        Pairs(units(Side.PAIRS), kinds(Side.STABLE_ONLY), kinds(Side.CANARY_ONLY)),
    )
