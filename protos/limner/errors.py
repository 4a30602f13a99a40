"""The errors a call can end in, as both sides see them.

The server raises a class of `limner.v1.reasons`; `to_status` turns it into the status that travels;
`from_rpc_error` gives the client the same class back.

    LimnerError                 reason, code and retryable are the class's own
    ├── ImageUnreadable ...     one class for each ErrorReason of errors.proto
    └── UnknownReason           a newer server's reason, or no reason at all
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DOMAIN = "limner"
STATUS_DETAILS = "grpc-status-details-bin"
MAX_STATUS = 4096
"""Bytes no status exceeds; with the message sent twice, one of 8 KiB would not arrive at all."""
MAX_MESSAGE = 512
"""Bytes of a message that travel; beyond ASCII gRPC writes each as three."""
MAX_VIOLATIONS = 8
MAX_FIELD, MAX_DESCRIPTION = 64, 192
"""Bytes of a violation that travel."""


@dataclass(frozen=True)
class Violation:
    """One thing wrong with one field of a request."""

    field: str
    """Path of the field, such as `output.quality`."""
    description: str
    """What is wrong with it, and what would be right."""


class LimnerError(Exception):
    """Base of everything a call can end in; its text is meant for the caller as it stands."""

    reason: ClassVar[str] = "UNKNOWN"
    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        """Describe one failure.

        Args:
            message: One sentence for the caller.
            violations: Every field that is wrong, when fields are.
            retry_after: Seconds until the same call is worth sending again, where that is known.
            request_id: The call's id, by which the server's log is searched.
        """
        super().__init__(message)
        self.violations = tuple(violations)
        self.retry_after = retry_after
        self.request_id = request_id


class UnknownReason(LimnerError):
    """A failure whose reason this program does not know; `code` is the status it came with."""

    def __init__(
        self,
        message: str,
        code: grpc.StatusCode,
        reason: str = "UNKNOWN",
        *,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        """Keep the status and the reason that came over the wire; as LimnerError otherwise."""
        super().__init__(
            message, violations=violations, retry_after=retry_after, request_id=request_id
        )
        self.code = code  # type: ignore[misc]
        self.reason = reason  # type: ignore[misc]


def to_status(error: LimnerError) -> status_pb2.Status:
    """Return `error` as it travels: one ErrorInfo, and what else the caller can use."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN)
    if error.request_id:
        info.metadata["request_id"] = error.request_id
    details = [_packed(info)]
    if error.violations:
        shown = error.violations[:MAX_VIOLATIONS]
        fields = [
            error_details_pb2.BadRequest.FieldViolation(
                field=_cut(violation.field, MAX_FIELD),
                description=_cut(violation.description, MAX_DESCRIPTION),
            )
            for violation in shown
        ]
        details.append(_packed(error_details_pb2.BadRequest(field_violations=fields)))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    number, _ = error.code.value
    return status_pb2.Status(code=number, message=_cut(str(error), MAX_MESSAGE), details=details)


def from_rpc_error(error: grpc.RpcError) -> LimnerError:
    """Return the typed error behind a failed call.

    A failure of the transport carries no reason: it becomes `UnknownReason` with its code. So does
    a reason whose class was never imported; `limner.v1.reasons` has them all.
    """
    code, text, status = error.code(), error.details() or "", _status_of(error)
    info = error_details_pb2.ErrorInfo()
    violations: list[Violation] = []
    retry_after = None
    for detail in status.details:
        bad, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad):
            violations = [Violation(v.field, v.description) for v in bad.field_violations]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
        else:
            detail.Unpack(info)
    kind = classes().get(info.reason) if info.domain == DOMAIN else None
    make = kind or partial(UnknownReason, code=code, reason=info.reason or "UNKNOWN")
    return make(
        text,
        violations=violations,
        retry_after=retry_after,
        request_id=info.metadata.get("request_id", ""),
    )


def classes() -> dict[str, type[LimnerError]]:
    """Return the class of each reason there is; none before `limner.v1.reasons` is imported."""
    return {kind.reason: kind for kind in LimnerError.__subclasses__() if kind is not UnknownReason}


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _packed(detail: error_details_pb2.ErrorInfo) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def _status_of(error: grpc.RpcError) -> status_pb2.Status:
    trailing = cast("Iterable[tuple[str, bytes]]", error.trailing_metadata() or ())
    for key, value in trailing:
        if key == STATUS_DETAILS:
            return status_pb2.Status.FromString(value)
    return status_pb2.Status()
