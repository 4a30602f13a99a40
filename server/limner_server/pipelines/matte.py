"""Matte: a trimap from what is known of the subject, an alpha solved on its unknown band."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner.v1.reasons import DeadlinePassed, NoPerson
from limner_server.imaging import closed_form
from limner_server.imaging.foreground import estimate_foreground
from limner_server.imaging.trimap import (
    INSIDE,
    UNKNOWN,
    default_band,
    trimap_of_map,
    trimap_of_probability,
)
from limner_server.pipelines.person import find_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from limner_server.call import Call
    from limner_server.imaging.arrays import Matte, Photo, Plane
    from limner_server.triton.client import Triton

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


class Matting:
    """Cuts subjects out; solves no more at once than the machine has cores to spare."""

    def __init__(self, triton: Triton) -> None:
        """Find people with the help of `triton`."""
        self._triton = triton
        self._solving = asyncio.Semaphore(max(1, (os.cpu_count() or 1) - 1))

    async def trimap_of_person(self, photo: Photo, band_px: int | None, call: Call) -> Plane:
        """Return the trimap of the people in a photo.

        Raises:
            NoPerson: There are none.
        """
        person = await find_person(photo, self._triton, call)
        with call.stage("trimap"):
            trimap = await asyncio.to_thread(trimap_of_probability, person, photo, band_px)
        if np.count_nonzero(trimap == INSIDE) < LEAST_PERSON * trimap.size:
            raise NoPerson(f"no person was found in the photo (likeliest {person.max():.0%})")
        return trimap

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
        self, photo: Photo, trimap: Plane, call: Call, *, want_foreground: bool
    ) -> CutOut:
        """Return the subject of a trimap, solved by closed form.

        Raises:
            DeadlinePassed: There was not time enough.
        """
        foreground = None
        async with self._turn(call):
            try:
                with call.stage("closed_form"):
                    solved = await asyncio.to_thread(
                        closed_form.solve_alpha, photo, trimap, call.is_over
                    )
            except closed_form.Stopped as error:
                raise DeadlinePassed("the deadline passed while the alpha was solved") from error
            if want_foreground:
                with call.stage("foreground"):
                    foreground = await asyncio.to_thread(estimate_foreground, photo, solved.alpha)
        if solved.scale < 1:
            message = f"the unknown band is large: it was solved at {solved.scale:.0%} of the size"
            call.warn("SOLVED_SMALLER", message, "band_px")
        return CutOut(solved.alpha, trimap, foreground)


async def trimap_of_mask(mask: Plane, band_px: int | None, call: Call) -> Plane:
    """Return the trimap around the edge of a caller's mask."""
    height, width = mask.shape
    with call.stage("trimap"):
        return await asyncio.to_thread(trimap_of_map, mask, band_px or default_band(width, height))
