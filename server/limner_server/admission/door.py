"""Where every call comes in: worked on now, in a while, or told at once to come again later."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

from limner.v1.reasons import OverloadedBytes, OverloadedWork
from limner_server.admission.line import Crowded, Line, Priority
from limner_server.admission.pace import CallPace
from limner_server.admission.weight import weigh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from google.protobuf.message import Message

    from limner.errors import LimnerError
    from limner_server.admission.limits import Limits
    from limner_server.admission.weight import Weight
    from limner_server.call import Call
    from limner_server.metrics import Metrics

SHORTEST_PATIENCE: Final = 0.1
"""Seconds that an interactive call is let wait however short it is itself."""
SOONEST: Final = 0.05
"""Seconds after which nobody is asked to come again before."""


class Door:
    """Counts what all calls take, and lets in those that can be borne and finished in time.

    Waiting calls hold their bytes; pixels count from the moment a call is let in, so what waits
    and what is worked on together stay within the memory that the limits stand for.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        """Bear as much as `limits` say; `metrics` shows how much that is just now."""
        self._limits = limits
        self._line = Line(limits.calls)
        self._pace = CallPace()
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

    @asynccontextmanager
    async def admitted(
        self, call: Call, message: Message, size: int | None = None
    ) -> AsyncIterator[None]:
        """Work on a message, of so many bytes, as long as the block lasts, once it is its turn.

        One without pictures, and one that is only looked at, has no need to wait.

        Raises:
            OverloadedBytes: With it, all calls would take more memory than there is for them.
            OverloadedWork: It would have to wait too long for its turn.
        """
        weight = weigh(message, message.ByteSize() if size is None else size)
        options = getattr(message, "options", None)
        self._check_room(weight, call)
        self._take(weight, 1)
        try:
            if not weight.pixels or (options is not None and options.validate_only):
                yield
                return
            async with self._in_line(call, weight.pixels):
                yield
        finally:
            self._take(weight, -1)

    @asynccontextmanager
    async def _in_line(self, call: Call, pixels: int) -> AsyncIterator[None]:
        """Hold a place for as long as the block lasts, and learn how long that was."""
        seconds = self._pace.of(call.method, pixels)
        try:
            turn = self._line.join(call.priority, seconds, self._longest(call, seconds))
        except Crowded as crowded:
            said = f"the server is at its limit: a turn is expected in {crowded.wait:.2f} s"
            self._refuse("work", OverloadedWork(said, retry_after=max(crowded.wait, SOONEST)))
        call.on_rest = partial(self._line.leave, turn)
        try:
            with call.stage("admission"):
                await turn.granted.wait()
            yield
        finally:
            self._line.leave(turn)
        self._pace.took(call.method, pixels, turn.worked)

    def _longest(self, call: Call, seconds: float) -> float:
        """Return the longest wait that leaves time for the work, and that the caller bears."""
        in_time = call.remaining() - seconds
        if call.priority is Priority.BATCH:
            return in_time
        return min(in_time, self._limits.patience or max(seconds, SHORTEST_PATIENCE))

    def _check_room(self, weight: Weight, call: Call) -> None:
        """Go on only if there is room for a request beside all others, or there are none.

        Raises:
            OverloadedBytes: There is not.
        """
        limits = (("bytes", self._limits.bytes), ("pixels", self._limits.pixels))
        for (what, limit), more in zip(limits, weight, strict=True):
            taken = self._taken[what]
            if taken and taken + more > limit:
                wait = max(self._line.expected_wait(Priority.BATCH), SOONEST)
                said = f"{taken:,} {what} are being worked on, at most {limit:,} are taken"
                self._refuse(what, OverloadedBytes(said, retry_after=wait))

    def _take(self, weight: Weight, times: int) -> None:
        for what, more in weight._asdict().items():
            self._taken[what] += times * more

    def _refuse(self, why: str, error: LimnerError) -> NoReturn:
        self._metrics.refused_calls.labels(why).inc()
        raise error
