"""The asynchronous calls that draw photos anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from limner.v1.animalize_pb2_grpc import AnimalizeServiceStub
from limner.v1.stylize_pb2_grpc import StylizeServiceStub
from limner_client.finding import AsyncFinding
from limner_client.pictured import PicturedReply
from limner_client.pictures import Output
from limner_client.replies import (
    animal_list,
    animalize_result,
    style_list,
    stylize_progress,
    stylize_result,
)
from limner_client.requests import (
    animalize_request,
    animals_request,
    styles_request,
    stylize_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from limner_client.photos import PhotoLike
    from limner_client.request_parts import FacesChoice
    from limner_client.requests import TilingName
    from limner_client.results import AnimalizeResult, AnimalList, Progress, Style, StylizeResult
    from limner_client.values import Sticker

_AS_SENT = Output()


class AsyncDrawing(AsyncFinding):
    """A server that draws photos anew."""

    async def stylize(  # noqa: PLR0913 - what a drawing can be told, each by name
        self,
        photo: PhotoLike,
        *,
        style: str,
        colors: int | None = None,
        strength: float | None = None,
        line_width: float | None = None,
        seed: int = 0,
        tiling: TilingName = "overlapping",
        tile_px: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> StylizeResult:
        """Return `photo` drawn in a style.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            style: Its name; `list_styles` has them.
            colors: How many the picture may have, in [2, 64]; None sets no limit. Only PNG and
                raw pictures keep them exactly.
            strength: How much of the drawing is laid over the photo, in [0, 1]; None is all.
            line_width: Of lines and of the details kept, in [0.25, 4]; None is 1.
            seed: Decides all that is random.
            tiling: "overlapping", or the "plain_grid" of tiles that shows where they meet.
            tile_px: Edge of an overlapping tile, a multiple of 4 in [256, 1024]; None is 512.
            on_progress: Hears at once and then four times a second how far the drawing is.
            output: How the picture is to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: `photo` is a path and nothing is there; nothing was sent.
            StyleUnknown: No style has that name; the message lists those there are.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            stylize_request,
            photo,
            style=style,
            colors=colors,
            strength=strength,
            line_width=line_width,
            seed=seed,
            tiling=tiling,
            tile_px=tile_px,
            output=output,
            request_id=request_id,
        )
        stub = StylizeServiceStub(self._channel)
        reply = PicturedReply(on_progress, stylize_progress)
        await self._hear(stub.Stylize, request, request.options, timeout, reply.take)
        return stylize_result(reply.whole())

    async def list_styles(
        self,
        *,
        previews: bool = True,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> tuple[Style, ...]:
        """Return every style, each with a portrait drawn in it if `previews`."""
        request = styles_request(previews, output, request_id)
        stub = StylizeServiceStub(self._channel)
        reply = await self._call(stub.ListStyles, request, request.options, timeout)
        return style_list(reply)

    async def animalize(  # noqa: PLR0913 - what an animal can be told, each by name
        self,
        photo: PhotoLike,
        *,
        animal: str,
        coat: str | None = None,
        face: FacesChoice = "largest",
        stickers: Iterable[str | Sticker] = (),
        keep_hair: bool = False,
        return_mask: bool = False,
        output: Output = _AS_SENT,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AnimalizeResult:
        """Return `photo` with a person's head as an animal's, in the same pose and expression.

        Args:
            photo: A file's bytes, path or open file; or an HxWx3 or HxWx4 uint8 array.
            animal: Its name; `list_animals` has them.
            coat: The name of one of its coats; None lets the person's hair decide.
            face: Whose head: "largest", a place from the image's left, a point in the face, or
                "all".
            stickers: What each animal wears, from behind to the front; a name stands for a
                sticker that comes with the server.
            keep_hair: Leave the person's own hair beside the animal's head; else what is around
                goes on there, down to a few centimeters below the chin.
            return_mask: Return how much of each pixel is not the photo's, too.
            output: How the picture and the mask are to be written.
            timeout: Seconds for this call; None means the client's.
            request_id: Names the call in logs and errors; None makes one up.

        Raises:
            FileNotFoundError: A path was given and nothing is there; nothing was sent.
            AnimalUnknown, CoatUnknown, StickerUnknown: Nothing has that name; the message lists
                what there is.
            NoFace: The photo shows no such face.
            PoseTooFar: The head is turned too far.
            LimnerError: Anything else the call ended in.
        """
        request = await asyncio.to_thread(
            animalize_request,
            photo,
            animal=animal,
            coat=coat,
            face=face,
            stickers=tuple(stickers),
            keep_hair=keep_hair,
            return_mask=return_mask,
            output=output,
            request_id=request_id,
        )
        stub = AnimalizeServiceStub(self._channel)
        reply = await self._call(stub.Animalize, request, request.options, timeout)
        return animalize_result(reply)

    async def list_animals(
        self,
        *,
        previews: bool = True,
        timeout: float | None = None,
        request_id: str | None = None,
    ) -> AnimalList:
        """Return every animal with its coats, and every sticker, with its picture if `previews`."""
        request = animals_request(previews, request_id)
        stub = AnimalizeServiceStub(self._channel)
        reply = await self._call(stub.ListAnimals, request, request.options, timeout)
        return animal_list(reply)
