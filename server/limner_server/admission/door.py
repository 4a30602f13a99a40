"""Where every call comes in: worked on now, in a while, or told at once to come again later."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from limner.v1.reasons import OverloadedBytes, OverloadedWork
from limner_server.admission.limits import BYTES_A_PIXEL
from limner_server.admission.line import Crowded, Line, Priority
from limner_server.admission.pace import CallPace
from limner_server.admission.patience import Patience
from limner_server.admission.weight import pixels_of, work_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractContextManager

    from google.protobuf.message import Message

    from limner.errors import LimnerError
    from limner_server.admission.limits import Limits
    from limner_server.admission.line import Turn
    from limner_server.call import Call
    from limner_server.metrics import Metrics

Own: TypeAlias = "Counter[str]"
"""What somebody has in the house already, of bytes and of pixels."""
SOONEST: Final = 0.05
"""Seconds after which nobody is asked to come again before."""


class Door:
    """Counts what all calls take, and lets in those that can be borne and finished in time.

    What waits counts as what is worked on, so all of it together stays within the memory that the
    limits stand for.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        """Bear as much as `limits` say; `metrics` shows how much that is just now."""
        self._limits = limits
        self._line = Line(limits.calls)
        self._pace = CallPace()
        self._patience = Patience(limits.calls, limits.patience)
        self._taken: Counter[str] = Counter()
        self._metrics = metrics
        metrics.working_calls.set_function(lambda: self._line.working)
        for priority in Priority:
            waiting, expected = metrics.waiting_calls, metrics.expected_wait
            label = priority.name.lower()
            waiting.labels(label).set_function(partial(self._line.waiting, priority))
            expected.labels(label).set_function(partial(self._line.expected_wait, priority))
        metrics.held_bytes.set_function(lambda: self._taken["bytes"])
        metrics.held_pixels.set_function(lambda: self._taken["pixels"])

    def held(self, size: int, own: Own | None = None) -> AbstractContextManager[None]:
        """Have so many bytes of a request in the house for as long as the block lasts.

        Raises:
            OverloadedBytes: All requests would be more than there is memory for.
        """
        return self._room("bytes", size, self._limits.bytes, own)

    def kept(self, size: int, own: Own | None = None) -> AbstractContextManager[None]:
        """Have so many bytes of decoded pictures in the house for as long as the block lasts.

        They count as the pixels that are worked on in as much memory.

        Raises:
            OverloadedBytes: With all that is worked on they would be more than there is memory for.
        """
        return self._room("pixels", -(-size // BYTES_A_PIXEL), self._limits.pixels, own)

    @asynccontextmanager
    async def admitted(
        self, call: Call, message: Message, size: int, own: Own | None = None, beside: int = 0
    ) -> AsyncIterator[None]:
        """Work on a message, of so many bytes, as long as the block lasts, once it is its turn.

        One without pictures, and one that is only looked at, has no need to wait. `beside` are
        pixels that are worked on with its own.

        Raises:
            OverloadedBytes: All pictures would be more than there is memory for.
            OverloadedWork: It would have to wait too long for its turn.
        """
        options = getattr(message, "options", None)
        looked_at = options is not None and options.validate_only
        pixels = 0 if looked_at else pixels_of(message, size)
        if not pixels:
            yield
            return
        pixels += beside
        work = work_of(call.method, message)
        with self._room("pixels", pixels, self._limits.pixels, own):
            turn = self._join(call, self._pace.of(work, pixels))
            try:
                with call.stage("admission"):
                    await turn.granted.wait()
                yield
            finally:
                self._line.leave(turn)
            self._pace.took(work, pixels, turn.worked)

    def _join(self, call: Call, seconds: float) -> Turn:
        """Return a call's place in line, where its work is expected to take so many seconds.

        Raises:
            OverloadedWork: It would have to wait too long for its turn.
        """
        try:
            turn = self._line.join(call.priority, seconds, self._longest(call, seconds))
        except Crowded as crowded:
            self._learn(call, refused=True)
            said = f"the server is at its limit: a turn is expected in {crowded.wait:.2f} s"
            self._refuse("work", OverloadedWork(said, retry_after=max(crowded.wait, SOONEST)))
        self._learn(call, refused=False)
        call.on_rest = partial(self._line.leave, turn)
        return turn

    def _longest(self, call: Call, seconds: float) -> float:
        """Return the longest wait that leaves time for the work, and that the caller bears."""
        in_time = call.remaining() - seconds
        if call.priority is Priority.BATCH:
            return in_time
        return min(in_time, self._patience.of(seconds))

    def _learn(self, call: Call, *, refused: bool) -> None:
        if call.priority is Priority.INTERACTIVE:
            self._patience.learn(refused=refused)

    @contextmanager
    def _room(self, what: str, more: int, limit: int, own: Own | None) -> Iterator[None]:
        """Take up some of what is limited for as long as the block lasts.

        Raises:
            OverloadedBytes: There is not so much left, and somebody else has some.
        """
        own = Counter() if own is None else own
        taken = self._taken[what]
        if taken > own[what] and taken + more > limit:
            wait = max(self._line.expected_wait(Priority.BATCH), SOONEST)
            said = f"{taken:,} {what} are being worked on, at most {limit:,} are taken"
            self._refuse(what, OverloadedBytes(said, retry_after=wait))
        self._taken[what] += more
        own[what] += more
        try:
            yield
        finally:
            self._taken[what] -= more
            own[what] -= more

    def _refuse(self, why: str, error: LimnerError) -> NoReturn:
        self._metrics.refused_calls.labels(why).inc()
        raise error
