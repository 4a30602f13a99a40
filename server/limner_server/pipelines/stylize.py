"""Stylize: a photo made small, drawn tile by tile, its colors counted, all laid on at its size."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.color import srgb_to_lab
from limner_registry.contracts import FACE_DETECTOR, STYLIZER
from limner_registry.palette import SAMPLES, palette_of, toned
from limner_registry.styles import STYLES
from limner_server.call import side_by_side
from limner_server.imaging.drawing_size import (
    FRAME,
    drawing_size,
    filled_up,
    reduced,
    thumbnail,
)
from limner_server.imaging.laying import Paint, lay_on
from limner_server.imaging.limiting import chosen, limit
from limner_server.imaging.sitters import Oval, ease_lines, sample_colors
from limner_server.imaging.tiles import plan_tiles
from limner_server.pipelines.faces import glimpse_faces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from limner_registry.styles import Style
    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Photo
    from limner_server.imaging.laying import Laid
    from limner_server.imaging.tiles import Tile
    from limner_server.pipelines.course import Course
    from limner_server.routing.models import Models

    Fields = NDArray[np.int16]

REACH: Final = 24
"""Pixels beyond a tile that its network looks at, a multiple of its stride."""
PLAIN_EDGE: Final = 500
"""Edge of the tiles of a plain grid, in pixels; JP7469738B2 cuts photos so."""
PREVIEW: Final = 256
"""Longest edge of a preview in pixels."""
EXPECTED: Final = {
    "decode": (0.0, 0.012),
    "reduce": (0.01, 0.002),
    "preview": (0.1, 0.0),
    "lay_on": (0.01, 0.03),
    "limit": (0.05, 0.006),
    "encode": (0.01, 0.008),
}
"""Seconds that each part takes, and more for each megapixel; of a network, SECONDS_DRAWN."""
SECONDS_DRAWN: Final = 0.7
"""For each megapixel that the network draws."""


class Tiling(enum.Enum):
    """How a photo is cut for the network."""

    OVERLAPPING = enum.auto()
    PLAIN_GRID = enum.auto()


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    style: Style
    colors: int = 0
    """How many the picture may have; 0 for any number."""
    strength: float = 1.0
    """How much of the drawing is laid over the photo, in [0, 1]."""
    line_width: float = 1.0
    """In [0.25, 4]."""
    seed: int = 0
    tiling: Tiling = Tiling.OVERLAPPING
    tile_px: int = 512
    """Edge of a tile, a multiple of 4."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A photo, drawn."""

    picture: Photo
    palette: Floats
    """Kx3 sRGB in [0, 1], from dark to light; none where nothing was drawn."""
    shares: NDArray[np.float64]
    """How much of the picture each has, K in [0, 1]."""
    size: tuple[int, int]
    """Height and width at which lines were drawn."""
    tiles: int


@dataclass(frozen=True, eq=False)
class _Sight:
    """A photo as small as it is drawn."""

    picture: Photo
    """HxWx3 uint8, sRGB."""
    thumbnail: Photo
    faces: tuple[Oval, ...]
    """In pixels of the picture."""


class Stylizing:
    """Draws photos in styles."""

    def __init__(self, models: Models) -> None:
        """Ask `models` for the network."""
        self._models = models

    async def draw(self, photo: Photo, order: Order, call: Call, course: Course) -> Drawn:
        """Return a photo drawn in a style; `course` learns how far it is.

        The same order makes the same picture, whatever the size of its tiles.
        """
        if order.strength == 0:
            return await _limited(_undrawn(photo), (), order, call, course)
        course.begin("reduce")
        with call.stage("reduce"):
            small = await asyncio.to_thread(_small, photo, order)
        faces = await self._faces(small, call)
        with call.stage("count_colors"):
            sight, paint = await asyncio.to_thread(_seen, small, faces, order)
        course.begin("preview")
        course.preview = await self._preview(sight, paint, order, call)
        fields, tiles = await self._fields(sight, order, call, course)
        course.begin("lay_on")
        with call.stage("lay_on"):
            await asyncio.to_thread(ease_lines, fields, sight.faces)
            laid = await asyncio.to_thread(
                lay_on, photo, fields, paint, order.strength, call.is_over
            )
        del fields
        drawn = _laid(laid, paint, sight, tiles)
        larger = max(laid.picture.shape) / max(sight.picture.shape)
        at_size = [oval.times(larger) for oval in sight.faces]
        return await _limited(drawn, at_size, order, call, course)

    async def _faces(self, small: Photo, call: Call) -> tuple[Oval, ...]:
        """Return the faces there seem to be; none where no detector is ready."""
        if FACE_DETECTOR.model not in call.routes.stable:
            return ()
        return tuple(map(Oval.around, await glimpse_faces(small, self._models, call)))

    async def _preview(self, sight: _Sight, paint: Paint, order: Order, call: Call) -> Photo:
        """Return what the picture may come to look like."""
        small, framed = await asyncio.to_thread(_previewed, sight.picture)
        fields = await self._ask(framed, sight.thumbnail, order.style, call)
        (high, wide, _), frame = small.shape, FRAME
        fields = fields[frame : frame + high, frame : frame + wide].copy()
        ease_lines(fields, [oval.times(wide / sight.picture.shape[1]) for oval in sight.faces])
        return (await asyncio.to_thread(lay_on, small, fields, paint, order.strength)).picture

    async def _fields(
        self, sight: _Sight, order: Order, call: Call, course: Course
    ) -> tuple[Fields, int]:
        """Return the fields of the whole picture, and of how many tiles they are."""
        edge, margin, frame = order.tile_px, REACH, FRAME
        if order.tiling is Tiling.PLAIN_GRID:
            edge, margin, frame = PLAIN_EDGE, 0, 0
        whole = await asyncio.to_thread(filled_up, sight.picture, frame)
        framed = replace(sight, picture=whole)
        high, wide = (extent - 2 * frame for extent in framed.picture.shape[:2])
        tiles = plan_tiles(high, wide, edge, margin, frame)
        fields = np.empty((high, wide, 4), np.int16)
        version = 0
        while version != (version := call.use_of(STYLIZER.model).version):
            # again where another version stood in: one picture, one hand
            course.begin("draw", len(tiles))
            left = iter(tiles)
            await side_by_side(
                *(self._fill(fields, left, framed, order, call, course) for _ in range(2))
            )
        height, width, _ = sight.picture.shape
        return fields[:height, :width], len(tiles)

    async def _fill(
        self,
        fields: Fields,
        left: Iterator[Tile],
        sight: _Sight,
        order: Order,
        call: Call,
        course: Course,
    ) -> None:
        """Draw tiles until none is left; whoever is free takes the next."""
        for tile in left:
            picture, kept = sight.picture[tile.seen], tile.kept
            measure = sight.thumbnail
            if order.tiling is Tiling.PLAIN_GRID:
                picture = filled_up(picture)
                measure = thumbnail(picture)
            fields[tile.core] = (await self._ask(picture, measure, order.style, call))[kept]
            course.advance()

    async def _ask(self, tile: Photo, measure: Photo, style: Style, call: Call) -> Fields:
        """Return the fields of one tile."""
        inputs = {
            "tile": tile[None],
            "thumbnail": measure[None],
            "style": np.array([[STYLES.index(style)]], np.uint8),
        }
        fields: Fields = (await self._models.infer(STYLIZER, inputs, call))["fields"][0]
        return fields


def expected(height: int, width: int, order: Order) -> dict[str, float]:
    """Return the seconds that each part of a call may take, in order."""
    megapixels = height * width / 1e6
    high, wide = drawing_size(height, width, order.line_width)
    seconds = {name: first + more * megapixels for name, (first, more) in EXPECTED.items()}
    names = ["decode", "reduce", "preview", "draw", "lay_on", "limit", "encode"]
    if not order.colors:
        names.remove("limit")
    return {name: seconds.get(name, SECONDS_DRAWN * high * wide / 1e6) for name in names}


def _small(photo: Photo, order: Order) -> Photo:
    """Return a photo as small as it is drawn."""
    height, width, _ = photo.shape
    return reduced(photo, *drawing_size(height, width, order.line_width))


def _seen(small: Photo, faces: tuple[Oval, ...], order: Order) -> tuple[_Sight, Paint]:
    """Return what the network is to see of a photo, and what it is to be painted with."""
    style, rng = order.style, np.random.default_rng(order.seed)
    smooth = np.asarray(cv2.GaussianBlur(small, (0, 0), style.smoothing), np.uint8)
    sample = sample_colors(smooth, faces, SAMPLES, rng)
    centers = palette_of(srgb_to_lab(sample), style.colors, rng)
    paint = Paint(centers, toned(centers, style), style.ink, style.cover)
    return _Sight(small, thumbnail(filled_up(small)), faces), paint


def _previewed(picture: Photo) -> tuple[Photo, Photo]:
    """Return a picture as small as a preview, and that with its frame."""
    height, width, _ = picture.shape
    factor = min(1.0, PREVIEW / max(height, width))
    small = reduced(picture, max(1, round(height * factor)), max(1, round(width * factor)))
    return small, filled_up(small, FRAME)


def _undrawn(photo: Photo) -> Drawn:
    height, width, _ = photo.shape
    return Drawn(photo, np.empty((0, 3), np.float32), np.empty(0), (height, width), 0)


def _laid(laid: Laid, paint: Paint, sight: _Sight, tiles: int) -> Drawn:
    order = np.argsort(srgb_to_lab(paint.tones)[:, 0], kind="stable")
    shares = laid.counts[order] / max(laid.counts.sum(), 1)
    height, width, _ = sight.picture.shape
    return Drawn(laid.picture, paint.tones[order], shares, (height, width), tiles)


async def _limited(
    drawn: Drawn, faces: Sequence[Oval], order: Order, call: Call, course: Course
) -> Drawn:
    """Return what was drawn in as few colors as were ordered."""
    if not order.colors:
        return drawn
    course.begin("limit")
    with call.stage("limit"):
        palette, laid = await asyncio.to_thread(_reduced_to_few, drawn.picture, faces, order, call)
    shares = laid.counts / max(laid.counts.sum(), 1)
    colors = palette.astype(np.float32) / np.float32(255)
    return Drawn(laid.picture, colors, shares, drawn.size, drawn.tiles)


def _reduced_to_few(
    picture: Photo, faces: Sequence[Oval], order: Order, call: Call
) -> tuple[Photo, Laid]:
    rng = np.random.default_rng(order.seed)
    sample = sample_colors(picture, faces, SAMPLES, rng)
    centers = palette_of(srgb_to_lab(sample), order.colors, rng)
    palette = chosen(sample, centers, picture, order.colors)
    return palette, limit(picture, palette, call.is_over)
