"""Dye: hair found, its color named, a generator chosen, its change of color laid on."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from limner.v1.reasons import NoHair
from limner_registry.color import ciede2000, srgb_to_lab
from limner_registry.contracts import DYE_BANK, DYE_GENERATOR
from limner_registry.hair_colors import DYE_PAIRS, HAIR_COLORS
from limner_server.call import side_by_side
from limner_server.imaging.color_grid import GridFit
from limner_server.imaging.conversion import Conversion, look_at
from limner_server.imaging.dyeing import Canvas
from limner_server.imaging.foreground import layers_of
from limner_server.imaging.hair_color import classified, color_among, find_color, hair_places
from limner_server.imaging.recolor import reachable
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.matte import engine_for_hair

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.imaging.conversion import Look
    from limner_server.imaging.hair_color import HairColor
    from limner_server.pipelines.matte import Matting
    from limner_server.routing.models import Models

    Lab = tuple[float, float, float]
    Inputs = dict[str, NDArray[np.generic]]

LOOK_PX = DYE_GENERATOR.inputs[0].shape[0]
"""Edge of the small picture that a generator sees and the maps are fitted to."""

LAYER_PIXELS = 60_000
"""At which the colors of hair and background are told apart where they mix."""

NEAR_ENOUGH = 0.5
"""CIEDE2000 from the wanted color at which hair has it already."""

NEAR_CLASS = 4.0
"""CIEDE2000 from its class up to which a wanted color is the class's own: the bank knows no shades
in between, and a purple that is nearest to blue is none."""

OUT_OF_REACH = 3.0
"""CIEDE2000 that dark hair may stay from the wanted color before the caller is told."""


class Blend(enum.Enum):
    """How the dyed picture is laid over the photo."""

    DELTA = enum.auto()
    PATENT = enum.auto()


class Generator(enum.Enum):
    """What made the new color."""

    NONE = enum.auto()
    BANK = enum.auto()
    CONDITIONAL = enum.auto()
    CLOSED_FORM = enum.auto()


@dataclass(frozen=True, eq=False)
class Order:
    """What is asked for."""

    wanted: Lab
    """CIELAB."""
    strength: float = 1.0
    """How much of the change is laid on, in [0, 1]."""
    keep_highlights: bool = True
    blend: Blend = Blend.DELTA
    selector: Selector = field(default_factory=Selector)
    alpha: Plane | None = None
    """HxW uint8 of the photo's size, share of hair; None to have it found."""


@dataclass(frozen=True, eq=False)
class Dyed:
    """A photo with its hair dyed, and how it came about."""

    photo: Photo
    alpha: Plane
    """HxW uint8, share of hair."""
    found: HairColor
    generator: Generator
    pair: tuple[str, str] | None
    """The bank's classes, from and to; None where another generator answered."""
    difference_before: float
    """Mean CIEDE2000 of the hair from the wanted color, at least 0."""
    difference_after: float


@dataclass(frozen=True, eq=False)
class _Answer:
    """What a generator made of a look."""

    generator: Generator
    pair: tuple[str, str] | None = None
    picture: Floats | None = None
    """256x256x3 float32, sRGB in [0, 1]; None for the closed form."""


@dataclass(frozen=True, eq=False)
class _Hair:
    """What is known of a photo's hair before a generator is asked."""

    photo: Photo
    alpha: Plane
    places: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Rows and columns of some pixels that are nothing but hair."""
    found: HairColor
    look: Look


@dataclass(frozen=True, eq=False)
class _Readied:
    """All that can be done of a dye while a generator is at work."""

    conversion: Conversion
    fit: GridFit
    canvas: Canvas
    difference: float
    """Mean CIEDE2000 of the hair from the wanted color, at least 0."""


class Dyeing:
    """Dyes hair; several photos at once if they come at once."""

    def __init__(self, models: Models, matting: Matting) -> None:
        """Find hair and its alpha with `matting`, and ask `models` for generators."""
        self._models = models
        self._matting = matting

    async def dye(self, photo: Photo, order: Order, call: Call) -> Dyed:
        """Return a photo with its hair dyed.

        Raises:
            NoHair: There is none, or an empty alpha was sent.
            NoFace: There is no face such as was asked for.
        """
        alpha = await self._alpha(photo, order.alpha, order.selector, call)
        with call.stage("find_color"):
            hair = await asyncio.to_thread(_seen, photo, alpha)
        found = hair.found
        if order.strength == 0 or _far(found.lab, order.wanted) < NEAR_ENOUGH:
            difference = _difference(photo, hair.places, order.wanted)
            return Dyed(photo, alpha, found, Generator.NONE, None, difference, difference)
        answer, readied = await side_by_side(
            self._ask(hair.look, found, order.wanted, call),
            asyncio.to_thread(_readied, hair, order),
        )
        with call.stage("lay_on"):
            dyed = await asyncio.to_thread(_finished, hair, readied, answer, order)
        if dyed.generator is not answer.generator:
            call.warn(
                "GENERATOR_UNHELPFUL",
                "the generator led away from the color; it was not followed",
            )
        left = _far(reachable(found.lab, order.wanted), order.wanted)
        if left > OUT_OF_REACH:
            call.warn(
                "SHADE_OUT_OF_REACH",
                f"the hair is too dark for this color: it stays {left:.0f} (CIEDE2000) from it",
                "color",
            )
        return dyed

    async def color_of(self, photo: Photo, selector: Selector, call: Call) -> HairColor:
        """Return the color of the hair in a photo.

        Raises:
            NoHair: There is none.
            NoFace: There is no face such as was asked for.
        """
        alpha = await self._alpha(photo, None, selector, call)
        with call.stage("find_color"):
            return await asyncio.to_thread(find_color, photo, alpha, HAIR_COLORS)

    async def _alpha(
        self, photo: Photo, sent: Plane | None, selector: Selector, call: Call
    ) -> Plane:
        """Return the alpha that was sent, or the one that is found."""
        if sent is not None:
            if not sent.any():
                raise NoHair("the alpha that was sent is 0 everywhere")
            return sent
        trimap = await self._matting.trimap_of_hair(photo, selector, None, call)
        alpha = await self._matting.alpha(photo, trimap, engine_for_hair(call), call)
        if not alpha.any():
            raise NoHair("what looked like hair turned out to be none")
        return alpha

    async def _ask(self, look: Look, found: HairColor, wanted: Lab, call: Call) -> _Answer:
        """Return what the best generator for these colors makes of a look."""
        chosen, pair = choose(found, classified(wanted, HAIR_COLORS))
        image: Inputs = {"image": look.picture[None]}
        if chosen is Generator.BANK and pair is not None:
            index = np.array([[DYE_PAIRS.index(pair)]], np.uint8)
            picture = await self._generate(DYE_BANK, image | {"pair": index}, call)
            if picture is not None:
                return _Answer(chosen, pair, picture)
        if chosen is not Generator.CLOSED_FORM:
            colors = {"found": found.lab, "wanted": wanted}
            told = {name: np.array([lab], np.float32) for name, lab in colors.items()}
            picture = await self._generate(DYE_GENERATOR, image | told, call)
            if picture is not None:
                return _Answer(Generator.CONDITIONAL, None, picture)
        return _Answer(Generator.CLOSED_FORM)

    async def _generate(self, contract: Contract, inputs: Inputs, call: Call) -> Floats | None:
        """Return what a generator answers; None and a warning where no version is ready."""
        if contract.model not in call.routes.stable:
            call.warn("GENERATOR_NOT_READY", f"no version of {contract.model} is ready yet")
            return None
        answers = await self._models.infer(contract, inputs, call)
        dyed: Floats = answers["dyed"][0]
        return dyed


def choose(found: HairColor, wanted: HairColor) -> tuple[Generator, tuple[str, str] | None]:
    """Return which generator leads from one color to the other, and the bank's pair if it does.

    The bank where the found class is sure, the wanted color a class's own, and it holds their
    pair; the conditional generator where one of the colors is sure, else the closed form.
    """
    pair = (found.name, wanted.name)
    if not found.ambiguous and wanted.distance <= NEAR_CLASS and pair in DYE_PAIRS:
        return Generator.BANK, pair
    if not found.ambiguous or not wanted.ambiguous:
        return Generator.CONDITIONAL, None
    return Generator.CLOSED_FORM, None


def _seen(photo: Photo, alpha: Plane) -> _Hair:
    """Return what is to be known of hair before a generator is asked."""
    places = hair_places(alpha)
    found = color_among(photo[places], HAIR_COLORS)
    return _Hair(photo, alpha, places, found, look_at(photo, alpha, LOOK_PX))


def _readied(hair: _Hair, order: Order) -> _Readied:
    """Return what needs no generator's answer."""
    layers = None
    if order.blend is Blend.DELTA:
        layers = layers_of(hair.photo, hair.alpha, LAYER_PIXELS)
    return _Readied(
        Conversion(hair.look, hair.found.lab, order.wanted),
        GridFit(hair.look.picture.astype(np.float32) / 255, hair.look.weight),
        Canvas(hair.photo, hair.alpha, layers),
        _difference(hair.photo, hair.places, order.wanted),
    )


def _finished(hair: _Hair, readied: _Readied, answer: _Answer, order: Order) -> Dyed:
    """Return the photo with a generator's change of color laid on at its own size.

    By the closed form where none answered, or its answer led away from the color.
    """
    keep = order.keep_highlights
    after = readied.conversion.helped(answer.picture, keep_highlights=keep)
    generator, pair = answer.generator, answer.pair
    if after is None:
        after = readied.conversion.unhelped(keep_highlights=keep)
        generator, pair = Generator.CLOSED_FORM, None
    grid = readied.fit.grid(after)
    dyed = readied.canvas.dyed(grid, hair.look.square, order.strength)
    left = _difference(dyed, hair.places, order.wanted)
    return Dyed(dyed, hair.alpha, hair.found, generator, pair, readied.difference, left)


def _difference(
    photo: Photo, places: tuple[NDArray[np.intp], NDArray[np.intp]], wanted: Lab
) -> float:
    """Return the mean CIEDE2000 of some pixels from a color."""
    return float(ciede2000(srgb_to_lab(photo[places]), np.array(wanted)).mean())


def _far(one: Collection[float] | Floats, other: Lab) -> float:
    return float(ciede2000(np.array(one), np.array(other)))
