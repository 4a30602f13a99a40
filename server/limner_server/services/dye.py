"""DyeService: check, decode, dye, encode; one photo or a stream of frames; the shades' list."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from limner.v1 import dye_pb2, dye_pb2_grpc, image_pb2
from limner_registry.contracts import (
    DYE_BANK,
    DYE_GENERATOR,
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_MATTER,
    HAIR_SEGMENTER,
)
from limner_server.call import Budget, Call
from limner_server.pipelines.dye import Blend, Dyed, Dyeing, Generator, Order
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.matte import Matting
from limner_server.services import colors, planes, swatches, wire
from limner_server.services.checks import Checks
from limner_server.services.frames import Answer, answer_newest, on_image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.routing.models import Models
    from limner_server.services.colors import Lab

GENERATORS = {
    Generator.NONE: dye_pb2.DYE_GENERATOR_NONE,
    Generator.BANK: dye_pb2.DYE_GENERATOR_PAIR,
    Generator.CONDITIONAL: dye_pb2.DYE_GENERATOR_CONDITIONAL,
    Generator.CLOSED_FORM: dye_pb2.DYE_GENERATOR_CLOSED_FORM,
}


class DyeService(dye_pb2_grpc.DyeServiceServicer):
    """Dyes hair in photos."""

    name: ClassVar[str] = "limner.v1.DyeService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        HAIR_SEGMENTER,
    )
    uses: ClassVar[tuple[Contract, ...]] = (HAIR_MATTER, DYE_GENERATOR, DYE_BANK)
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Dye": Budget(default=60.0, floor=0.02),
        "ListShades": Budget(default=10.0, floor=0.001),
        "DyeStream": Budget(default=3600.0, floor=0.0, frame=60.0),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._dyeing = Dyeing(models, Matting(models))

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        dye_pb2_grpc.add_DyeServiceServicer_to_server(self, server)

    async def Dye(self, request: dye_pb2.DyeRequest, context: Any) -> dye_pb2.DyeResponse:
        """Return the photo with its hair dyed."""
        call = Call.current()
        _check(request)
        if request.options.validate_only:
            size = wire.size_of(request.image)
            if request.HasField("alpha"):
                planes.check_header(request.alpha, size, "alpha")
            if request.color.WhichOneof("color") == "reference":
                with wire.said_of("the reference", "color.reference"):
                    wire.check_header(request.color.reference)
            return dye_pb2.DyeResponse(served_by=call.served_by())
        wanted = await self._wanted(request.color, call)
        return await self._answer(request, wanted, request.image, call)

    async def ListShades(
        self, request: dye_pb2.ListShadesRequest, context: Any
    ) -> dye_pb2.ListShadesResponse:
        """Return every shade that has a name, each with a picture of a strand of it."""
        call = Call.current()
        checks = Checks()
        checks.output(request.output)
        checks.options(request.options)
        checks.done()
        response = dye_pb2.ListShadesResponse()
        if not request.options.validate_only:
            with call.stage("shades"):
                pictured = not request.without_previews
                shades = await asyncio.to_thread(swatches.shades, request.output, pictured=pictured)
            response.shades.extend(shades)
        call.sign(response)
        return response

    def DyeStream(
        self, request_iterator: AsyncIterator[dye_pb2.DyeStreamRequest], context: Any
    ) -> AsyncIterator[dye_pb2.DyeStreamResponse]:
        """Yield the same as Dye for the newest of many frames, as they come."""
        return answer_newest(
            request_iterator, _check_settings, self._prepare, dye_pb2.DyeStreamResponse
        )

    async def _prepare(
        self, request: dye_pb2.DyeRequest, call: Call
    ) -> Answer[dye_pb2.DyeResponse]:
        """Return what dyes an image as `request` says, its color looked up or measured."""
        return on_image(partial(self._answer, request, await self._wanted(request.color, call)))

    async def _wanted(self, color: dye_pb2.DyeColor, call: Call) -> Lab:
        """Return the color that is wanted; a reference's is measured."""
        if color.WhichOneof("color") != "reference":
            return colors.lab_of(color)
        with wire.said_of("the reference", "color.reference"):
            photo = await wire.read_photo(color.reference, call)
            return (await self._dyeing.color_of(photo, Selector(), call)).lab

    async def _answer(
        self, request: dye_pb2.DyeRequest, wanted: Lab, image: image_pb2.Image, call: Call
    ) -> dye_pb2.DyeResponse:
        """Return an image with its hair dyed as `request` says."""
        photo = await wire.read_photo(image, call)
        alpha = None
        if request.HasField("alpha"):
            alpha = await planes.read(request.alpha, photo, "alpha", call)
        keep = request.keep_highlights if request.HasField("keep_highlights") else True
        order = Order(
            wanted=wanted,
            strength=request.strength if request.HasField("strength") else 1.0,
            keep_highlights=keep,
            blend=Blend.PATENT if request.blend == dye_pb2.DYE_BLEND_PATENT else Blend.DELTA,
            selector=wire.selector(request.selector),
            alpha=alpha,
        )
        dyed = await self._dyeing.dye(photo, order, call)
        with call.stage("encode"):
            response = await asyncio.to_thread(_written, dyed, wanted, request)
        call.sign(response)
        return response


def _check(request: dye_pb2.DyeRequest) -> None:
    checks = Checks()
    checks.image(request.image, "image")
    if request.HasField("alpha"):
        checks.plane(request.alpha, "alpha")
    _check_fields(request, checks)


def _check_settings(settings: dye_pb2.DyeRequest) -> None:
    checks = Checks("settings.")
    checks.settings(settings, left_out=("image", "alpha"))
    _check_fields(settings, checks)


def _check_fields(request: dye_pb2.DyeRequest, checks: Checks) -> None:
    """Check what one photo and a stream have in common.

    Raises:
        ParameterOutOfRange: Fields are wrong, all told at once.
        ShadeUnknown: All is well but for the shade's name.
    """
    checks.output(request.output)
    checks.options(request.options)
    checks.selector(request.selector)
    checks.known(request.blend, dye_pb2.DyeBlend, "blend")
    checks.within(request.strength, (0, 1), "strength")
    colors.check(request.color, checks)
    checks.done()
    colors.check_shade(request.color)


def _written(dyed: Dyed, wanted: Lab, request: dye_pb2.DyeRequest) -> dye_pb2.DyeResponse:
    height, width = dyed.alpha.shape
    found = dyed.found
    response = dye_pb2.DyeResponse(
        image=wire.write_image(dyed.photo, None, request.output),
        found=dye_pb2.FoundHair(
            lab=colors.to_lab(found.lab),
            srgb=colors.to_srgb(found.lab),
            color=colors.CLASSES[found.name],
            margin=found.margin,
            share=float(dyed.alpha.mean()) / 255,
        ),
        wanted=colors.to_lab(wanted),
        wanted_srgb=colors.to_srgb(wanted),
        dyed_by=_dyed_by(dyed),
        difference_before=dyed.difference_before,
        difference_after=dyed.difference_after,
        width_px=width,
        height_px=height,
    )
    if request.want_alpha:
        response.alpha.CopyFrom(wire.write_alpha(dyed.alpha, request.output))
    return response


def _dyed_by(dyed: Dyed) -> dye_pb2.DyedBy:
    generator = GENERATORS[dyed.generator]
    if dyed.pair is None:
        return dye_pb2.DyedBy(generator=generator)
    found, wanted = (colors.CLASSES[name] for name in dyed.pair)
    return dye_pb2.DyedBy(generator=generator, found=found, wanted=wanted)
