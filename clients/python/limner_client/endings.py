"""How a stream of the asynchronous client really ended.

grpc.aio writes over the status of a stream that its server ended just while a message was being
sent: the caller sees INTERNAL, "Internal error from Core" (grpc issue 36066). What the server said
was there a moment before, or comes a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

if TYPE_CHECKING:
    from collections.abc import Coroutine

Value = TypeVar("Value")

OF_THE_CORE = "Internal error from Core"
PATIENCE_SECONDS = 1.0
"""How long the server's own status may be on its way once sending has failed."""


class Ending(grpc.RpcError):
    """The status the server gave a stream, whatever was written over it."""

    def __init__(self, call: Any) -> None:
        """Listen to `call`, which has just begun."""
        self._said: tuple[grpc.StatusCode, str, Any] | None = None
        self._heard = asyncio.Event()
        call.add_done_callback(self._listen)

    async def known(self, error: grpc.RpcError) -> grpc.RpcError:
        """Return the server's status for `error`, or `error` where there is none other."""
        if error.details() == OF_THE_CORE and self._said is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._heard.wait()
        return error if self._said is None else self

    def code(self) -> grpc.StatusCode:
        return self._said[0] if self._said else grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._said[1] if self._said else ""

    def trailing_metadata(self) -> Any:
        return self._said[2] if self._said else ()

    def _listen(self, call: Any) -> None:
        """Keep the first status that is not the core's; called for each one that is set."""
        status = (_done(call.code()), _done(call.details()), _done(call.trailing_metadata()))
        if self._said is None and status[1] != OF_THE_CORE:
            self._said = status
            self._heard.set()


def _done(answer: Coroutine[Any, Any, Value]) -> Value:
    """Return what an ended call answers: it is there, and nothing has to be waited for."""
    try:
        answer.send(None)
    except StopIteration as end:
        value: Value = end.value
        return value
    raise RuntimeError("the call has not ended")
