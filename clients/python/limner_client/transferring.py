"""The asynchronous calls that bring the hair of others over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from limner.v1.transfer_hair_pb2_grpc import TransferHairServiceStub
from limner_client.drawing import AsyncDrawing
from limner_client.pictured import PicturedReply
from limner_client.pictures import Output
from limner_client.transfer_replies import (
    recommendation_list,
    reference_list,
    transfer_progress,
    transfer_result,
)
from limner_client.transfer_requests import (
    recommend_request,
    references_request,
    transfer_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from limner.v1.transfer_hair_pb2 import Reference
    from limner_client.photos import PhotoLike
    from limner_client.request_parts import FaceChoice
    from limner_client.transfer_requests import HairLike, TransferName
    from limner_client.transfer_results import (
        Recommendation,
        StoredReference,
        TransferHairResult,
        TransferProgress,
    )

_AS_SENT = Output()


class AsyncTransferring(AsyncDrawing):
    """A server that gives people the hair of others."""

    async def transfer_hair(  # noqa: PLR0913 - what a transfer can be told, each by name
        self,
        person: PhotoLike,
        *,
        shape: HairLike | None = None,
        look: HairLike | None = None,
        mode: TransferName = "fast",
        iterations: int | None = None,
        seed: int = 0,
        face: FaceChoice = "largest",
        keep_face: bool = True,
        on_progress: Callable[[TransferProgress], None] | None = None,
        return_preview: bool = False,
        return_alpha: bool = False,
        return_mask: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> TransferHairResult:
        """Return the photo of `person` with hair of another shape, another look, or both.

        Args:
            person: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            shape: Whose hair's shape: a photo, or `Reference("bob-3")` for one that the server
                stores; None keeps the person's own.
            look: Whose hair's color and strands; None takes those of `shape`.
            mode: "fast" fits the reference's own hair to the head; "optimize" has a generator
                draw the person with it, which takes minutes: give them as `timeout`.
            iterations: For "optimize", how many steps at most, in [1, 2000]; None leaves it to
                the server.
            seed: Decides all that is random.
            face: Whose head: "largest", a place from the image's left, or a point in the face.
            keep_face: Keep the photo's own pixels within the face, but where new hair falls on it.
            on_progress: Hears at once and then four times a second how far the transfer is.
            return_preview: Let `on_progress` see how it may come to look.
            return_alpha: Return how much of each pixel is the new hair, too.
            return_mask: Return how much of each pixel is not the photo's, too.
            output: How the picture and the planes are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            ReferenceUnknown: No reference of that name is stored; the message lists the nearest.
            NoFace, NoHair: One of the photos, the message says which, shows none.
            PoseTooFar: The heads are turned too differently.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            transfer_request,
            person,
            shape=shape,
            look=look,
            mode=mode,
            iterations=iterations,
            seed=seed,
            face=face,
            keep_face=keep_face,
            return_preview=return_preview,
            return_alpha=return_alpha,
            return_mask=return_mask,
            output=output,
            request_id=request_id,
        )
        stub = TransferHairServiceStub(self._channel)
        reply = PicturedReply(on_progress, transfer_progress)
        await self._hear(stub.TransferHair, request, request.options, timeout, reply.take)
        return transfer_result(reply.whole())

    async def list_references(
        self,
        *,
        tags: Iterable[str] = (),
        previews: bool = True,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> tuple[StoredReference, ...]:
        """Return every stored reference that has all of `tags`, with its head if `previews`.

        They come page by page; `timeout` is each page's.
        """
        wanted = tuple(tags)
        stub = TransferHairServiceStub(self._channel)
        stored: list[Reference] = []
        token: str | None = ""
        while token is not None:
            request = references_request(wanted, previews, output, token, request_id)
            reply = await self._call(stub.ListReferences, request, request.options, timeout)
            stored.extend(reply.references)
            token = reply.next_page_token or None
        return reference_list(stored)

    async def recommend_references(
        self,
        photo: PhotoLike,
        *,
        face: FaceChoice = "largest",
        count: int | None = None,
        tags: Iterable[str] = (),
        previews: bool = True,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> tuple[Recommendation, ...]:
        """Return the stored references that suit the person of `photo`, the best first.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            face: Who of several: "largest", a place from the image's left, or a point in the face.
            count: How many at most, in [1, 20]; None is 5.
            tags: Only those that have all of them.
            previews: Return each one's head, too.
            output: How the pictures are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: `photo` is a path and nothing is there; nothing was sent.
            NoFace: The photo shows no such face.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            recommend_request,
            photo,
            face=face,
            count=count,
            tags=tuple(tags),
            previews=previews,
            output=output,
            request_id=request_id,
        )
        stub = TransferHairServiceStub(self._channel)
        reply = await self._call(stub.RecommendReferences, request, request.options, timeout)
        return recommendation_list(reply)
