"""Heads with their hair: one face of a photo, the hair around it, its alpha and its own colors."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner.v1.reasons import NoHair
from limner_server.imaging.geometry import shrink, touched
from limner_server.imaging.head import farther, head_region, scaled
from limner_server.imaging.own_hair import cleared
from limner_server.imaging.trimap import laid_out, trimap_of_hair
from limner_server.pipelines.faces import find_faces, select_face
from limner_server.pipelines.hair import hair_of
from limner_server.pipelines.matte import engine_for_hair

if TYPE_CHECKING:
    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo, Plane, Points
    from limner_server.imaging.wall import Wall
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.pipelines.hair import Hair
    from limner_server.pipelines.matte import CutOut, Matting
    from limner_server.routing.models import Models


@dataclass(frozen=True, eq=False)
class Head:
    """A head with its hair, over the part of a photo that holds both."""

    face: FoundFace
    """In pixels of the photo."""
    rows: slice
    """Of the photo."""
    columns: slice
    photo: Photo
    """The part, at its own size or smaller."""
    alpha: Plane
    """Of that size, the hair's share; 0 everywhere on a head that has none."""
    colors: Photo
    """Of that size, the hair's own; the photo's where they were not wanted."""
    wall: Wall | None = None
    """Where nobody is, in the whole photo; None of who has no hair."""

    @property
    def landmarks(self) -> Points:
        """478x3 float32, pixels of the part."""
        scale = np.float32(self.photo.shape[0] / (self.rows.stop - self.rows.start))
        corner = np.array([self.columns.start, self.rows.start, 0], np.float32)
        middle = np.array([0.5, 0.5, 0], np.float32)
        points: Points = (self.face.landmarks - corner + middle) * scale - middle
        return points


ROOM: Final = 1.25
"""Over the farthest look at a head: other hair may reach beyond its own."""


class Heads:
    """Finds heads, and cuts out their hair; works on no more of a photo than holds the head."""

    def __init__(self, models: Models, matting: Matting) -> None:
        """Find faces and hair with `models`, and its alpha with `matting`."""
        self._models = models
        self._matting = matting

    async def of_person(
        self, photo: Photo, selector: Selector, call: Call, *, want_colors: bool
    ) -> Head:
        """Return the head that is meant, at the photo's size, whether or not it has hair.

        Raises:
            NoFace: There is no such face.
        """
        faces = await find_faces(photo, self._models, call)
        selected = select_face(faces, selector)
        try:
            hair = await hair_of(photo, faces, selected, self._models, call)
        except NoHair:
            hair = None
        return await self._cut_out(
            photo, faces[selected], hair, call, want_colors=want_colors, room=ROOM
        )

    async def of_reference(
        self, photo: Photo, selector: Selector, longest: int, call: Call
    ) -> Head:
        """Return the head that is meant, with its hair's colors, no longer than `longest` pixels.

        Raises:
            NoFace: There is no such face.
            NoHair: It shows no hair, or too little.
        """
        faces = await find_faces(photo, self._models, call)
        selected = select_face(faces, selector)
        hair = await hair_of(photo, faces, selected, self._models, call)
        head = await self._cut_out(
            photo, faces[selected], hair, call, want_colors=True, longest=longest
        )
        if not head.alpha.any():
            raise NoHair("what looked like hair turned out to be none")
        return head

    async def _cut_out(
        self,
        photo: Photo,
        face: FoundFace,
        hair: Hair | None,
        call: Call,
        *,
        want_colors: bool,
        room: float = 1.0,
        longest: int | None = None,
    ) -> Head:
        """Return a head cut out of a photo, with so much room around it."""
        around = scaled(farther(head_region(face.landmarks)), room)
        box = touched(around, *photo.shape[:2])
        part = photo[box]
        if longest is not None:
            with call.stage("reduce"):
                part = await asyncio.to_thread(_taken_out, part, longest)
        if hair is None:
            return Head(face, *box, part, np.zeros(part.shape[:2], np.uint8), part)
        with call.stage("trimap"):
            trimap = await asyncio.to_thread(_trimap, part, box, hair)
        engine = engine_for_hair(call)
        cut = await self._matting.cut_out(
            part, trimap, call, want_foreground=want_colors, engine=engine
        )
        with call.stage("head"):
            return await asyncio.to_thread(_head, face, box, part, cut, hair)


def _head(face: FoundFace, box: tuple[slice, slice], part: Photo, cut: CutOut, hair: Hair) -> Head:
    """Return a head whose hair was cut out, without what only looked like hair."""
    alpha = np.rint(cut.alpha * 255).astype(np.uint8)
    colors = part if cut.foreground is None else cut.foreground
    head = Head(face, *box, part, alpha, colors, hair.seen.wall())
    return replace(head, alpha=cleared(alpha, head.landmarks))


def _taken_out(part: Photo, longest: int) -> Photo:
    """Return a part no longer than so many pixels, apart from its photo."""
    return np.array(shrink(part, longest))


def _trimap(part: Photo, box: tuple[slice, slice], hair: Hair) -> Plane:
    """Return the trimap of hair over a part of a photo, of which `part` may be a smaller copy."""
    rows, columns = map(_reduced, (hair.rows, hair.columns), box, part.shape)
    own = trimap_of_hair(hair.inside, hair.probability)
    return laid_out(own, rows, columns, *part.shape[:2])


def _reduced(own: slice, whole: slice, pixels: int) -> slice:
    """Return where a slice of a whole lies once that has so many pixels."""
    share = pixels / (whole.stop - whole.start)
    return slice(*(round((end - whole.start) * share) for end in (own.start, own.stop)))
