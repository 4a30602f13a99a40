"""Rollouts as the messages that tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from limner.v1 import rollouts_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from limner_registry.control.controller import Explained
    from limner_registry.rollout.ledger import Event
    from limner_registry.rollout.record import Rollout


def rollout_message(rollout: Rollout, now: float) -> rollouts_pb2.Rollout:
    """Return a rollout as it travels, its clocks read at an instant."""
    paused = rollout.paused_seconds
    if rollout.paused_at is not None:
        paused += max(0.0, now - rollout.paused_at)
    return rollouts_pb2.Rollout(
        id=rollout.id,
        model=rollout.model,
        stable_version=rollout.stable,
        canary_version=rollout.canary,
        spec=struct(rollout.spec.to_json()),
        state=f"ROLLOUT_STATE_{rollout.state.name}",
        reason="" if rollout.reason == "none" else rollout.reason.name,
        text=rollout.text,
        step=rollout.step,
        step_started_at=instant(rollout.step_started_at),
        active_seconds=rollout.active_seconds(now),
        paused_seconds=paused,
        weight_bps=rollout.weight_bps,
        shadow_bps=rollout.shadow_bps,
        attempt=rollout.attempt,
        created_at=instant(rollout.created_at),
        ended_at=None if rollout.ended_at is None else instant(rollout.ended_at),
        creator=rollout.creator,
        etag=str(rollout.etag),
    )


def event_message(event: Event) -> rollouts_pb2.RolloutEvent:
    """Return an event as it travels."""
    evidence = {"documents": list(event.cause.evidence), "details": dict(event.details)}
    return rollouts_pb2.RolloutEvent(
        seq=event.seq,
        rollout=event.rollout or "",
        type=event.type,
        actor=event.cause.actor,
        actor_kind=event.cause.kind.name,
        reason=event.cause.reason,
        request_id=event.cause.request_id,
        at=instant(event.at),
        evidence=struct(evidence),
    )


def explained_message(explained: Explained, now: float) -> rollouts_pb2.ExplainRolloutResponse:
    """Return why a rollout stands where it does, as it travels."""
    rollout, verdict = explained.rollout, explained.verdict
    here = [
        epoch for epoch in explained.facts.epochs if epoch.generation >= (rollout.generation or 1)
    ]
    answer = rollouts_pb2.ExplainRolloutResponse(
        rollout=rollout_message(rollout, now),
        stable_units=sum(epoch.stable.units for epoch in here),
        canary_units=sum(epoch.canary.units + epoch.pairs.total for epoch in here),
    )
    if verdict is not None and not rollout.ended:
        answer.outcome = verdict.outcome.name
        answer.missing.extend(verdict.missing)
        for found in verdict.evidence:
            answer.evidence.add(
                kind=found.kind.value if found.kind else "units",
                test=found.claim.value,
                log_e=found.log_e,
                threshold=found.threshold,
                counts=struct(found.to_json()),
            )
    return answer


def struct(document: Mapping[str, Any]) -> Struct:
    """Return a JSON document as a message."""
    return ParseDict(dict(document), Struct())


def instant(seconds: float) -> Timestamp:
    """Return an instant, seconds since 1970, as a message."""
    whole, part = divmod(seconds, 1)
    return Timestamp(seconds=int(whole), nanos=int(part * 1e9))
