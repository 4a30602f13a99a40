"""RolloutService: what operators ask of rollouts, and what they are told."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.json_format import MessageToDict

from limner.v1 import rollouts_pb2, rollouts_pb2_grpc
from limner_registry.control.messages import event_message, explained_message, rollout_message
from limner_registry.control.proposal import VersionRefused, active, begin, proposed
from limner_registry.control.simulation import Simulator
from limner_registry.control.table import follow, routes_of
from limner_registry.errors import InputRefused
from limner_registry.rollout.document import read_spec
from limner_registry.rollout.errors import EtagMismatch, RolloutUnknown
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.plan import rolled_back
from limner_registry.rollout.record import ENDED, State
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.triggers import (
    Abort,
    Advance,
    Approve,
    Pause,
    Promote,
    Reason,
    Resume,
    Retry,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from concurrent.futures import Executor

    from limner_registry.control.controller import Controller
    from limner_registry.rollout.record import Rollout
    from limner_registry.rollout.store import Store
    from limner_registry.rollout.triggers import Trigger
    from limner_registry.store import Registry

MOST_PAGE: Final = 1000
TRIES: Final = 5
"""At a change that the controller comes before with one of its own."""
WATCH_SECONDS: Final = 0.5
"""Between two looks at a rollout that is watched."""
VERBS: Final[dict[int, Callable[[Any], Trigger]]] = {
    rollouts_pb2.ROLLOUT_VERB_PAUSE: lambda request: Pause(Reason.PERSON, request.reason),
    rollouts_pb2.ROLLOUT_VERB_RESUME: lambda _: Resume(),
    rollouts_pb2.ROLLOUT_VERB_ADVANCE: lambda _: Advance(),
    rollouts_pb2.ROLLOUT_VERB_PROMOTE: lambda request: Promote(request.reason),
    rollouts_pb2.ROLLOUT_VERB_ABORT: lambda request: Abort(Reason.PERSON, request.reason),
    rollouts_pb2.ROLLOUT_VERB_RETRY: lambda request: Retry(_salt(request)),
    rollouts_pb2.ROLLOUT_VERB_APPROVE: lambda _: Approve(),
}
"""What each verb does, given the request: the same for the same, however often that comes."""


class Rollouts(rollouts_pb2_grpc.RolloutServiceServicer):
    """Answers over one store; everything that blocks runs in threads."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        controller: Controller,
        asking: Executor,
        hint: Callable[[], None],
    ) -> None:
        """Answer for `controller`, ask the registry in `asking`, call `hint` after changes."""
        self._store = store
        self._registry = registry
        self._controller = controller
        self._asking = asking
        self._hint = hint
        self._simulator = Simulator()

    async def CreateRollout(self, request: Any, context: Any) -> Any:
        """Create a rollout; an active one of the model makes way."""
        loop = asyncio.get_running_loop()
        rollout = await loop.run_in_executor(self._asking, self._create, request)
        self._hint()
        message = rollout_message(rollout, time.time())
        return rollouts_pb2.CreateRolloutResponse(rollout=message)

    async def GetRollout(self, request: Any, context: Any) -> Any:
        """Return one rollout."""
        rollout = await asyncio.to_thread(self._named, request.rollout)
        return rollouts_pb2.GetRolloutResponse(rollout=rollout_message(rollout, time.time()))

    async def ListRollouts(self, request: Any, context: Any) -> Any:
        """Return rollouts, newest first."""
        states = frozenset(State) - ENDED if request.active else frozenset(State)
        size = min(request.page_size or 50, MOST_PAGE)
        rest = int(request.page_token) if request.page_token.isdecimal() else None
        page = await asyncio.to_thread(
            self._store.page, request.model or None, states, max(1, size), rest
        )
        now = time.time()
        return rollouts_pb2.ListRolloutsResponse(
            rollouts=[rollout_message(rollout, now) for rollout in page.rollouts],
            next_page_token="" if page.rest is None else str(page.rest),
        )

    async def ChangeRollout(self, request: Any, context: Any) -> Any:
        """Let a person's decision happen to a rollout."""
        rollout = await asyncio.to_thread(self._change, request)
        self._hint()
        return rollouts_pb2.ChangeRolloutResponse(rollout=rollout_message(rollout, time.time()))

    async def RollbackModel(self, request: Any, context: Any) -> Any:
        """Make the version before stable again."""
        stable, previous = await asyncio.to_thread(self._roll_back, request)
        self._hint()
        return rollouts_pb2.RollbackModelResponse(stable_version=stable, previous_version=previous)

    async def FreezeRollouts(self, request: Any, context: Any) -> Any:
        """Send every call but those by pin or header rule to stable versions, or end that."""
        change = self._store.freeze if request.frozen else self._store.unfreeze
        await asyncio.to_thread(change, _cause(request), time.time())
        self._hint()
        return rollouts_pb2.FreezeRolloutsResponse(frozen=request.frozen)

    async def ExplainRollout(self, request: Any, context: Any) -> Any:
        """Say why a rollout stands where it does."""
        return await asyncio.to_thread(self._explained, request.rollout)

    async def WatchRollout(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Say it again whenever it changes, until the rollout is over."""
        said = b""
        while True:
            answer = await asyncio.to_thread(self._explained, request.rollout)
            now = answer.SerializeToString(deterministic=True)
            if now != said:
                said = now
                yield rollouts_pb2.WatchRolloutResponse(explained=answer)
            if answer.rollout.HasField("ended_at"):
                return
            await asyncio.sleep(WATCH_SECONDS)

    async def ListEvents(self, request: Any, context: Any) -> Any:
        """Return what happened, oldest first."""
        size = min(request.page_size or 100, MOST_PAGE)
        found = await asyncio.to_thread(
            self._store.events, request.after_seq + 1, request.rollout or None, size
        )
        return rollouts_pb2.ListEventsResponse(events=[event_message(event) for event in found])

    async def SimulateRollout(self, request: Any, context: Any) -> Any:
        """Say what would become of rollouts; nothing comes of it."""
        return await self._simulator.answer(request)

    def _create(self, request: Any) -> Rollout:
        """Check and keep a new rollout; with `validate_only` check alone."""
        version = self._registry.version(request.model, request.version)
        given = MessageToDict(request.spec) if request.HasField("spec") else None
        spec = DEFAULT if given is None else read_spec(given)
        rollout = proposed(version, self._controller.routes(), spec, request.actor, time.time())
        return rollout if request.validate_only else begin(self._store, rollout, _cause(request))

    def _change(self, request: Any) -> Rollout:
        make = VERBS.get(request.verb)
        if make is None:
            raise InputRefused("verb: say what to do")
        if request.verb == rollouts_pb2.ROLLOUT_VERB_PROMOTE and not request.reason:
            raise InputRefused("reason: promoting past the judge needs a justification")
        trigger, cause = make(request), _cause(request)
        for tries_left in reversed(range(TRIES)):
            rollout = self._named(request.rollout)
            etag = int(request.etag) if request.etag.isdecimal() else rollout.etag
            try:
                return self._store.transition(rollout.id, etag, trigger, cause, time.time())
            except EtagMismatch:
                # who names no state means whatever it is by now
                if request.etag or not tries_left:
                    raise
        raise AssertionError("the last try returns or raises")

    def _roll_back(self, request: Any) -> tuple[int, int]:
        """Write the event that says who wanted it, then the table with the version before.

        The event holds which version that is, so that a request that comes again, because the
        first one broke off, is carried out once all the same.
        """
        now, model, routes = time.time(), request.model, self._controller.routes()
        if model not in routes.previous:
            raise VersionRefused(f"no earlier version of {model} is kept ready")
        back = {"stable": routes.previous[model], "previous": routes.stable[model]}
        cause = replace(_cause(request), evidence=(back,))
        meant = self._store.note("Rollback", {"model": model}, cause, now).cause.evidence[0]
        for tries_left in reversed(range(TRIES)):
            latest = self._store.fleet.generation()
            routes = routes_of(latest)
            if routes.stable[model] == meant["stable"]:
                break
            try:
                self._make_way(model, cause, now)
                follow(self._store, latest, rolled_back(routes, model), now)
            except EtagMismatch:
                if not tries_left:
                    raise
        return meant["stable"], meant["previous"]

    def _make_way(self, model: str, cause: Cause, now: float) -> None:
        """Abort the model's rollout, if it has one."""
        for rollout in active(self._store, model):
            request_id = f"{cause.request_id}/abort/{rollout.id}"
            way = Cause(cause.actor, cause.kind, request_id, cause.reason)
            trigger = Abort(Reason.PERSON, f"{model} was rolled back")
            self._store.transition(rollout.id, rollout.etag, trigger, way, now)

    def _named(self, name: str) -> Rollout:
        """Return a rollout by its id, or a model's latest."""
        try:
            return self._store.get(name)
        except RolloutUnknown:
            latest = self._store.page(model=name, size=1).rollouts
            if not latest:
                raise
            return latest[0]

    def _explained(self, name: str) -> Any:
        now = time.time()
        return explained_message(self._controller.explain(self._named(name).id, now), now)


def _salt(request: Any) -> str:
    """Return the salt of another attempt: 16 hexadecimal digits that follow from the request."""
    text = f"{request.rollout}/{request.request_id}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _cause(request: Any) -> Cause:
    """Return who asks, and why."""
    reason = getattr(request, "reason", "")
    return Cause(request.actor or "somebody", ActorKind.HUMAN, request.request_id, reason)
