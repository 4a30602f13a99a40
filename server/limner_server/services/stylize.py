"""StylizeService: check, decode, draw, encode, and tell all the while how far it is."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from limner.v1 import image_pb2, stylize_pb2, stylize_pb2_grpc
from limner.v1.reasons import StyleUnknown
from limner_registry.color import srgb_to_lab
from limner_registry.contracts import FACE_DETECTOR, STYLIZER
from limner_registry.styles import STYLES
from limner_server.call import Budget, Call
from limner_server.imaging.geometry import shrink
from limner_server.pipelines.course import Course
from limner_server.pipelines.stylize import Order, Stylizing, Tiling, expected
from limner_server.services import colors, wire
from limner_server.services.checks import Checks
from limner_server.services.portfolio import Portfolio
from limner_server.services.telling import tell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_registry.styles import Style
    from limner_server.pipelines.stylize import Drawn
    from limner_server.routing.models import Models

EXACT: Final = {
    image_pb2.IMAGE_FORMAT_PNG,
    image_pb2.IMAGE_FORMAT_RAW_RGB8,
    image_pb2.IMAGE_FORMAT_RAW_RGBA8,
}
"""Formats that keep every color as it is."""


class StylizeService(stylize_pb2_grpc.StylizeServiceServicer):
    """Draws photos in a style."""

    name: ClassVar[str] = "limner.v1.StylizeService"
    needs: ClassVar[tuple[Contract, ...]] = (STYLIZER,)
    uses: ClassVar[tuple[Contract, ...]] = (FACE_DETECTOR,)
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Stylize": Budget(default=300.0, floor=0.05),
        "ListStyles": Budget(default=20.0, floor=0.001),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._stylizing = Stylizing(models)
        self._portfolio = Portfolio(self._stylizing)

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        stylize_pb2_grpc.add_StylizeServiceServicer_to_server(self, server)

    async def Stylize(
        self, request: stylize_pb2.StylizeRequest, context: Any
    ) -> AsyncIterator[stylize_pb2.StylizeResponse]:
        """Yield how far the drawing is, then the photo, drawn."""
        call = Call.current()
        order = _checked(request)
        size = wire.size_of(request.image)
        if request.options.validate_only:
            empty = stylize_pb2.StylizeResult(served_by=call.served_by())
            yield stylize_pb2.StylizeResponse(result=empty)
            return
        if order.strength > 0:
            call.use_of(STYLIZER.model)  # a call that was told anything is not sent again
        course = Course()
        course.plan(expected(*size, order))
        course.begin("decode")
        drawing = self._draw(request, order, call, course)
        async with aclosing(tell(drawing, course, call, stylize_pb2.StylizeResponse)) as messages:
            async for message in messages:
                yield message

    async def ListStyles(
        self, request: stylize_pb2.ListStylesRequest, context: Any
    ) -> stylize_pb2.ListStylesResponse:
        """Return every style, each with a portrait drawn in it."""
        call = Call.current()
        checks = Checks()
        checks.output(request.output)
        checks.options(request.options)
        checks.done()
        response = stylize_pb2.ListStylesResponse()
        if not request.options.validate_only:
            pictured = not request.without_previews
            response.styles.extend(
                await self._portfolio.styles(request.output, call, pictured=pictured)
            )
        call.sign(response)
        return response

    async def _draw(
        self, request: stylize_pb2.StylizeRequest, order: Order, call: Call, course: Course
    ) -> stylize_pb2.StylizeResult:
        """Return the photo drawn as it was ordered."""
        photo = await wire.read_photo(request.image, call)
        height, width, _ = photo.shape
        edge = request.output.longest_edge_px
        if edge and edge < max(height, width):
            with call.stage("reduce"):
                photo = await asyncio.to_thread(shrink, photo, edge)
        drawn = await self._stylizing.draw(photo, order, call, course)
        del photo  # what follows needs its memory
        course.begin("encode")
        with call.stage("encode"):
            result = await asyncio.to_thread(_written, drawn, request)
        result.width_px, result.height_px = width, height
        if order.colors and request.output.format not in EXACT:
            said = "this format changes colors slightly: PNG and RAW keep them exactly"
            call.warn("COLORS_NOT_EXACT", said, "output.format")
        call.sign(result)
        return result


def _checked(request: stylize_pb2.StylizeRequest) -> Order:
    """Return what a request orders.

    Raises:
        ParameterOutOfRange: Fields are wrong, all told at once.
        StyleUnknown: All is well but for the style's name.
    """
    line_width = request.line_width if request.HasField("line_width") else 1.0
    tile_px = request.tile_px or 512
    checks = Checks()
    checks.image(request.image, "image")
    checks.output(request.output)
    checks.options(request.options)
    checks.require(bool(request.style), "style", f"required: one of {_names()}")
    few = request.colors == 0 or 2 <= request.colors <= 64
    checks.require(few, "colors", f"{request.colors} is not in [2, 64], nor 0 for any number")
    checks.within(request.strength, (0, 1), "strength")
    checks.within(line_width, (0.25, 4), "line_width")
    checks.known(request.tiling, stylize_pb2.StylizeTiling, "tiling")
    fits = 256 <= tile_px <= 1024 and tile_px % 4 == 0
    checks.require(fits, "tile_px", f"{tile_px} is no multiple of 4 in [256, 1024]")
    checks.done()
    plain = request.tiling == stylize_pb2.STYLIZE_TILING_PLAIN_GRID
    return Order(
        style=_style(request.style),
        colors=request.colors,
        strength=request.strength if request.HasField("strength") else 1.0,
        line_width=line_width,
        seed=request.seed,
        tiling=Tiling.PLAIN_GRID if plain else Tiling.OVERLAPPING,
        tile_px=tile_px,
    )


def _style(name: str) -> Style:
    for style in STYLES:
        if style.name == name:
            return style
    raise StyleUnknown(f"no style is named {name[:64]!r}; there are {_names()}")


def _names() -> str:
    return ", ".join(style.name for style in STYLES)


def _written(drawn: Drawn, request: stylize_pb2.StylizeRequest) -> stylize_pb2.StylizeResult:
    height, width = drawn.size
    return stylize_pb2.StylizeResult(
        image=wire.write_image(drawn.picture, None, request.output),
        style=request.style,
        palette=[
            stylize_pb2.PaletteColor(srgb=srgb, lab=lab, share=share)
            for srgb, lab, share in _palette(drawn)
        ],
        drawn_width_px=width,
        drawn_height_px=height,
        tiles=drawn.tiles,
    )


def _palette(drawn: Drawn) -> Iterator[tuple[image_pb2.Srgb, image_pb2.Lab, float]]:
    for color, lab, share in zip(
        drawn.palette, srgb_to_lab(drawn.palette), drawn.shares, strict=True
    ):
        red, green, blue = (int(value) for value in np.rint(color * 255))
        yield image_pb2.Srgb(red=red, green=green, blue=blue), colors.to_lab(lab), float(share)
