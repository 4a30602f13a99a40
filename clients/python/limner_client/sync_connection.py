"""The synchronous connection; generated from connection.py by generate_sync.py, not by hand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from google.protobuf import wrappers_pb2

from limner.v1.image_pb2 import CallOptions
from limner_client.channel import CHANNEL_OPTIONS, DEFAULT_TIMEOUT, resolve_address, seconds_of
from limner_client.errors import DeadlineExceeded, Unavailable, typed_error
from limner_client.replies import frame_result
from limner_client.request_parts import PriorityName, priority_of
from limner_client.requests import image_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from limner_client.results import FrameResult

Request = TypeVar("Request")
Reply = TypeVar("Reply")
Result = TypeVar("Result")

_SERVING = 1


class Connection:
    """A server, reached when it is first called."""

    def __init__(
        self,
        address: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        metadata: Mapping[str, str | bytes] | None = None,
        priority: PriorityName = "interactive",
        routing_key: str | None = None,
    ) -> None:
        """Remember where the server is.

        Args:
            address: Host and port; else LIMNER_ADDRESS, else localhost:50051.
            timeout: Seconds a call may take, from connecting to its answer, all attempts included.
            metadata: Sent with every call; keys are lower case, those of bytes end in `-bin`.
            priority: Of every call: interactive ones go first, and a server with too much to do
                says so at once; "batch" is for programs that wait as long as `timeout` lets them.
            routing_key: Whoever must keep getting the same versions while others are rolled out: a
                user, a session or a job, 128 characters at most. None lets each call be for itself.
        """
        self.address = resolve_address(address)
        self.timeout = timeout
        self._metadata = tuple((metadata or {}).items())
        self._told = CallOptions(priority=priority_of(priority), routing_key=routing_key or "")

    @cached_property
    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.address, options=CHANNEL_OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; calls still running are cancelled."""
        self._channel.close()

    def health(self, service: str = "", *, timeout: float | None = None) -> bool:
        """Return whether a service, or with "" the server, takes calls; False if nothing answers.

        Args:
            service: A full name, such as `limner.v1.SegmentService`.
            timeout: Seconds for this call; None means the client's.
        """
        # The wrappers' one field has the number and the type of the health messages' one field.
        check = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=wrappers_pb2.StringValue.SerializeToString,
            response_deserializer=wrappers_pb2.Int32Value.FromString,
        )
        try:
            reply = self._call(
                check, wrappers_pb2.StringValue(value=service), CallOptions(), timeout
            )
        except (Unavailable, DeadlineExceeded):
            return False
        return reply.value == _SERVING

    def _call(
        self,
        method: grpc.UnaryUnaryMultiCallable[Request, Reply],
        request: Request,
        options: CallOptions,
        timeout: float | None,
    ) -> Reply:
        budget = seconds_of(self.timeout if timeout is None else timeout)
        options.MergeFrom(self._told)
        try:
            return method(request, timeout=budget, metadata=self._metadata)
        except grpc.RpcError as error:
            raise typed_error(error, self.address, budget, options) from error

    def _hear(
        self,
        method: Any,
        request: Any,
        options: CallOptions,
        timeout: float | None,
        take: Callable[[Any], None],
    ) -> None:
        """Make a call, and hand each message of its answer to `take` as it comes."""
        budget = seconds_of(self.timeout if timeout is None else timeout)
        options.MergeFrom(self._told)
        call = method(request, timeout=budget, metadata=self._metadata)
        try:
            for message in call:
                take(message)
        except grpc.RpcError as error:
            raise typed_error(error, self.address, budget, options) from error
        finally:
            call.cancel()

    def _stream(
        self,
        method: Any,
        message: Callable[..., Any],
        settings: Any,
        frames: Iterable[Any],
        to_result: Callable[[Any], Result],
        timeout: float | None,
        to_frame: Callable[[int, Any], Any] = image_frame,
    ) -> Iterator[FrameResult[Result]]:
        """Yield what becomes of the frames; `message` makes one of the stream's requests."""
        failed: list[Exception] = []
        budget = None if timeout is None else seconds_of(timeout)
        settings.options.MergeFrom(self._told)

        def requests() -> Iterator[Any]:
            yield message(settings=settings)
            number = 0
            try:
                for shown in frames:
                    frame = to_frame(number, shown)
                    yield message(frame=frame)
                    number += 1
            except Exception as error:  # noqa: BLE001 - raised again where the caller waits
                failed.append(error)

        call = method(requests(), timeout=budget, metadata=self._metadata)
        try:
            for reply in call:
                yield frame_result(reply, to_result)
        except grpc.RpcError as error:
            raise typed_error(error, self.address, budget or 0, settings.options) from error
        finally:
            call.cancel()
        if failed:
            raise failed[0]
