"""What the judge is given, and what it hands back."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from limner_registry.rollout.spec import WHOLE_BPS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.triggers import Reason


class Outcome(enum.StrEnum):
    """What should become of the step in force."""

    GO = "go"
    """Everything the step asks for is shown."""
    HOLD = "hold"
    """Nothing is shown either way, and there is time left."""
    ABORT = "abort"
    PAUSE = "pause"


class Claim(enum.StrEnum):
    """The hypothesis that an e-value speaks against."""

    NO_WORSE = "no_worse"
    """The canary is at most `1 + margin` times as bad as stable; where it falls, abort."""
    TOO_BAD = "too_bad"
    """The canary is at least `worst_ratio` times as bad as stable; where it falls, promote."""
    OVER_BUDGET = "over_budget"
    """The canary's own bad rate is at least its budget; where it falls, promote."""
    AS_ROUTED = "as_routed"
    """Units reach the canary in the share the routing table gives it; where it falls, pause."""


@dataclass(frozen=True)
class Arm:
    """What one version did for the units that it served in one routing generation."""

    units: int = 0
    """Different units: who or what a routing decision is made for."""
    bad: Mapping[Kind, int] = field(default_factory=dict)
    """Units with at least one bad event of a kind; absent is 0."""


@dataclass(frozen=True)
class Pairs:
    """Shadowed inputs, answered by both versions, in one routing generation."""

    total: int = 0
    stable_only: Mapping[Kind, int] = field(default_factory=dict)
    """Inputs that only stable answered badly; absent is 0."""
    canary_only: Mapping[Kind, int] = field(default_factory=dict)
    """Inputs that only the canary answered badly; absent is 0."""


@dataclass(frozen=True)
class Epoch:
    """The traffic of one routing generation, cumulative over all servers and their restarts."""

    generation: int
    weight_bps: int
    """The canary's share in force, in [0, 10000] basis points; 0 while it only shadows."""
    stable: Arm = field(default_factory=Arm)
    canary: Arm = field(default_factory=Arm)
    pairs: Pairs = field(default_factory=Pairs)

    @property
    def weight(self) -> float:
        """The canary's share of units, in [0, 1]."""
        return self.weight_bps / WHOLE_BPS


@dataclass(frozen=True)
class Factor:
    """The part of one generation in an e-value: hits and misses, and the chance of a hit."""

    generation: int
    weight_bps: int
    hits: int
    """What counts for the canary's side: its bad events, or its units."""
    misses: int
    """What they are held against: stable's bad events, stable's units, or good canary units."""
    theta0: float
    """The chance that a hit or miss is a hit where the claim just holds, in (0, 1)."""


@dataclass(frozen=True)
class Evidence:
    """One e-value, with all that is needed to compute it by hand.

    For each of `odds`: `log_e_j = sum over factors of hits * log(odds_j) - (hits + misses) *
    log(1 + theta0 * (odds_j - 1))`. Then `log_e` is the logarithm of the mean of exp(log_e_j).
    """

    claim: Claim
    """What falls where the evidence speaks."""
    kind: Kind | None
    """The bad events looked at; None for the shares of units."""
    log_e: float
    """Natural logarithm of the e-value."""
    threshold: float
    """The logarithm of 1 / alpha."""
    odds: tuple[float, ...]
    """Alternatives: by how much each multiplies the odds of a hit that `theta0` stands for."""
    factors: tuple[Factor, ...]

    @property
    def speaks(self) -> bool:
        """Whether the claim falls."""
        return self.log_e >= self.threshold

    def to_json(self) -> dict[str, Any]:
        """Return it as a document, to be kept as it is beside the decision."""
        return asdict(self) | {
            "claim": self.claim.value,
            "kind": None if self.kind is None else self.kind.value,
            "odds": list(self.odds),
            "factors": [asdict(factor) for factor in self.factors],
        }


@dataclass(frozen=True)
class Verdict:
    """What the judge says about the step in force, and why."""

    outcome: Outcome
    reason: Reason
    """NONE for GO and HOLD."""
    text: str
    """One sentence with its numbers."""
    evidence: tuple[Evidence, ...]
    """Every e-value looked at, also those that say nothing yet."""
    missing: tuple[str, ...] = ()
    """Sentences: what the step still waits for, and how long that takes at this rate."""

    def to_json(self) -> dict[str, Any]:
        """Return it as a document, with every e-value looked at."""
        return {
            "outcome": self.outcome.value,
            "reason": self.reason.value,
            "text": self.text,
            "evidence": [evidence.to_json() for evidence in self.evidence],
            "missing": list(self.missing),
        }
