"""The styles as replies list them, each with the same portrait drawn in it."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from limner.v1 import image_pb2, stylize_pb2
from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import STYLIZER
from limner_registry.styles import STYLES
from limner_server.imaging import codec
from limner_server.pipelines.course import Course
from limner_server.pipelines.stylize import Order, expected
from limner_server.services import wire

if TYPE_CHECKING:
    from limner_registry.styles import Style
    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo
    from limner_server.pipelines.stylize import Stylizing

SITTER: Final = "sitter.jpg"
"""256 x 256 pixels of NASA's portrait of Eileen Collins, in the public domain."""

KEPT: Final = 32
"""Pictures that are kept at most."""


class Portfolio:
    """Draws the sitter in every style, once for each version of the network."""

    def __init__(self, stylizing: Stylizing) -> None:
        """Begin empty; `stylizing` draws."""
        self._stylizing = stylizing
        self._drawn: dict[tuple[int, str], Photo] = {}
        """By the network's version and the style's name."""

    async def styles(
        self, output: image_pb2.OutputSpec, call: Call, *, pictured: bool
    ) -> list[stylize_pb2.Style]:
        """Return every style, with its preview if that is wanted and can be drawn."""
        listed = [
            stylize_pb2.Style(name=style.name, title=style.title, colors=style.colors)
            for style in STYLES
        ]
        if not pictured:
            return listed
        try:
            for style, entry in zip(STYLES, listed, strict=True):
                drawn = await self._sitter_in(style, call)
                image = await asyncio.to_thread(wire.write_image, drawn, None, output)
                entry.preview.CopyFrom(image)
        except ModelNotReady as error:
            call.warn("PREVIEWS_NOT_READY", f"the pictures are left out: {error}")
        return listed

    async def _sitter_in(self, style: Style, call: Call) -> Photo:
        name = (call.use_of(STYLIZER.model).version, style.name)
        if name not in self._drawn:
            order, sitter = Order(style), await asyncio.to_thread(_sitter)
            course = Course()
            height, width, _ = sitter.shape
            course.plan(expected(height, width, order))
            drawn = await self._stylizing.draw(sitter, order, call, course)
            if len(self._drawn) >= KEPT:
                self._drawn.clear()
            self._drawn[name] = drawn.picture
        return self._drawn[name]


@lru_cache(maxsize=1)
def _sitter() -> Photo:
    return codec.decode(files("limner_server.services").joinpath(SITTER).read_bytes())
