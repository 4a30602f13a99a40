"""One call while it is worked on: who asked, until when, which versions, where the time goes."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from limner.v1 import image_pb2
from limner.v1.reasons import DeadlinePassed, ModelNotReady
from limner_registry.routes import Arm, Caller, Choice
from limner_server.admission.line import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, MutableSequence

    from limner_registry.routes import Routes
    from limner_server.routing.shadow import Sample

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a caller may name a call: nothing that could harm a log."""

First = TypeVar("First")
Second = TypeVar("Second")

_current: ContextVar[Call] = ContextVar("call")


class Reply(Protocol):
    """The fields that every reply of ours has."""

    @property
    def served_by(self) -> image_pb2.ServedBy:
        """Which versions took part."""

    @property
    def timings(self) -> image_pb2.Timings:
        """Where the time went."""

    @property
    def warnings(self) -> MutableSequence[image_pb2.Warning]:
        """What the caller should know."""


@dataclass(frozen=True)
class Budget:
    """How long one method may take."""

    default: float
    """Seconds a caller gets who names no deadline."""
    floor: float
    """Seconds under which the work is not begun: it could not be finished."""
    frame: float | None = None
    """Seconds for each frame of a stream, whose `default` nobody can stretch; None: no stream."""


@dataclass
class Use:
    """What one call has had of one model."""

    choice: Choice
    """What it was planned with."""
    fell_back: bool = False
    """Whether the stable version has answered in place of the one planned, which failed."""
    stable: int | None = None
    """The version it falls back on."""
    seconds: float = 0.0
    """That the longest run of the version planned has taken."""
    bad: set[str] = field(default_factory=set)
    """What was bad about the version planned."""

    @property
    def version(self) -> int:
        """The version that answers from here on."""
        return self.stable if self.fell_back and self.stable else self.choice.version


ARMS = {
    Arm.STABLE: image_pb2.ARM_STABLE,
    Arm.CANARY: image_pb2.ARM_CANARY,
    Arm.PINNED: image_pb2.ARM_PINNED,
}


@dataclass
class Call:
    """What one call carries through pipelines and models; made by the interceptor."""

    method: str
    """Full method name, such as /limner.v1.SegmentService/Segment."""
    deadline: float
    """When the answer must be out, on time.monotonic()'s clock."""
    routes: Routes
    """The table in force when the call came; it holds to the end of the call."""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    asks: Caller | None = None
    """Who it is for, once that is known; before, it is for itself alone."""
    priority: Priority = Priority.INTERACTIVE
    """How urgent it is."""
    named: bool = False
    """Whether the id is the caller's own: one that it may send again."""
    started: float = field(default_factory=time.monotonic)
    on_rest: Callable[[], None] = lambda: None
    """Lets others have the turn that this call was worked on in."""
    over: bool = False
    """True once nobody waits for the answer; long work looks at it and stops."""
    stages: list[tuple[str, float]] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    """Runs that a canary is to be shown once the call has been answered."""
    warnings: list[image_pb2.Warning] = field(default_factory=list)

    @staticmethod
    def current() -> Call:
        """Return the call that is being worked on here."""
        return _current.get()

    def enter(self) -> None:
        """Make this the call that `current` returns, for this task and what it starts."""
        _current.set(self)

    def name(self, request_id: str) -> None:
        """Go by the id the caller chose, if it is one that may be."""
        if REQUEST_ID.fullmatch(request_id):
            self.request_id, self.named = request_id, True

    def urge(self, options: image_pb2.CallOptions) -> None:
        """Be as urgent as the caller says."""
        batch = options.priority == image_pb2.PRIORITY_BATCH
        self.priority = Priority.BATCH if batch else Priority.INTERACTIVE

    def rest(self) -> None:
        """Let others have this call's turn: its answer is there and has only to be sent."""
        self.on_rest()

    def remaining(self) -> float:
        """Return the seconds left before the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()

    def is_over(self) -> bool:
        """Return whether the work is in vain: the caller is gone or the deadline has passed."""
        return self.over or self.remaining() <= 0

    def check(self) -> None:
        """Go on only while there is time.

        Raises:
            DeadlinePassed: The deadline has passed.
        """
        if self.remaining() <= 0:
            raise DeadlinePassed("the deadline passed while the call was worked on")

    @property
    def caller(self) -> Caller:
        """Who it is for: decides which versions it gets, the same ones to its end."""
        return self.asks or Caller(self.request_id)

    def use_of(self, model: str) -> Use:
        """Return what this call has had of `model`, planning it at the first time.

        Raises:
            ModelNotReady: The table in force when the call came had none.
        """
        if model not in self.uses:
            choice = self.routes.choose(model, self.caller)
            if choice is None:
                raise ModelNotReady(f"no version of {model} is ready yet", retry_after=2.0)
            self.uses[model] = Use(choice, stable=self.routes.stable.get(model))
        return self.uses[model]

    def warn(self, code: str, message: str, field: str = "") -> None:
        """Tell the caller something about a reply that is good all the same, once."""
        warning = image_pb2.Warning(code=code, message=message, field=field)
        if warning not in self.warnings:
            self.warnings.append(warning)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Record how long a named part takes; a part done twice is recorded twice."""
        self.check()
        begun = time.monotonic()
        place = len(self.stages)
        self.stages.append((name, 0.0))
        try:
            yield
        finally:
            self.stages[place] = (name, time.monotonic() - begun)

    def served_by(self) -> image_pb2.ServedBy:
        """Return which versions took part, as replies say it."""
        models = [
            image_pb2.ModelUse(
                model=model,
                version=use.version,
                arm=image_pb2.ARM_STABLE if use.fell_back else ARMS[use.choice.arm],
                rollout=use.choice.rollout,
                fell_back=use.fell_back,
            )
            for model, use in self.uses.items()
        ]
        generation = self.routes.generation
        return image_pb2.ServedBy(
            models=models, request_id=self.request_id, routing_generation=generation
        )

    def sign(self, reply: Reply) -> None:
        """Write into a reply what every one carries: who made it, how long it took, warnings."""
        reply.served_by.CopyFrom(self.served_by())
        reply.timings.CopyFrom(self.timings())
        reply.warnings.extend(self.warnings)

    def timings(self) -> image_pb2.Timings:
        """Return where the time went, as replies say it."""
        stages = [image_pb2.Stage(name=name, seconds=seconds) for name, seconds in self.stages]
        total = time.monotonic() - self.started
        return image_pb2.Timings(stages=stages, total_seconds=total)


async def side_by_side(
    first: Coroutine[None, None, First], second: Coroutine[None, None, Second]
) -> tuple[First, Second]:
    """Return both results; the first failure cancels the other and is raised as it is.

    Not by a TaskGroup: one that is cancelled keeps what its tasks worked on until the garbage
    collector comes by.
    """
    tasks = asyncio.create_task(first), asyncio.create_task(second)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failures = [error for task in tasks if task in done and (error := task.exception())]
        if failures:
            raise failures[0]
        return tasks[0].result(), tasks[1].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
