"""What every call passes through: it is given its record, counted, timed, ended in our words.

One interceptor does all of it, because the parts share the moment a call ends: the status that is
sent, counted and logged must be the same one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from limner.errors import STATUS_DETAILS, LimnerError, to_status
from limner.v1.reasons import (
    DeadlinePassed,
    DeadlineTooShort,
    Draining,
    Internal,
    ParameterOutOfRange,
)
from limner_server.call import REQUEST_ID, Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from google.protobuf.message import Message

    from limner_registry.routes import Routes
    from limner_server.call import Budget
    from limner_server.metrics import Metrics

log = logging.getLogger("limner_server.calls")

DEADLINE_KEY = "limner-default-deadline-seconds"

Handler = Any
"""A grpc.RpcMethodHandler; its fields are untyped."""


class Calls(grpc.aio.ServerInterceptor):
    """The one interceptor of the server."""

    def __init__(
        self,
        budgets: Mapping[str, Budget],
        routes: Callable[[], Routes],
        metrics: Metrics,
    ) -> None:
        """Watch over the methods named in `budgets`; all others pass untouched.

        Args:
            budgets: By full method name, such as /limner.v1.SegmentService/Segment.
            routes: Returns the routing table in force.
            metrics: Where calls are counted.
        """
        self._budgets = budgets
        self._routes = routes
        self._metrics = metrics
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False

    async def idle(self) -> None:
        """Return once no call is being worked on."""
        await self._idle.wait()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Wrap the method's handler; only unary methods are ours so far."""
        handler = await continuation(details)
        budget = self._budgets.get(details.method)
        if handler is None or budget is None:
            return handler

        async def answer(request: Message | None, context: Any) -> Message:
            return await self._answer(handler.unary_unary, details.method, budget, request, context)

        def read(data: bytes) -> Message | None:
            try:
                message: Message = handler.request_deserializer(data)
            except DecodeError:
                return None  # grpc itself would call this our defect
            return message

        return grpc.unary_unary_rpc_method_handler(answer, read, handler.response_serializer)

    async def _answer(
        self, method: Handler, name: str, budget: Budget, request: Message | None, context: Any
    ) -> Message:
        call = self._open(name, budget, request, context)
        labels = ("unary", *name.strip("/").split("/"))
        self._metrics.started.labels(*labels).inc()
        self._enter()
        code, failure = grpc.StatusCode.CANCELLED, None
        try:
            response = await self._work(method, call, budget, request, context)
            code = grpc.StatusCode.OK
            return response  # noqa: TRY300 - the end of the happy path
        except LimnerError as error:
            code, failure = error.code, error
        finally:
            call.over = True
            self._leave()
            self._record(call, labels, code, failure)
        return await _abort(context, call, failure)

    async def _work(
        self, method: Handler, call: Call, budget: Budget, request: Message | None, context: Any
    ) -> Message:
        """Return the method's answer; whatever else happens is raised as a LimnerError."""
        if request is None:
            raise ParameterOutOfRange("the request's bytes are no message of this method")
        if self.draining:
            raise Draining("the server is shutting down", retry_after=1.0)
        if call.remaining() < budget.floor:
            raise DeadlineTooShort(_too_short(call, budget))
        try:
            async with asyncio.timeout(call.remaining()):
                answer: Message = await method(request, context)
        except TimeoutError as error:
            raise DeadlinePassed("the deadline passed while the call was worked on") from error
        except LimnerError:
            raise
        except Exception as error:
            log.exception("defect", extra={"request_id": call.request_id, "method": call.method})
            raise Internal("internal error; the server's log knows it by the request id") from error
        return answer

    def _open(self, name: str, budget: Budget, request: Message | None, context: Any) -> Call:
        remaining = context.time_remaining()
        if remaining is None:
            remaining = budget.default
            context.set_trailing_metadata(((DEADLINE_KEY, f"{budget.default:g}"),))
        call = Call(name, time.monotonic() + remaining, self._routes())
        asked = getattr(getattr(request, "options", None), "request_id", "")
        if REQUEST_ID.fullmatch(asked):
            call.request_id = asked
        call.enter()
        return call

    def _enter(self) -> None:
        self._in_flight += 1
        self._idle.clear()
        self._metrics.in_flight.set(self._in_flight)

    def _leave(self) -> None:
        self._in_flight -= 1
        self._metrics.in_flight.set(self._in_flight)
        if self._in_flight == 0:
            self._idle.set()

    def _record(
        self,
        call: Call,
        labels: tuple[str, ...],
        code: grpc.StatusCode,
        error: LimnerError | None,
    ) -> None:
        seconds = time.monotonic() - call.started
        self._metrics.handled.labels(*labels, code.name).inc()
        self._metrics.handling.labels(*labels).observe(seconds)
        for stage, stage_seconds in call.stages:
            self._metrics.stage_seconds.labels(stage).observe(stage_seconds)
        if error is not None:
            self._metrics.errors.labels(error.reason).inc()
        log.info(
            "call",
            extra={
                "request_id": call.request_id,
                "method": call.method,
                "code": code.name,
                "reason": error.reason if error else "",
                "seconds": round(seconds, 4),
                "models": call.models,
            },
        )


async def _abort(context: Any, call: Call, error: LimnerError) -> NoReturn:
    """End the call with `error`, by raising grpc's own AbortError."""
    error.request_id = call.request_id
    status = to_status(error)
    details = (STATUS_DETAILS, status.SerializeToString())
    await context.abort(error.code, status.message, (*context.trailing_metadata(), details))
    raise AssertionError("abort returned")


def _too_short(call: Call, budget: Budget) -> str:
    left = max(call.remaining(), 0)
    return (
        f"{left * 1000:.0f} ms are left; {call.method} needs {budget.floor * 1000:.0f} ms at least"
    )
