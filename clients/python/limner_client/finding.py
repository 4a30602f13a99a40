"""The asynchronous calls that say what is where in a photo."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from limner.v1.matte_pb2_grpc import MatteServiceStub
from limner.v1.segment_pb2_grpc import SegmentServiceStub
from limner_client.pictures import Output
from limner_client.replies import matte_result, segment_result
from limner_client.requests import matte_request, segment_request
from limner_client.streams import AsyncStreams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_client.photos import PhotoLike, PlaneLike
    from limner_client.request_parts import FaceChoice
    from limner_client.requests import ClassName, EngineName, SubjectName
    from limner_client.results import MatteResult, SegmentResult

_AS_SENT = Output()


class AsyncFinding(AsyncStreams):
    """A server that is asked where things are in photos."""

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
        """Return where the person, the hair and the faces of `photo` are.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            face: Whose portrait it is: "largest", a place from the image's left, or a point in it.
            classes: The classes to return masks for; none means background and person.
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
        face: FaceChoice = "largest",
        map: PlaneLike | None = None,  # noqa: A002 - the field's name
        trimap: PlaneLike | None = None,
        band_px: int | None = None,
        engine: EngineName | None = None,
        foreground: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> MatteResult:
        """Return how much of each pixel of `photo` is the subject.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            subject: What to cut out; a map or a trimap says it instead.
            face: Whose hair it is: "largest", a place from the image's left, or a point in it.
            map: Where the subject is: 255 inside, 0 outside; an HxW uint8 or bool array, or a PNG.
            trimap: 255 surely inside, 0 surely outside, 128 to be solved.
            band_px: Width of the unknown band in [1, 256]; None is a usual one.
            engine: What solves the alpha; None is the network for hair, else the closed form.
            foreground: Return the subject's own colors too, cut out if `output` has alpha.
            output: How the pictures and planes are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            NoPerson: The photo is fine but shows no person.
            NoHair: The photo is fine but shows no hair, and hair is the subject.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            matte_request,
            photo,
            subject=subject,
            face=face,
            map=map,
            trimap=trimap,
            band_px=band_px,
            engine=engine,
            foreground=foreground,
            output=output,
            request_id=request_id,
        )
        stub = MatteServiceStub(self._channel)
        reply = await self._call(stub.Matte, request, request.options, timeout)
        return matte_result(reply)
