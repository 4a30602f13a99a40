"""What is asked of a rollout: its steps, and what the judge wants to see before each next one."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import Any

WHOLE_BPS = 10_000
"""All traffic, in basis points: hundredths of a percent."""


class Kind(enum.StrEnum):
    """What can be bad about one answer; one answer may be bad in several ways."""

    ERROR = "error"
    """No answer, for a reason on the model's side; also where stable answered in its place."""
    SLOW = "slow"
    """An answer later than a latency fixed before the rollout began."""
    FALLBACK = "fallback"
    """A failure of the canary that stable made good: the caller saw nothing of it."""
    QUALITY = "quality"
    """An answer that cannot be right: an empty mask, an alpha out of range, no number."""


class Otherwise(enum.StrEnum):
    """What is done where what was waited for did not come."""

    PAUSE = "pause"
    ABORT = "abort"


@dataclass(frozen=True)
class Metric:
    """How one kind of bad event is judged."""

    kind: Kind
    share: float
    """Of `alpha_abort` spent on this kind, in (0, 1]; the shares of a spec sum to 1."""
    margin: float = 0.25
    """Excess over stable's bad rate that is no reason to abort, >= 0; 0.25 is a quarter more."""
    budget: float | None = None
    """Bad rate that is fine whatever stable's is, in (0, 1); None where none was agreed on."""


METRICS = (
    Metric(Kind.ERROR, share=0.4, budget=0.01),
    Metric(Kind.SLOW, share=0.25, budget=0.1),
    Metric(Kind.FALLBACK, share=0.1),
    Metric(Kind.QUALITY, share=0.25, budget=0.01),
)
"""All kinds. Only by a budget can a version pass that never fails at all; fallbacks are errors
too, and pass with them."""


@dataclass(frozen=True)
class Judging:
    """How sure the judge must be, and of what."""

    alpha_abort: float = 0.01
    """Highest chance that a version no worse than stable is aborted on evidence, in (0, 1)."""
    alpha_promote: float = 0.05
    """Highest chance that one too bad for a step passes it, in (0, 1)."""
    ratio_alpha: float = 0.001
    """Highest chance that right routing is taken for wrong, in (0, 1)."""
    min_units: int = 500
    """Canary units a weight needs before it can pass, unless its step says otherwise, >= 1."""
    slow_factor: float = 1.0
    """An answer is slow beyond this many times stable's 95th percentile before the rollout."""
    metrics: tuple[Metric, ...] = METRICS


@dataclass(frozen=True)
class Shadow:
    """Copy answered requests to the canary, compare, and show its answers to no one."""

    bps: int
    """Share of requests that are copied, in [1, 10000] basis points."""
    min_pairs: int = 500
    min_seconds: float = 120.0
    max_seconds: float = 3600.0

    @property
    def worst_ratio(self) -> float:
        """What the canary must be shown to stay below, as a multiple of stable's bad rate."""
        return WORST_RATIOS[0][1]


@dataclass(frozen=True)
class Weight:
    """Give the canary a share of all units."""

    bps: int
    """In [1, 10000] basis points; 10000 is the soak before the version becomes stable."""
    min_seconds: float = 120.0
    min_units: int | None = None
    """Canary units needed in this step; None is what `Judging` says."""
    max_seconds: float = 7200.0
    ratio: float | None = None
    """Times stable's bad rate that the canary must be shown to stay below; None: by weight. It
    says nothing at full weight, where nobody is left to compare with."""

    @property
    def worst_ratio(self) -> float:
        """What the canary must be shown to stay below: the more users, the less is granted."""
        if self.ratio is not None:
            return self.ratio
        return next(ratio for below, ratio in WORST_RATIOS if self.bps <= below)


WORST_RATIOS = ((1000, 2.0), (2500, 1.5), (WHOLE_BPS, 1.25))
"""Highest weight in basis points to the ratio it must be shown to stay below."""


@dataclass(frozen=True)
class HeaderRule:
    """Callers that send this header with this value get the canary."""

    name: str
    """A key of gRPC's metadata, in lower case."""
    value: str


@dataclass(frozen=True)
class Headers:
    """Send only chosen callers to the canary; they chose, so they are no evidence for passing."""

    rules: tuple[HeaderRule, ...]
    min_seconds: float = 600.0


@dataclass(frozen=True)
class Approve:
    """Wait for a person; the judge may abort meanwhile."""

    role: str = "operator"
    timeout_seconds: float = 86_400.0
    on_timeout: Otherwise = Otherwise.PAUSE


Step = Shadow | Weight | Headers | Approve


@dataclass(frozen=True)
class Spec:
    """A whole rollout as it was asked for; it never changes while the rollout runs."""

    steps: tuple[Step, ...]
    """The last one gives the canary everything; weights rise."""
    judging: Judging = Judging()
    on_inconclusive: Otherwise = Otherwise.PAUSE
    """What happens to a step that outlives `max_seconds` undecided; it never passes."""
    progress_seconds: float = 43_200.0
    """Deadline of all steps together, pauses and waits for an approval left out; a rollout beyond
    it is aborted."""
    dry_run: bool = False
    """The judge speaks and nothing follows from it."""
    rollback_seconds: float = 86_400.0
    """How long the former stable version is kept loaded after success."""

    def to_json(self) -> dict[str, Any]:
        """Return the document `read_spec` reads this spec from, every default written out."""
        steps = [{type(step).__name__.lower(): asdict(step)} for step in self.steps]
        document: dict[str, Any] = _plain(asdict(self) | {"steps": steps})
        return document


DEFAULT = Spec(
    (Shadow(1000), Weight(100, ratio=3.0), *(Weight(bps) for bps in (500, 2500, 5000, WHOLE_BPS)))
)
"""Shadow a tenth, then 1, 5, 25, 50 and 100 percent; the one percent only to meet real users,
for what it can tell apart in an hour is coarse."""


def _plain(value: Any) -> Any:
    """Return `value` in the types of JSON: names of enums, lists for tuples."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
