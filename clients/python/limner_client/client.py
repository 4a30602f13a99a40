"""The asynchronous client."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar

import grpc
import grpc.aio
from google.protobuf import wrappers_pb2

from limner.v1.image_pb2 import CallOptions
from limner.v1.matte_pb2_grpc import MatteServiceStub
from limner.v1.segment_pb2_grpc import SegmentServiceStub
from limner_client.channel import CHANNEL_OPTIONS, DEFAULT_TIMEOUT, resolve_address
from limner_client.errors import Unavailable, typed_error
from limner_client.pictures import Output
from limner_client.replies import matte_result, segment_result
from limner_client.requests import matte_request, segment_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from limner_client.photos import PhotoLike, PlaneLike
    from limner_client.requests import ClassName, FaceChoice, SubjectName
    from limner_client.results import MatteResult, SegmentResult

Request = TypeVar("Request")
Reply = TypeVar("Reply")

_AS_SENT = Output()
_SERVING = 1


class AsyncLimnerClient:
    """Edits portraits on a Limner server.

        async with AsyncLimnerClient() as limner:
            result = await limner.segment("me.jpg")
            result.masks["person"].save("person.png")

    Nothing is connected before the first call. A call that fails because the server is away is
    sent up to three times (requests over 8 MiB once), all within the one timeout. Every failed
    call raises a LimnerError.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        metadata: Mapping[str, str | bytes] | None = None,
    ) -> None:
        """Remember where the server is.

        Args:
            address: Host and port; else LIMNER_ADDRESS, else localhost:50051.
            timeout: Seconds a call may take, from connecting to its answer, all attempts included.
            metadata: Sent with every call; keys are lower case, those of bytes end in `-bin`.
        """
        self.address = resolve_address(address)
        self.timeout = timeout
        self._metadata = tuple((metadata or {}).items())

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(self.address, options=CHANNEL_OPTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up; calls still running are cancelled."""
        await self._channel.close()

    async def segment(
        self,
        photo: PhotoLike,
        *,
        face: FaceChoice = "largest",
        classes: Iterable[ClassName] = (),
        without_faces: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> SegmentResult:
        """Return where the person and the faces of `photo` are.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            face: Whose portrait it is: "largest", a place from the image's left, or a point in it.
            classes: The classes to return masks for; none means every class.
            without_faces: Do not look for faces; then a photo without any is no error.
            output: How the masks are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: `photo` is a path and nothing is there; nothing was sent.
            NoFace: The photo is fine but shows no face, or not the one asked for.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            segment_request, photo, face, classes, without_faces, output, request_id
        )
        stub = SegmentServiceStub(self._channel)
        reply = await self._call(stub.Segment, request, request.options, timeout)
        return segment_result(reply)

    async def matte(  # noqa: PLR0913 - what a matte can be told, each by name
        self,
        photo: PhotoLike,
        *,
        subject: SubjectName = "person",
        map: PlaneLike | None = None,  # noqa: A002 - the field's name
        trimap: PlaneLike | None = None,
        band_px: int | None = None,
        foreground: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> MatteResult:
        """Return how much of each pixel of `photo` is the subject.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            subject: What to cut out; a map or a trimap says it instead.
            map: Where the subject is: 255 inside, 0 outside; an HxW uint8 or bool array, or a PNG.
            trimap: 255 surely inside, 0 surely outside, 128 to be solved.
            band_px: Width of the unknown band in [1, 256]; None is 2 % of the longest edge.
            foreground: Return the subject's own colors too, cut out if `output` has alpha.
            output: How the pictures and planes are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            NoPerson: The photo is fine but shows no person.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            matte_request, photo, subject, map, trimap, band_px, foreground, output, request_id
        )
        stub = MatteServiceStub(self._channel)
        reply = await self._call(stub.Matte, request, request.options, timeout)
        return matte_result(reply)

    async def health(self, service: str = "", *, timeout: float | None = None) -> bool:
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
            reply = await self._call(
                check, wrappers_pb2.StringValue(value=service), CallOptions(), timeout
            )
        except Unavailable:
            return False
        return reply.value == _SERVING

    async def _call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Reply],
        request: Request,
        options: CallOptions,
        timeout: float | None,
    ) -> Reply:
        budget = self.timeout if timeout is None else timeout
        try:
            return await method(request, timeout=budget, metadata=self._metadata)
        except grpc.RpcError as error:
            raise typed_error(error, self.address, budget, options) from error
