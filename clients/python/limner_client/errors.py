"""The errors of calls that never got an answer of the server's own.

LimnerError
├── ImageUnreadable ...         one class for each reason the server gives
└── UnknownReason               a reason this version does not know, or none
    ├── Unavailable             nothing answers at the address
    └── DeadlineExceeded        the call's own time ran out first
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

from limner.errors import LimnerError, UnknownReason, from_rpc_error
from limner.v1.reasons import ImageTooLarge  # its module makes the classes of all answers
from limner_client.channel import MAX_REQUEST_BYTES

if TYPE_CHECKING:
    from limner.v1.image_pb2 import CallOptions


OVER_LIMIT: Final = "Sent message larger than max"
"""What gRPC says of a request that it does not send."""


class Unavailable(UnknownReason):
    """Nothing answers at the client's address, or the connection broke."""


class DeadlineExceeded(UnknownReason):
    """The call's time ran out before an answer came; the server has stopped the work too."""


def typed_error(
    error: grpc.RpcError, address: str, timeout: float, options: CallOptions
) -> LimnerError:
    """Return the typed error behind a failed call; what the transport says becomes a sentence."""
    found = from_rpc_error(error)
    if type(found) is UnknownReason and found.reason == "UNKNOWN":
        found = _transport_error(found, address, timeout)
    found.request_id = found.request_id or options.request_id
    return found


def _transport_error(found: UnknownReason, address: str, timeout: float) -> LimnerError:
    if found.code is grpc.StatusCode.RESOURCE_EXHAUSTED and OVER_LIMIT in str(found):
        return ImageTooLarge(f"all that is sent is over {MAX_REQUEST_BYTES:,} bytes together")
    if found.code is grpc.StatusCode.UNAVAILABLE:
        more = "" if "Connection refused" in str(found) else f": {found}"
        return Unavailable(f"nothing answers at {address}{more}", found.code, "UNAVAILABLE")
    if found.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        text = f"no answer came within {timeout:g} s"
        return DeadlineExceeded(text, found.code, "DEADLINE_EXCEEDED")
    return found
