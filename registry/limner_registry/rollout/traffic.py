"""Made-up traffic: what many rollouts side by side would count, one look after the other."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_registry.rollout.spec import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BURST_SECONDS = 900.0
BURST_FACTOR = 5.0
"""How many times as much is bad, in both arms, while a burst lasts."""
DAY_SECONDS = 7200.0
"""A day in two hours: steeper than any day is."""
DAY_VOLUME = 0.6
DAY_BAD = 0.5
"""How far the volume, and the bad rates of both arms, swing about their mean."""
STICKY = ((10, 0.5), (100, 0.2), (1000, 0.2), (10_000, 0.1))
"""How many units send which share of all requests: a tenth of a percent sends half."""
HOPELESS = (20, 0.02)
"""How many units more send which rate of requests a second that no version answers well."""
SERVERS = 4
RESTART_SECONDS = 3600.0
"""How long a server runs on average before it starts anew."""
MOST_BAD = 0.95
"""No common factor raises a bad rate beyond this."""


class Regime(enum.StrEnum):
    """How traffic behaves apart from the two versions' bad rates."""

    STEADY = "steady"
    """Every request is a unit of its own, and comes at a constant rate."""
    RAMP = "ramp"
    """As steady, and weights rise by the clock alone, each after its step's `min_seconds`."""
    DIURNAL = "diurnal"
    """Volume and bad rates swing over a short day, each rollout beginning at its own hour."""
    BURST = "burst"
    """Both arms are five times as bad in the first quarter of an hour."""
    STICKY = "sticky"
    """A few units send most requests, keep their arm, and count once in a generation; some of
    them send what neither version answers well, in every generation again."""
    RESTARTS = "restarts"
    """As sticky; servers restart, lose what they had not reported, and count units anew."""


@dataclass(frozen=True)
class Traffic:
    """What two versions would do for the same callers."""

    rate: float
    """Requests a second, > 0."""
    stable_bad: Mapping[Kind, float]
    """Chance that a request is bad, in [0, 1); absent is 0."""
    canary_bad: Mapping[Kind, float]
    """Chance that a request is bad, in [0, 1); absent is 0."""
    regime: Regime = Regime.STEADY

    def chances(self, kind: Kind) -> tuple[float, float]:
        """Return the chances that a request is bad with stable, and with the canary."""
        return self.stable_bad.get(kind, 0.0), self.canary_bad.get(kind, 0.0)


@dataclass(frozen=True)
class Look:
    """What is counted between two looks, an entry for each rollout."""

    stable_units: Ints
    canary_units: Ints
    stable_bad: Mapping[Kind, Ints]
    canary_bad: Mapping[Kind, Ints]
    answered: Ints
    """Requests that stable answered: a shadow is shown requests, not units."""
    badness: Floats
    """By how much the bad rates of both arms are raised just now."""


class Crowd:
    """Callers that come once: every request is a unit."""

    def __init__(self, traffic: Traffic, runs: int, random: np.random.Generator) -> None:
        self._traffic = traffic
        self._random = random
        self._phase = random.random(runs)

    def look(self, rows: Ints, weight: Floats, at: float, seconds: float) -> Look:
        """Return what rollouts count in the `seconds` after `at`.

        Args:
            rows: Which rollouts.
            weight: The canary's share in each, in [0, 1].
            at: Seconds since the rollouts began.
            seconds: How long to count.
        """
        volume, badness = self._swing(rows, at)
        units = self._traffic.rate * seconds * volume
        stable = self._random.poisson(units * (1 - weight))
        canary = self._random.poisson(units * weight)
        return Look(
            stable,
            canary,
            self._bad(stable, self._traffic.stable_bad, badness),
            self._bad(canary, self._traffic.canary_bad, badness),
            stable,
            badness,
        )

    def enter(self, rows: Ints, weight: Floats) -> None:
        """Begin a generation of another weight; callers that come once do not notice."""

    def _swing(self, rows: Ints, at: float) -> tuple[Floats, Floats]:
        """Return the factors, common to both arms, of the volume and of the bad rates."""
        ones = np.ones(len(rows))
        if self._traffic.regime is Regime.BURST and at < BURST_SECONDS:
            return ones, ones * BURST_FACTOR
        if self._traffic.regime is not Regime.DIURNAL:
            return ones, ones
        wave = np.sin(2 * np.pi * (at / DAY_SECONDS + self._phase[rows]))
        return 1 + DAY_VOLUME * wave, 1 + DAY_BAD * wave

    def _bad(self, units: Ints, rates: Mapping[Kind, float], factor: Floats) -> dict[Kind, Ints]:
        return {
            kind: self._random.binomial(units, np.minimum(rate * factor, MOST_BAD))
            for kind, rate in rates.items()
        }


class Regulars:
    """Callers that come again and again, a few of them most often; each keeps its bucket.

    Callers of one class are alike and stand for each other: only how many of them are in which
    arm, were seen, and were bad in this generation, is kept. Buckets are nested as in routing: a
    higher weight only moves callers from stable to the canary.
    """

    def __init__(self, traffic: Traffic, runs: int, random: np.random.Generator) -> None:
        self._traffic = traffic
        self._random = random
        sizes, shares = np.array(STICKY).T
        self._sizes = np.append(sizes, HOPELESS[0]).astype(np.int64)
        self._rates = np.append(traffic.rate * shares / sizes, HOPELESS[1])
        self._hopeless = np.arange(len(self._sizes)) == len(sizes)
        self._weight = np.zeros(runs)
        self._canary = np.zeros((runs, len(self._sizes)), np.int64)
        """Members of the canary's arm by class."""
        names = ["seen", *Kind]
        self._counted = {name: np.zeros((2, runs, len(self._sizes)), np.int64) for name in names}
        """Members of each arm, stable first, that count already in this generation."""

    def enter(self, rows: Ints, weight: Floats) -> None:
        """Begin a generation of a weight that is no lower, in which everyone counts anew."""
        before = self._weight[rows]
        move = np.where(before < 1, (weight - before) / np.maximum(1 - before, 1e-12), 0.0)
        left = self._sizes - self._canary[rows]
        self._canary[rows] += self._random.binomial(left, np.clip(move, 0, 1)[:, None])
        self._weight[rows] = weight
        for counted in self._counted.values():
            counted[:, rows] = 0

    def look(self, rows: Ints, weight: Floats, at: float, seconds: float) -> Look:
        """Return the callers that count for the first time in their generation."""
        members = np.stack([self._sizes - self._canary[rows], self._canary[rows]])
        requests = np.broadcast_to(self._rates * seconds, members[0].shape)
        if self._traffic.regime is Regime.RESTARTS:
            requests = requests * self._restart(rows, seconds)[:, None]
        seen = self._count("seen", rows, members, requests, (1.0, 1.0))
        stable, canary = {}, {}
        for kind in Kind:
            chances = self._traffic.chances(kind)
            if any(chances):
                stable[kind], canary[kind] = self._count(kind, rows, members, requests, chances)
        answered = self._random.poisson((members[0] * requests).sum(-1))
        return Look(seen[0], seen[1], stable, canary, answered, np.ones(len(rows)))

    def _count(
        self,
        name: str,
        rows: Ints,
        members: Ints,
        requests: Floats,
        chances: tuple[float, float],
    ) -> Ints:
        """Return how many of each arm count newly, (2, rows), and remember them."""
        counted = self._counted[name]
        before = counted[:, rows]
        rates = np.where(self._hopeless, 1.0 if any(chances) else 0.0, np.array(chances)[:, None])
        chance = -np.expm1(-requests * rates[:, None])
        new = self._random.binomial(members - before, chance)
        counted[:, rows] = before + new
        return np.asarray(new.sum(-1))

    def _restart(self, rows: Ints, seconds: float) -> Floats:
        """Restart servers; return the share of this look's requests that is still reported."""
        restarts = self._random.binomial(SERVERS, seconds / RESTART_SECONDS, len(rows))
        forgotten = restarts / SERVERS
        struck = np.flatnonzero(restarts)
        for counted in self._counted.values():
            known = counted[:, rows[struck]]
            lost = self._random.binomial(known, forgotten[struck][:, None])
            counted[:, rows[struck]] = known - lost
        return np.asarray(1 - forgotten * self._random.random(len(rows)))
