"""What Prometheus sees of rollouts: read from the store when it asks, the same on every controller.

Where several controllers are scraped, take `max` over them, not `sum`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from limner_registry.control.history import History
from limner_registry.errors import RegistryUnavailable
from limner_registry.rollout.evidence import Claim
from limner_registry.rollout.record import ENDED, State
from limner_registry.rollout.spec import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

    from limner_registry.control.condition import Condition
    from limner_registry.control.controller import Explained
    from limner_registry.rollout.evidence import Evidence
    from limner_registry.rollout.record import Rollout
    from limner_registry.rollout.store import Store

KINDS: Final = {
    Claim.NO_WORSE: "abort",
    Claim.TOO_BAD: "promote",
    Claim.OVER_BUDGET: "budget",
    Claim.AS_ROUTED: "routing",
}
"""What follows where the evidence of a claim speaks; a budget that is kept promotes too."""
PAGE: Final = 1000
"""Events that are read at a time."""


class Figures(Collector):
    """Every series of one controller."""

    def __init__(
        self,
        store: Store,
        explain: Callable[[str, float], Explained],
        conditions: Sequence[Condition],
        moved: Mapping[str, Mapping[str, int | None]],
    ) -> None:
        """Look at these whenever asked.

        Args:
            store: Where rollouts are.
            explain: Returns all that a decision about a rollout rests on, at an instant.
            conditions: Whether each part of the controller's work can be done.
            moved: By model, the aliases that people have moved and that were left so.
        """
        self._store = store
        self._explain = explain
        self._conditions = conditions
        self._moved = moved
        self._history = History()
        self._turn = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are known once the store is asked."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield one family for each figure; those of the store only while it answers."""
        waits = GaugeMetricFamily(
            "limner_controller_waits", "1 while a part of the work cannot be done.", labels=["work"]
        )
        for condition in self._conditions:
            waits.add_metric([condition.work], float(condition.trouble is not None))
        yield waits
        moved = GaugeMetricFamily(
            "limner_aliases_moved",
            "Aliases in MLflow that people have moved and that were left so.",
            labels=["model"],
        )
        for model, aliases in dict(self._moved).items():
            moved.add_metric([model], len(aliases))
        yield moved
        with contextlib.suppress(RegistryUnavailable):
            yield from self._of_the_store(time.time())

    def _of_the_store(self, now: float) -> list[Metric]:
        with self._turn:
            while events := self._store.events(self._history.seq + 1, limit=PAGE):
                self._history.take(events)
            rollouts = self._told()
            running = [self._explain(one.id, now) for one in rollouts if not one.ended]
            return [
                *self._of_rollouts(rollouts, now),
                *_of_evidence(running),
                *self._of_servers(),
                self._of_changes(),
            ]

    def _told(self) -> list[Rollout]:
        """Return every rollout that is not over, and each model's latest."""
        open_ones = self._store.page(states=frozenset(State) - ENDED, size=PAGE).rollouts
        known = {rollout.id: rollout for rollout in open_ones}
        for model in self._store.fleet.generation().table.get("models", {}):
            known |= {rollout.id: rollout for rollout in self._store.page(model, size=1).rollouts}
        return list(known.values())

    def _of_rollouts(self, rollouts: Sequence[Rollout], now: float) -> Iterator[Metric]:
        named = ["model", "rollout"]
        info = GaugeMetricFamily("limner_rollout_info", "1.", labels=[*named, "state"])
        weight = GaugeMetricFamily(
            "limner_rollout_weight_ratio", "Share of callers that get the canary.", labels=named
        )
        manual = GaugeMetricFamily(
            "limner_rollout_manual_pause_seconds", "That people kept it paused.", labels=named
        )
        for one in rollouts:
            info.add_metric([one.model, one.id, one.state.value], 1.0)
            weight.add_metric([one.model, one.id], one.weight_bps / WHOLE_BPS)
            standing = self._history.rollouts.get(one.id)
            manual.add_metric([one.model, one.id], standing.manual(now) if standing else 0.0)
        yield from (info, weight, manual)

    def _of_servers(self) -> Iterator[Metric]:
        """Yield which tables servers have; Prometheus may name their label exported_instance."""
        generation = GaugeMetricFamily(
            "limner_routing_generation",
            "Generation of the routing table that a server has in force.",
            labels=["instance"],
        )
        for server in self._store.fleet.servers():
            generation.add_metric([server.instance], server.generation)
        yield generation
        yield GaugeMetricFamily(
            "limner_routing_generation_latest",
            "Generation of the routing table that servers are to have.",
            value=self._store.fleet.generation().number,
        )
        yield GaugeMetricFamily(
            "limner_rollouts_frozen",
            "1 while every caller is to get stable versions.",
            value=float(self._store.frozen() is not None),
        )

    def _of_changes(self) -> Metric:
        changes = CounterMetricFamily(
            "limner_rollout_transitions",
            "Changes of a rollout's state since the log began.",
            labels=["from", "to", "actor_kind"],
        )
        for change, count in self._history.changes.items():
            changes.add_metric(list(change), count)
        return changes


def _of_evidence(running: Iterable[Explained]) -> Iterator[Metric]:
    """Yield e-values and what they must reach; of several alike, the one that is furthest."""
    labels = ["model", "rollout", "metric", "kind"]
    value = GaugeMetricFamily(
        "limner_rollout_log_evalue", "Natural logarithm of an e-value.", labels=labels
    )
    threshold = GaugeMetricFamily(
        "limner_rollout_log_evalue_threshold", "From where on it speaks.", labels=labels
    )
    for explained in running:
        furthest: dict[tuple[str, str], Evidence] = {}
        for found in explained.verdict.evidence if explained.verdict else ():
            key = found.kind.value if found.kind else "units", KINDS[found.claim]
            if key not in furthest or found.log_e > furthest[key].log_e:
                furthest[key] = found
        for key, found in furthest.items():
            names = [explained.rollout.model, explained.rollout.id, *key]
            value.add_metric(names, found.log_e)
            threshold.add_metric(names, found.threshold)
    yield from (value, threshold)


@contextlib.contextmanager
def page(collector: Collector, host: str, port: int) -> Iterator[int]:
    """Serve /metrics on `host` and `port` (0 takes a free one); yields the port.

    Raises:
        OSError: The port is in use.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    server, thread = start_http_server(port, host, registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
