"""What every call passes through: it is given its record, counted, timed, ended in our words.

One interceptor does all of it, because the parts share the moment a call ends: the status that is
sent, counted and logged must be the same one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from limner.errors import LimnerError
from limner.v1.reasons import DeadlineTooShort, Internal, ParameterOutOfRange
from limner_server.admission.flights import Flights
from limner_server.admission.stay import Stay
from limner_server.call import Call
from limner_server.drain import Drain
from limner_server.envelope import abort, reader, sized, too_short
from limner_server.ledger import Ledger
from limner_server.routing.callers import caller_of
from limner_server.stream import ANSWERED, SKIPPED, Arrivals, Stream

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterator,
        Mapping,
    )

    from google.protobuf.message import Message

    from limner.v1.image_pb2 import CallOptions
    from limner_registry.routes import Caller
    from limner_server.admission.door import Door
    from limner_server.call import Budget
    from limner_server.envelope import Letter
    from limner_server.metrics import Metrics
    from limner_server.routing.trials import Trials

log = logging.getLogger(__name__)

DEADLINE_KEY = "limner-default-deadline-seconds"

Handler = Any
"""A grpc.RpcMethodHandler; its fields are untyped."""
BIDI = "bidi_stream"
Answer = TypeVar("Answer")


class Calls(grpc.aio.ServerInterceptor):
    """The one interceptor of the server."""

    def __init__(
        self,
        budgets: Mapping[str, Budget],
        trials: Trials,
        door: Door,
        metrics: Metrics,
        operator_token: str = "",
    ) -> None:
        """Watch over the methods named in `budgets`; all others pass untouched.

        Args:
            budgets: By full method name, such as /limner.v1.SegmentService/Segment.
            trials: Has the routing table in force, and hears of every call that ends.
            door: Says which calls are worked on, and when.
            metrics: Where calls are counted.
            operator_token: What callers show to name versions; empty lets nobody.
        """
        self._budgets = budgets
        self._trials = trials
        self._door = door
        self._operator_token = operator_token
        self._ledger = Ledger(metrics)
        self._flights = Flights(lambda call, well: self._ended(call, well=well))
        self._wrapped: dict[str, Handler] = {}
        self._in_flight = 0
        metrics.in_flight.set_function(lambda: self._in_flight)
        self._idle = asyncio.Event()
        self._idle.set()
        self.drain = Drain()
        """Has calls turned away once the server leaves."""

    async def idle(self) -> None:
        """Return once no call is being worked on."""
        await self._idle.wait()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Wrap the method's handler, when it is first called."""
        if (wrapped := self._wrapped.get(details.method)) is not None:
            return wrapped
        handler = await continuation(details)
        budget = self._budgets.get(details.method)
        if handler is None or budget is None:
            return handler
        wrap = self._unary if budget.frame is None else self._stream
        if handler.response_streaming and not handler.request_streaming:
            wrap = self._telling
        self._wrapped[details.method] = wrapped = wrap(handler, details.method, budget)
        return wrapped

    def _unary(self, handler: Handler, name: str, budget: Budget) -> Handler:
        async def answer(letter: Letter, context: Any) -> Message:
            call = self._open(name, budget, context)

            async def work() -> Message:
                request = self._begin(letter.message, call, context)

                async def fly() -> Message:
                    async with self._door.admitted(call, request, letter.size):
                        response: Message = await handler.unary_unary(request, context)
                        return response

                with self._door.held(letter.size):
                    if not call.named:  # nobody can ask for the same again
                        return await fly()
                    return await self._flights.answer(call, request, fly)

            return await self._answer(work, call, "unary", budget, context)

        return grpc.unary_unary_rpc_method_handler(
            answer, sized(reader(handler)), handler.response_serializer
        )

    def _telling(self, handler: Handler, name: str, budget: Budget) -> Handler:
        """Wrap a method that tells how far it is before it answers: one call, many messages."""

        async def answer(letter: Letter, context: Any) -> None:
            call = self._open(name, budget, context)

            async def work() -> None:
                request = self._begin(letter.message, call, context)
                with self._door.held(letter.size):
                    async with self._door.admitted(call, request, letter.size):
                        await _write(handler.unary_stream(request, context), context)

            await self._answer(work, call, "server_stream", budget, context)

        return grpc.unary_stream_rpc_method_handler(
            answer, sized(reader(handler)), handler.response_serializer
        )

    def _stream(self, handler: Handler, name: str, budget: Budget) -> Handler:
        async def answer(_: AsyncIterator[Message | None], context: Any) -> None:
            call = self._open(name, budget, context)
            stream = Stream(
                call,
                budget.frame or 0,
                self._trials.table,
                self.drain.begun,
                self._frames,
                lambda options: self._caller(context, options, call),
                Stay(self._door),
            )
            stream.enter()

            async def work() -> None:
                call.asks = self._caller(context, None, call)
                await _write(handler.stream_stream(Arrivals(context), context), context)

            await self._answer(work, call, BIDI, budget, context, stream.frames)

        return grpc.stream_stream_rpc_method_handler(
            answer, reader(handler), handler.response_serializer
        )

    async def _answer(
        self,
        work: Callable[[], Awaitable[Answer]],
        call: Call,
        kind: str,
        budget: Budget,
        context: Any,
        frames: Mapping[str, int] = MappingProxyType({}),
    ) -> Answer:
        self._ledger.begun(kind, call)
        code, failure = grpc.StatusCode.CANCELLED, None
        try:
            response = await self._work(work, call, budget)
            code = grpc.StatusCode.OK
            return response  # noqa: TRY300 - the end of the happy path
        except LimnerError as error:
            code, failure = error.code, error
            traceback.clear_frames(error.__traceback__)  # or photos stay until they are collected
        finally:
            if not self._flights.carries(call):
                self._ended(call, well=code is grpc.StatusCode.OK)
            self._ledger.ended(kind, call, code, failure, frames)
        return await abort(context, call, failure)

    async def _work(
        self, work: Callable[[], Awaitable[Answer]], call: Call, budget: Budget
    ) -> Answer:
        """Return what comes of the work; whatever else happens is raised as a LimnerError."""
        await self.drain.check()
        if call.remaining() < budget.floor:
            raise DeadlineTooShort(too_short(call, budget))
        try:
            with self._inside():
                async with self.drain.worked_on(call.remaining()):
                    return await work()
        except LimnerError:
            raise
        except Exception as error:
            log.exception("defect", extra={"request_id": call.request_id, "method": call.method})
            raise Internal("internal error; the server's log knows it by the request id") from error

    def _open(self, name: str, budget: Budget, context: Any) -> Call:
        remaining = context.time_remaining()
        if remaining is None:
            remaining = budget.default
            context.set_trailing_metadata(((DEADLINE_KEY, f"{budget.default:g}"),))
        if budget.frame is not None:
            remaining = min(remaining, budget.default)
        call = Call(name, time.monotonic() + remaining, self._trials.table())
        call.enter()
        return call

    def _begin(self, request: Message | None, call: Call, context: Any) -> Message:
        """Learn from a request whose call it is; return it.

        Raises:
            ParameterOutOfRange: Its bytes are no request.
        """
        options = getattr(request, "options", None)
        call.name(getattr(options, "request_id", ""))
        if request is None:
            raise ParameterOutOfRange("the request's bytes are no message of this method")
        call.asks = self._caller(context, options, call)
        if options is not None:
            call.urge(options)
        return request

    def _caller(self, context: Any, options: CallOptions | None, call: Call) -> Caller:
        metadata = context.invocation_metadata() or ()
        return caller_of(metadata, options, call.request_id, self._operator_token)

    def _frames(self, call: Call, outcome: str, count: int) -> None:
        """Count frames that came to one end."""
        self._ledger.frames(BIDI, call, outcome, count)
        if outcome != SKIPPED:
            self._ended(call, well=outcome == ANSWERED)

    def _ended(self, call: Call, *, well: bool) -> None:
        """Have a call counted for rollouts, once its answer is on its way."""
        call.over = True
        asyncio.get_running_loop().call_soon(partial(self._trials.ended, call, well=well))

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Count a call as worked on; those turned away keep no server from leaving."""
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()


async def _write(replies: AsyncGenerator[Message, None], context: Any) -> None:
    """Send replies as they come; whatever ends that ends them too."""
    async with contextlib.aclosing(replies):
        async for reply in replies:
            await context.write(reply)
            del reply  # or it stays until the next one
