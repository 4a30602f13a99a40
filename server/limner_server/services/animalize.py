"""AnimalizeService: check, decode, draw, encode; one photo or a stream of frames."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from limner.v1 import animalize_pb2, animalize_pb2_grpc, image_pb2
from limner.v1.reasons import AnimalUnknown, CoatUnknown, StickerUnknown
from limner_registry.animals import ANIMALS
from limner_registry.contracts import (
    ANIMALIZER,
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_SEGMENTER,
)
from limner_server.call import Budget, Call
from limner_server.imaging.stickers import Sticker, kept
from limner_server.pipelines.animalize import Animalizing, Order
from limner_server.pipelines.following import Follower
from limner_server.services import wire
from limner_server.services.checks import Checks
from limner_server.services.frames import Answer, answer_newest
from limner_server.stickers import WORN, packaged, picture_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner.v1 import stream_pb2
    from limner_registry.contract import Contract
    from limner_server.pipelines.animalize import Animal, Animalized
    from limner_server.routing.models import Models

MOST_STICKERS: Final = 8
MAX_STICKER_PIXELS: Final = 4_000_000
NUMBERS_PER_SECOND: Final = 30.0
"""Frames that make a second where nobody says how many."""
WITHOUT_ALPHA: Final = {image_pb2.IMAGE_FORMAT_JPEG, image_pb2.IMAGE_FORMAT_RAW_RGB8}
ANCHORS: Final[Mapping[Any, str]] = {
    value.number: value.name.removeprefix("ANIMAL_ANCHOR_").lower()
    for value in animalize_pb2.AnimalAnchor.DESCRIPTOR.values
    if value.number
}
"""The pipeline's names of what requests call by number."""
STANDS: Final = "forehead"
"""Where a picture that was sent is worn unless said otherwise: it stands there, as hats do."""


class AnimalizeService(animalize_pb2_grpc.AnimalizeServiceServicer):
    """Turns people's heads into animals'."""

    name: ClassVar[str] = "limner.v1.AnimalizeService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        ANIMALIZER,
    )
    uses: ClassVar[tuple[Contract, ...]] = (HAIR_SEGMENTER,)
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Animalize": Budget(default=60.0, floor=0.02),
        "AnimalizeStream": Budget(default=3600.0, floor=0.0, frame=60.0),
        "ListAnimals": Budget(default=20.0, floor=0.001),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._animalizing = Animalizing(models)

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        animalize_pb2_grpc.add_AnimalizeServiceServicer_to_server(self, server)

    async def Animalize(
        self, request: animalize_pb2.AnimalizeRequest, context: Any
    ) -> animalize_pb2.AnimalizeResponse:
        """Return the photo with one head, or every one, as an animal's."""
        call = Call.current()
        checks = Checks()
        checks.image(request.image, "image")
        _check_fields(request, checks)
        if request.options.validate_only:
            wire.check_header(request.image)
            for place, sticker in enumerate(request.stickers):
                if sticker.HasField("image"):
                    with wire.said_of(f"sticker {place}", f"stickers[{place}].image"):
                        wire.check_header(sticker.image, MAX_STICKER_PIXELS)
            return animalize_pb2.AnimalizeResponse(served_by=call.served_by())
        order = await _order(request, call)
        return await self._response(request, order, request.image, call)

    def AnimalizeStream(
        self,
        request_iterator: AsyncIterator[animalize_pb2.AnimalizeStreamRequest],
        context: Any,
    ) -> AsyncIterator[animalize_pb2.AnimalizeStreamResponse]:
        """Yield the same as Animalize for the newest of many frames, heads kept steady."""
        return answer_newest(
            request_iterator,
            _check_settings,
            self._prepare,
            animalize_pb2.AnimalizeStreamResponse,
        )

    async def ListAnimals(
        self, request: animalize_pb2.ListAnimalsRequest, context: Any
    ) -> animalize_pb2.ListAnimalsResponse:
        """Return every animal, every sticker, and every point that can hold one."""
        call = Call.current()
        checks = Checks()
        checks.options(request.options)
        checks.done()
        response = animalize_pb2.ListAnimalsResponse()
        if not request.options.validate_only:
            _list(response, pictured=not request.without_previews)
        call.sign(response)
        return response

    async def _prepare(
        self, settings: animalize_pb2.AnimalizeRequest, call: Call
    ) -> Answer[animalize_pb2.AnimalizeResponse]:
        """Return what answers frames as `settings` say; whom it shows is known from then on."""
        order = replace(await _order(settings, call), keep_hair=True)  # looking for it takes time
        kept = sum(
            worn.picture.nbytes
            for told, worn in zip(settings.stickers, order.stickers, strict=True)
            if told.HasField("image")  # those with names are kept once for all
        )
        return Answer(partial(self._answer, settings, order, Follower()), kept)

    async def _answer(
        self,
        settings: animalize_pb2.AnimalizeRequest,
        order: Order,
        follower: Follower,
        frame: stream_pb2.Frame,
        call: Call,
    ) -> animalize_pb2.AnimalizeResponse:
        """Return a frame with animals' heads."""
        checks = Checks()
        checks.image(frame.image, "image")
        checks.done()
        now = frame.number / (settings.numbers_per_second or NUMBERS_PER_SECOND)
        return await self._response(settings, order, frame.image, call, follower, now)

    async def _response(
        self,
        request: animalize_pb2.AnimalizeRequest,
        order: Order,
        image: image_pb2.Image,
        call: Call,
        follower: Follower | None = None,
        now: float = 0.0,
    ) -> animalize_pb2.AnimalizeResponse:
        """Return an image with animals' heads as `order` says, written as `request` does."""
        photo = await wire.read_photo(image, call)
        done = await self._animalizing.animalize(photo, order, call, follower, now)
        with call.stage("encode"):
            response = await asyncio.to_thread(_written, done, request)
        response.faces.extend(_face(animal, order.animal) for animal in done.animals)
        call.sign(response)
        return response


def _check_settings(settings: animalize_pb2.AnimalizeRequest) -> None:
    checks = Checks("settings.")
    checks.settings(settings, left_out=("image",))
    _check_fields(settings, checks)


def _check_fields(request: animalize_pb2.AnimalizeRequest, checks: Checks) -> None:
    """Go on only if a request's fields are well, and what they name exists.

    Raises:
        ParameterOutOfRange: Fields are wrong, all told at once.
        AnimalUnknown, CoatUnknown, StickerUnknown: All is well but for a name.
    """
    checks.output(request.output)
    checks.options(request.options)
    checks.selector(request.selector, several=True)
    checks.require(bool(request.animal), "animal", f"required: one of {', '.join(ANIMALS)}")
    speed = request.numbers_per_second
    said = f"{speed:g} is not in [1, 1000000], nor 0 for 30"
    checks.require(speed == 0 or 1 <= speed <= 1e6, "numbers_per_second", said)
    few = len(request.stickers) <= MOST_STICKERS
    checks.require(few, "stickers", f"{len(request.stickers)}; at most {MOST_STICKERS} are worn")
    for place, sticker in enumerate(request.stickers[:MOST_STICKERS]):
        _check_sticker(sticker, f"stickers[{place}]", checks)
    checks.done()
    _check_names(request)


def _check_sticker(sticker: animalize_pb2.AnimalSticker, field: str, checks: Checks) -> None:
    checks.known(sticker.anchor, animalize_pb2.AnimalAnchor, f"{field}.anchor")
    if sticker.HasField("scale"):
        checks.within(sticker.scale, (0.05, 20), f"{field}.scale")
    for name in ("right", "down"):
        checks.within(getattr(sticker, name), (-10, 10), f"{field}.{name}")
    if sticker.WhichOneof("picture") == "image":
        checks.image(sticker.image, f"{field}.image")
        clear = sticker.image.format not in WITHOUT_ALPHA
        checks.require(clear, f"{field}.image.format", "a sticker needs an alpha: PNG or WebP")
    else:
        names = ", ".join(WORN)
        checks.require(bool(sticker.name), field, f"required: an image, or a name: {names}")


def _check_names(request: animalize_pb2.AnimalizeRequest) -> None:
    if request.animal not in ANIMALS:
        known = ", ".join(ANIMALS)
        raise AnimalUnknown(f"no animal is named {request.animal[:64]!r}; there are {known}")
    coats = ANIMALS[request.animal].coats
    if request.coat and request.coat not in coats:
        said = f"a {request.animal} has no coat named {request.coat[:64]!r}"
        raise CoatUnknown(f"{said}; there are {', '.join(coats)}")
    for sticker in request.stickers:
        if sticker.name and sticker.name not in WORN:
            said = f"no sticker is named {sticker.name[:64]!r}"
            raise StickerUnknown(f"{said}; there are {', '.join(WORN)}")


async def _order(request: animalize_pb2.AnimalizeRequest, call: Call) -> Order:
    """Return what a request orders, its stickers decoded."""
    coats = ANIMALS[request.animal].coats
    stickers = []
    for place, told in enumerate(request.stickers):
        with wire.said_of(f"sticker {place}", f"stickers[{place}].image"):
            stickers.append(await _sticker(told, call))
    return Order(
        animal=request.animal,
        coat=coats.index(request.coat) if request.coat else None,
        selector=wire.selector(request.selector),
        stickers=tuple(stickers),
        keep_hair=request.keep_hair,
    )


async def _sticker(told: animalize_pb2.AnimalSticker, call: Call) -> Sticker:
    """Return a sticker as it is to be worn."""
    scale = told.scale if told.HasField("scale") else 1.0
    shift = (told.right, told.down)
    anchor = ANCHORS.get(told.anchor)
    if told.WhichOneof("picture") == "name":
        usual = await asyncio.to_thread(packaged, told.name)
        return Sticker(
            usual.picture, anchor or usual.anchor, usual.held, scale * usual.width, shift
        )
    picture = await wire.read_cutout(told.image, MAX_STICKER_PIXELS, call)
    laid = await asyncio.to_thread(kept, picture)
    held = (0.5, 1.0) if (anchor or STANDS) == STANDS else (0.5, 0.5)
    return Sticker(laid, anchor or STANDS, held, 2.0 * scale, shift)


def _written(
    done: Animalized, request: animalize_pb2.AnimalizeRequest
) -> animalize_pb2.AnimalizeResponse:
    height, width = done.mask.shape
    response = animalize_pb2.AnimalizeResponse(
        image=wire.write_image(done.photo, None, request.output), width_px=width, height_px=height
    )
    if request.want_mask:
        response.mask.CopyFrom(wire.write_alpha(done.mask, request.output))
    return response


def _face(animal: Animal, name: str) -> animalize_pb2.AnimalizedFace:
    places = animal.wearer.anchors
    return animalize_pb2.AnimalizedFace(
        face=wire.write_face(animal.face),
        index=animal.index,
        animal=name,
        coat=ANIMALS[name].coats[animal.coat],
        points=[
            animalize_pb2.AnimalPoint(
                anchor=number, place={"x_px": places[anchor][0], "y_px": places[anchor][1]}
            )
            for number, anchor in ANCHORS.items()
        ],
        visible=animal.visible,
    )


def _list(response: animalize_pb2.ListAnimalsResponse, *, pictured: bool) -> None:
    response.anchors.extend(ANCHORS)
    for name, animal in ANIMALS.items():
        response.animals.add(name=name, coats=animal.coats)
    numbers = {anchor: number for number, anchor in ANCHORS.items()}
    for name, wear in WORN.items():
        sticker = response.stickers.add(name=name, anchor=numbers[wear.anchor])
        if pictured:
            height, width, _ = packaged(name).picture.shape
            sticker.preview.data = picture_of(name)
            sticker.preview.format = image_pb2.IMAGE_FORMAT_PNG
            sticker.preview.width_px, sticker.preview.height_px = width, height
