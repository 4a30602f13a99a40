"""Matte: a trimap from what is known of the subject, an alpha solved on its unknown band."""

from __future__ import annotations

import asyncio
import enum
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from limner.v1.reasons import DeadlinePassed, NoPerson
from limner_registry.contracts import HAIR_MATTER
from limner_server.call import side_by_side
from limner_server.cores import cores_here
from limner_server.imaging import closed_form
from limner_server.imaging.band import band_of, lifted
from limner_server.imaging.comparison import compared, sure_sides
from limner_server.imaging.foreground import estimate_foreground
from limner_server.imaging.trimap import (
    INSIDE,
    UNKNOWN,
    default_band,
    laid_out,
    trimap_of_hair,
    trimap_of_map,
    trimap_of_probability,
)
from limner_server.pipelines.hair import find_hair
from limner_server.pipelines.person import find_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray

    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane
    from limner_server.imaging.band import Band
    from limner_server.imaging.comparison import Sure
    from limner_server.pipelines.faces import Selector
    from limner_server.pipelines.hair import Hair
    from limner_server.routing.models import Models

    Pixels = TypeVar("Pixels", Photo, Plane)

BAND_PX = HAIR_MATTER.inputs[0].shape[0]
"""Longest edge at which the network sees the unknown band of hair. At twice that, in four tiles, it
does no better, and takes four times as long."""

LEAST_PERSON = 0.001
"""Share of the photo below which what the segmenter calls a person is none."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """A subject cut out of a photo."""

    alpha: Matte
    trimap: Plane
    foreground: Photo | None
    """The subject's own colors; None when they were not wanted."""

    @property
    def unknown(self) -> float:
        """Share of the photo that had to be solved, in [0, 1]."""
        return float((self.trimap == UNKNOWN).mean())


class Engine(enum.Enum):
    """What solves an alpha."""

    NETWORK = enum.auto()
    CLOSED_FORM = enum.auto()


def engine_for_hair(call: Call) -> Engine:
    """Return what solves hair best: the network, or what needs none where it is not ready."""
    if HAIR_MATTER.model in call.routes.stable:
        return Engine.NETWORK
    call.warn("MATTER_NOT_READY", f"no version of {HAIR_MATTER.model} is ready: solved without it")
    return Engine.CLOSED_FORM


class Matting:
    """Cuts subjects out; solves no more at once than the machine has cores to spare."""

    def __init__(self, models: Models) -> None:
        """Find people with the help of `models`."""
        self._models = models
        self._solving = asyncio.Semaphore(max(1, cores_here() - 1))

    async def trimap_of_person(self, photo: Photo, band_px: int | None, call: Call) -> Plane:
        """Return the trimap of the people in a photo.

        Raises:
            NoPerson: There are none.
        """
        person = await find_person(photo, self._models, call)
        with call.stage("trimap"):
            return await asyncio.to_thread(_person_trimap, person, photo, band_px)

    async def trimap_of_hair(
        self, photo: Photo, selector: Selector, band_px: int | None, call: Call
    ) -> Plane:
        """Return the trimap of the hair of the head that is meant.

        Raises:
            NoFace: There is no face such as was asked for.
            NoHair: The head shows none.
        """
        hair = await find_hair(photo, selector, self._models, call)
        with call.stage("trimap"):
            return await asyncio.to_thread(_hair_trimap, photo, hair, band_px)

    async def alpha(self, photo: Photo, trimap: Plane, engine: Engine, call: Call) -> Plane:
        """Return the subject of a trimap, HxW uint8.

        Raises:
            DeadlinePassed: There was not time enough.
        """
        if engine is Engine.CLOSED_FORM:
            solved = await self._solve(photo, trimap, call)
            return await asyncio.to_thread(_plane, solved.alpha)
        with call.stage("band"):
            band, inputs = await asyncio.to_thread(_seen, photo, trimap)
        if band is None:
            return trimap
        answers, sides = await side_by_side(
            self._models.infer(HAIR_MATTER, inputs, call), asyncio.to_thread(_readied, band)
        )
        with call.stage("compare_and_lift"):
            return await asyncio.to_thread(_lifted, photo, trimap, band, answers["alpha"][0], sides)

    @asynccontextmanager
    async def _turn(self, call: Call) -> AsyncIterator[None]:
        """Wait for a turn at the solver, and have it for as long as the block lasts."""
        with call.stage("wait"):
            await self._solving.acquire()
        try:
            yield
        finally:
            self._solving.release()

    async def cut_out(
        self,
        photo: Photo,
        trimap: Plane,
        call: Call,
        *,
        want_foreground: bool,
        engine: Engine = Engine.CLOSED_FORM,
    ) -> CutOut:
        """Return the subject of a trimap.

        Raises:
            DeadlinePassed: There was not time enough.
        """
        foreground = None
        if engine is Engine.NETWORK:
            plane = await self.alpha(photo, trimap, engine, call)
            alpha = await asyncio.to_thread(_matte, plane)
        else:
            solved = await self._solve(photo, trimap, call)
            alpha = solved.alpha
            if solved.scale < 1:
                said = f"the unknown band is large: it was solved at {solved.scale:.0%} of the size"
                call.warn("SOLVED_SMALLER", said, "band_px")
        if want_foreground:
            async with self._turn(call):
                with call.stage("foreground"):
                    foreground = await asyncio.to_thread(estimate_foreground, photo, alpha)
        return CutOut(alpha, trimap, foreground)

    async def _solve(self, photo: Photo, trimap: Plane, call: Call) -> closed_form.Solved:
        """Return the alpha of a trimap by closed form."""
        async with self._turn(call):
            try:
                with call.stage("closed_form"):
                    return await asyncio.to_thread(
                        closed_form.solve_alpha, photo, trimap, call.is_over
                    )
            except closed_form.Stopped as error:
                raise DeadlinePassed("the deadline passed while the alpha was solved") from error


async def trimap_of_mask(mask: Plane, band_px: int | None, call: Call) -> Plane:
    """Return the trimap around the edge of a caller's mask."""
    height, width = mask.shape
    with call.stage("trimap"):
        return await asyncio.to_thread(trimap_of_map, mask, band_px or default_band(width, height))


def _person_trimap(person: Matte, photo: Photo, band_px: int | None) -> Plane:
    trimap = trimap_of_probability(person, photo, band_px)
    if np.count_nonzero(trimap == INSIDE) < LEAST_PERSON * trimap.size:
        raise NoPerson(f"no person was found in the photo (likeliest {person.max():.0%})")
    return trimap


def _hair_trimap(photo: Photo, hair: Hair, band_px: int | None) -> Plane:
    height, width, _ = photo.shape
    band = None if band_px is None else band_px * hair.scale
    part = trimap_of_hair(hair.inside, hair.probability, band)
    return laid_out(part, hair.rows, hair.columns, height, width)


def _seen(photo: Photo, trimap: Plane) -> tuple[Band | None, dict[str, NDArray[np.uint8]]]:
    """Return the unknown band of a trimap, if there is one, and what the network sees of it."""
    band = band_of(photo, trimap, BAND_PX)
    if band is None:
        return None, {}
    return band, {"image": _squared(band.photo)[None], "trimap": _squared(band.trimap)[None]}


def _readied(band: Band) -> tuple[Sure, Sure] | None:
    """Return what a band is compared with, and have all else measured that needs no answer."""
    if band.scale < 1:
        _ = band.guide
    return sure_sides(band.photo, band.trimap)


def _squared(image: Pixels) -> Pixels:
    """Return a band as the square that the network takes; beyond it lies its mirror image."""
    height, width = image.shape[:2]
    widths = [(0, BAND_PX - height), (0, BAND_PX - width)] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, widths, mode="symmetric")


def _lifted(
    photo: Photo,
    trimap: Plane,
    band: Band,
    answer: Floats,
    sides: tuple[Sure, Sure] | None,
) -> Plane:
    """Return the network's answer as an alpha, compared with sure pixels, at the photo's size."""
    height, width = band.trimap.shape
    rough = np.clip(answer[:height, :width], 0, 1)
    return lifted(photo, trimap, band, compared(band.photo, band.trimap, rough, sides))


def _plane(alpha: Matte) -> Plane:
    plane: Plane = np.rint(alpha * 255).astype(np.uint8)
    return plane


def _matte(plane: Plane) -> Matte:
    matte: Matte = plane / np.float32(255)
    return matte
