"""One stream while it lasts: every frame of it is a call of its own, with the versions of its time.

A stream may outlive a version by far. So only its id and its end belong to the stream; what a frame
is planned with, it gets when its turn comes.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import grpc

from limner.errors import LimnerError
from limner.v1.reasons import DeadlinePassed
from limner_server.call import Call

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from google.protobuf.message import Message

    from limner.v1.image_pb2 import CallOptions
    from limner_registry.routes import Caller, Routes
    from limner_server.admission.stay import Stay

ANSWERED, SKIPPED = "answered", "skipped"
OF_THE_FRAME = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}
"""Statuses that say something of one frame and nothing of the next."""

_current: ContextVar[Stream] = ContextVar("stream")


class Arrivals:
    """A stream's messages as they come.

    gRPC's own iterator keeps each until the next one is there.
    """

    def __init__(self, context: Any) -> None:
        """Read from a call's `context`."""
        self._context = context

    def __aiter__(self) -> Arrivals:
        """Return itself."""
        return self

    async def __anext__(self) -> Message | None:
        """Return the next message; None for bytes that are none."""
        message = await self._context.read()
        if message is grpc.aio.EOF:
            raise StopAsyncIteration
        return cast("Message | None", message)


@dataclass
class Stream:
    """What one stream carries; made by the interceptor."""

    call: Call
    """The stream's own record: its id and its end."""
    frame_seconds: float
    """How long one frame may take."""
    routes: Callable[[], Routes]
    """Returns the routing table in force."""
    leaving: asyncio.Event
    """Set once the server is shutting down."""
    observe: Callable[[Call, str, int], None]
    """Hears what became of how many frames, and of the call that one of them was."""
    caller: Callable[[CallOptions], Caller]
    """Returns whom the stream is for, by what its settings say."""
    stay: Stay
    """Has what it sent in the house, and lets in what is worked on."""
    frames: Counter[str] = field(default_factory=Counter)
    """How many frames came to which end: answered, skipped, or a reason in lower case."""

    @staticmethod
    def current() -> Stream:
        """Return the stream that is being answered here."""
        return _current.get()

    def enter(self) -> None:
        """Make this the stream that `current` returns, for this task and what it starts."""
        _current.set(self)

    @contextmanager
    def work(self) -> Iterator[Call]:
        """Work for as long as the block lasts, as a call of its own; yields that call."""
        deadline = min(self.call.deadline, time.monotonic() + self.frame_seconds)
        stream = self.call
        call = Call(
            stream.method,
            deadline,
            self.routes(),
            stream.request_id,
            stream.asks,
            stream.priority,
        )
        call.enter()
        try:
            yield call
        finally:
            call.over = True

    def frame(self) -> AbstractContextManager[Call]:
        """Work on one frame for as long as the block lasts, and count what became of it."""
        return self._counted(ANSWERED)

    def preparation(self) -> AbstractContextManager[Call]:
        """Work on what a frame needs first; if that fails, it is what became of the frame."""
        return self._counted("")

    def skipped(self, count: int) -> None:
        """Note frames that were passed over for newer ones."""
        if count:
            self._count(self.call, SKIPPED, count)

    def survives(self, error: LimnerError) -> bool:
        """Return whether a frame that failed so leaves the stream as good as it was."""
        return error.code in OF_THE_FRAME or self.outlasts(error)

    def outlasts(self, error: LimnerError) -> bool:
        """Return whether room or time was short, which says nothing of what was asked."""
        if isinstance(error, DeadlinePassed):
            return self.call.remaining() > 0
        return error.code is grpc.StatusCode.RESOURCE_EXHAUSTED

    @contextmanager
    def _counted(self, well: str) -> Iterator[Call]:
        """Work for as long as the block lasts, and count what a frame came to by it.

        If all goes well that is `well`; nothing is counted then where it is empty.
        """
        outcome = "cancelled"
        with self.work() as call:
            try:
                yield call
                outcome = well
            except LimnerError as error:
                outcome = error.reason.lower()
                raise
            finally:
                if outcome:
                    self._count(call, outcome, 1)

    def _count(self, call: Call, outcome: str, count: int) -> None:
        self.frames[outcome] += count
        self.observe(call, outcome, count)
