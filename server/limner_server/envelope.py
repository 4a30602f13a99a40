"""What surrounds every call on the wire: a request's bytes read, a failure's status told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import grpc
from google.protobuf.message import DecodeError

from limner.errors import STATUS_DETAILS, to_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

    from limner.errors import LimnerError
    from limner_server.call import Budget, Call

PUSHBACK: Final = "grpc-retry-pushback-ms"
"""What clients that retry by themselves go by, in place of their own pace."""


class Letter(NamedTuple):
    """A request as it came."""

    message: Message | None
    """None where the bytes are none of the method's messages."""
    size: int
    """Bytes that there were."""


def reader(handler: Any) -> Callable[[bytes], Message | None]:
    """Return the method's parser, with None for bytes that are none of its messages."""

    def read(data: bytes) -> Message | None:
        try:
            message: Message = handler.request_deserializer(data)
        except DecodeError:
            return None  # grpc itself would call this our defect
        return message

    return read


def sized(read: Callable[[bytes], Message | None]) -> Callable[[bytes], Letter]:
    """Return a parser that says how many bytes there were, too: asking a message copies it."""
    return lambda data: Letter(read(data), len(data))


async def abort(context: Any, call: Call, error: LimnerError) -> NoReturn:
    """End the call with `error`, by raising grpc's own AbortError."""
    error.request_id = call.request_id
    status = to_status(error)
    metadata = [*context.trailing_metadata(), (STATUS_DETAILS, status.SerializeToString())]
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after is not None:
        metadata.append((PUSHBACK, str(math.ceil(error.retry_after * 1000))))
    await context.abort(error.code, status.message, tuple(metadata))
    raise AssertionError("abort returned")


def too_short(call: Call, budget: Budget) -> str:
    """Return what is said of a deadline that leaves no time for the work."""
    left = max(call.remaining(), 0)
    return (
        f"{left * 1000:.0f} ms are left; {call.method} needs {budget.floor * 1000:.0f} ms at least"
    )
