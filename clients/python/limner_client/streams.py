"""The asynchronous streams of a client: frames in, and what becomes of the newest out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner.v1.animalize_pb2 import AnimalizeStreamRequest
from limner.v1.animalize_pb2_grpc import AnimalizeServiceStub
from limner.v1.composite_pb2 import CompositeStreamRequest
from limner.v1.composite_pb2_grpc import CompositeServiceStub
from limner.v1.dye_pb2 import DyeStreamRequest
from limner.v1.dye_pb2_grpc import DyeServiceStub
from limner.v1.matte_pb2 import MatteStreamRequest
from limner.v1.matte_pb2_grpc import MatteServiceStub
from limner.v1.segment_pb2 import SegmentStreamRequest
from limner.v1.segment_pb2_grpc import SegmentServiceStub
from limner_client.connection import AsyncConnection
from limner_client.pictures import Output
from limner_client.replies import (
    animalize_result,
    composite_result,
    dye_result,
    matte_result,
    segment_result,
)
from limner_client.requests import (
    animalize_request,
    composite_frame,
    composite_request,
    dye_request,
    matte_request,
    segment_request,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable

    from limner_client.colors import ColorLike
    from limner_client.photos import PhotoLike
    from limner_client.request_parts import FaceChoice, FacesChoice
    from limner_client.requests import (
        BlendName,
        ClassName,
        ComposerName,
        EngineName,
        PairLike,
        SubjectName,
    )
    from limner_client.results import (
        AnimalizeResult,
        CompositeResult,
        DyeResult,
        FrameResult,
        MatteResult,
        SegmentResult,
    )
    from limner_client.values import Sticker

_AS_SENT = Output()


class AsyncStreams(AsyncConnection):
    """A server to which frames are sent as they come.

    A stream answers the newest: while one frame is worked on, newer ones take the place of the one
    that waits. It lasts until the frames end, an hour at most.
    """

    def segment_stream(
        self,
        frames: AsyncIterable[PhotoLike],
        *,
        face: FaceChoice = "largest",
        classes: Iterable[ClassName] = (),
        without_faces: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[FrameResult[SegmentResult]]:
        """Yield what `segment` returns, for the newest of `frames` as they come."""
        settings = segment_request(None, face, classes, without_faces, output, request_id)
        stub = SegmentServiceStub(self._channel)
        return self._stream(
            stub.SegmentStream, SegmentStreamRequest, settings, frames, segment_result, timeout
        )

    def matte_stream(  # noqa: PLR0913 - what a matte can be told, each by name
        self,
        frames: AsyncIterable[PhotoLike],
        *,
        subject: SubjectName = "person",
        face: FaceChoice = "largest",
        band_px: int | None = None,
        engine: EngineName | None = None,
        foreground: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[FrameResult[MatteResult]]:
        """Yield what `matte` returns, for the newest of `frames` as they come."""
        settings = matte_request(
            None,
            subject=subject,
            face=face,
            band_px=band_px,
            engine=engine,
            foreground=foreground,
            output=output,
            request_id=request_id,
        )
        stub = MatteServiceStub(self._channel)
        return self._stream(
            stub.MatteStream, MatteStreamRequest, settings, frames, matte_result, timeout
        )

    def dye_stream(  # noqa: PLR0913 - what a dye can be told, each by name
        self,
        frames: AsyncIterable[PhotoLike],
        *,
        color: ColorLike | None = None,
        shade: str | None = None,
        like: PhotoLike | None = None,
        strength: float = 1.0,
        keep_highlights: bool = True,
        blend: BlendName = "delta",
        face: FaceChoice = "largest",
        return_alpha: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[FrameResult[DyeResult]]:
        """Yield what `dye` returns, for the newest of `frames` as they come: a live preview."""
        settings = dye_request(
            None,
            color=color,
            shade=shade,
            like=like,
            strength=strength,
            keep_highlights=keep_highlights,
            blend=blend,
            face=face,
            return_alpha=return_alpha,
            output=output,
            request_id=request_id,
        )
        stub = DyeServiceStub(self._channel)
        return self._stream(stub.DyeStream, DyeStreamRequest, settings, frames, dye_result, timeout)

    def composite_stream(  # noqa: PLR0913 - what laying a face in can be told, each by name
        self,
        frames: AsyncIterable[PairLike],
        *,
        original: PhotoLike | None = None,
        original_face: FaceChoice = "largest",
        converted_face: FaceChoice = "largest",
        engine: ComposerName = "network",
        return_mask: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[FrameResult[CompositeResult]]:
        """Yield what `composite` returns, for the newest of `frames` as they come: a live filter.

        A frame is an (original, converted) pair, or a converted picture alone, which is laid into
        `original`; that one is looked at once.
        """
        settings = composite_request(
            original,
            None,
            original_face=original_face,
            converted_face=converted_face,
            engine=engine,
            return_mask=return_mask,
            output=output,
            request_id=request_id,
        )
        stub = CompositeServiceStub(self._channel)
        return self._stream(
            stub.CompositeStream,
            CompositeStreamRequest,
            settings,
            frames,
            composite_result,
            timeout,
            composite_frame,
        )

    def animalize_stream(  # noqa: PLR0913 - what an animal can be told, each by name
        self,
        frames: AsyncIterable[PhotoLike],
        *,
        animal: str,
        coat: str | None = None,
        face: FacesChoice = "largest",
        stickers: Iterable[str | Sticker] = (),
        return_mask: bool = False,
        frames_per_second: float | None = None,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AsyncIterator[FrameResult[AnimalizeResult]]:
        """Yield what `animalize` returns, for the newest of `frames` as they come: a live filter.

        Heads are followed and kept steady; people keep their hair. `frames_per_second` is how many
        are sent, not answered; None means 30.
        """
        settings = animalize_request(
            None,
            animal=animal,
            coat=coat,
            face=face,
            stickers=stickers,
            return_mask=return_mask,
            output=output,
            frames_per_second=frames_per_second,
            request_id=request_id,
        )
        stub = AnimalizeServiceStub(self._channel)
        return self._stream(
            stub.AnimalizeStream,
            AnimalizeStreamRequest,
            settings,
            frames,
            animalize_result,
            timeout,
        )
