"""References as wigs: a photo's head found, its hair taken off, and kept for whoever wants it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_MATTER,
    HAIR_SEGMENTER,
)
from limner_server.imaging.wig import wig_of
from limner_server.pipelines.optimize_hair import portrait_of
from limner_server.pipelines.references_prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo
    from limner_server.imaging.wig import Wig
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.pipelines.heads import Head, Heads
    from limner_server.pipelines.optimize_hair import Portrait

LOOKED_WITH: Final = (FACE_DETECTOR, FACE_MESH, FACE_MESH_ATTENTION, HAIR_SEGMENTER, HAIR_MATTER)
"""Whose other versions may see other hair."""

LONGEST: Final = 2048
"""Edge in pixels of a reference's head, at most: what is kept of it is bounded."""

CUT: Final = 1.0
"""Units of a head, about centimeters, along which hair meets an edge that cuts it."""


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference's hair, ready for any head."""

    face: FoundFace
    """In pixels of its photo."""
    wig: Wig
    is_cut: bool
    """Whether its hair goes on beyond its photo."""
    portrait: Portrait
    """What a search sees of it."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds, about."""
        return self.wig.nbytes + self.portrait.crop.nbytes


class Wigs:
    """Takes the hair off references, once for each."""

    def __init__(self, heads: Heads) -> None:
        """Begin with none; `heads` finds them."""
        self._heads = heads
        self._prepared: Prepared[Reference] = Prepared()

    async def of(
        self,
        content: Hashable,
        selector: Selector,
        read: Callable[[], Awaitable[Photo]],
        call: Call,
    ) -> Reference:
        """Return a reference's hair.

        Args:
            content: Tells photos apart, such as a digest of their bytes.
            selector: Whose hair.
            read: Returns the photo; asked only where its hair is not kept.
            call: Whose time it takes, and whose versions look at it.

        Raises:
            NoFace: There is no such face.
            NoHair: It shows no hair, or too little.
        """

        def key() -> Hashable:
            ready = [one.model for one in LOOKED_WITH if one.model in call.routes.stable]
            return content, selector, *(call.use_of(model).version for model in ready)

        async def prepare() -> Reference:
            photo = await read()
            head = await self._heads.of_reference(photo, selector, LONGEST, call)
            with call.stage("take_off"):
                return await asyncio.to_thread(_taken_off, head, photo.shape)

        return await self._prepared.get(key, prepare)


def _taken_off(head: Head, extent: tuple[int, ...]) -> Reference:
    wig = wig_of(head.photo, head.alpha, head.colors, head.landmarks)
    portrait = portrait_of(head.photo, head.landmarks)
    return Reference(head.face, wig, _is_cut(head, extent, wig.head.unit), portrait)


def _is_cut(head: Head, extent: tuple[int, ...], unit: float) -> bool:
    """Return whether hair goes on beyond an edge of its photo."""
    rims = (
        (head.rows.start == 0, head.alpha[0]),
        (head.rows.stop == extent[0], head.alpha[-1]),
        (head.columns.start == 0, head.alpha[:, 0]),
        (head.columns.stop == extent[1], head.alpha[:, -1]),
    )
    return any(at_edge and np.count_nonzero(rim > 127) > CUT * unit for at_edge, rim in rims)
