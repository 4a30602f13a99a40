"""A person's head and the hair that is put on it: all the pixel work, between networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.appearance import appearance_of, restyled
from limner_server.imaging.fitting import fit
from limner_server.imaging.found_hair import gone_on, strands_of, with_strands
from limner_server.imaging.light import light_of, relit
from limner_server.imaging.restyling import restyle
from limner_server.imaging.transplanting import Transplant, kept_off_face, transplant

if TYPE_CHECKING:
    from limner_server.imaging.appearance import Appearance
    from limner_server.imaging.arrays import Photo, Plane
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.skull import Head as Skull
    from limner_server.imaging.wig import Wig
    from limner_server.pipelines.heads import Head
    from limner_server.pipelines.optimize_hair import Found


@dataclass(frozen=True, eq=False)
class Person:
    """Whose head gets the hair."""

    photo: Photo
    head: Head
    skull: Skull
    """In pixels of the head's part of the photo."""


@dataclass(frozen=True, eq=False)
class Transferred:
    """A person's photo with other hair, and how it came about."""

    photo: Photo
    mask: Plane
    """HxW uint8: 255 where it may differ from the original; where it is 0 no bit has changed."""
    alpha: Plane
    """HxW uint8, the new hair's share."""
    found: Found | None = None
    """What a search came to; None where there was none."""


def fitted(person: Person, wig: Wig, *, keep_face: bool) -> Strands | None:
    """Return a reference's hair as it sits on a person, in its own colors."""
    strands = fit(wig.strands, wig.head, person.skull, person.head.photo.shape)
    return _kept_off(person, strands, keep_face=keep_face)


def taken_off(person: Person, found: Found, worn: Transplant, *, keep_face: bool) -> Strands | None:
    """Return the hair that a search has found, as it lies in a person's photo.

    What hangs out of the search's picture is `worn`'s, the hair that was asked for.
    """
    head, picture = person.head, found.picture
    strands = strands_of(picture, found.hair, found.matrix, head.photo.shape)
    if strands is not None:
        strands = gone_on(strands, worn.photo, worn.alpha, found.matrix, len(picture))
    return _kept_off(person, strands, keep_face=keep_face)


def dressed(person: Person, strands: Strands | None, wig: Wig, look: Wig) -> Strands | None:
    """Return hair in another's look and in the light of the person's photo."""
    if strands is None:
        return None
    unit, wanted = person.skull.unit, look.appearance
    colors = strands.colors
    if wanted is not wig.appearance:
        colors = restyled(colors, strands.alpha, unit, wig.appearance, wanted)
    head = person.head
    light = light_of(head.photo, head.landmarks, head.alpha)
    if light is not None and look.light is not None:
        corner = strands.rows.start, strands.columns.start
        colors = relit(colors, corner, person.skull, look.light, light)
    return replace(strands, colors=colors)


def finished(
    person: Person, strands: Strands | None, found: Found, worn: Transplant
) -> Strands | None:
    """Return hair that a search has found, in the colors and with the strands that it was to have.

    Args:
        person: Whose head it is for.
        strands: It, as `taken_off` returns it.
        found: What the search came to.
        worn: The head with the hair that was asked for.
    """
    if strands is None or not worn.alpha.any():
        return strands
    unit = person.skull.unit
    was = appearance_of(strands.colors, strands.alpha, unit)
    wanted = appearance_of(worn.photo, worn.alpha, unit)
    colors = restyled(strands.colors, strands.alpha, unit, was, wanted)
    pixel = 1 / np.sqrt(abs(np.linalg.det(found.matrix[:, :2])))
    return with_strands(replace(strands, colors=colors), worn.photo, worn.alpha, float(pixel))


def laid_on(person: Person, beneath: Photo, strands: Strands | None) -> Transplant:
    """Return the head's part of a person's photo with hair laid over what lies beneath it."""
    head = person.head
    return transplant(head.photo, beneath, strands, head.landmarks, person.skull)


def restyled_own(person: Person, wanted: Appearance) -> Transplant:
    """Return the head's part of a person's photo with their own hair in another look."""
    head, unit = person.head, person.skull.unit
    was = appearance_of(head.colors, head.alpha, unit)
    colors = restyled(head.colors, head.alpha, unit, was, wanted)
    photo, mask = restyle(head.photo, head.alpha, head.colors, colors)
    return Transplant(photo, mask, head.alpha)


def put_back(person: Person, part: Transplant) -> Transferred:
    """Return what was made of a head's part, in the whole photo."""
    box = person.head.rows, person.head.columns
    photo = person.photo.copy()
    planes = np.zeros((2, *photo.shape[:2]), np.uint8)
    photo[box] = part.photo
    planes[0][box], planes[1][box] = part.mask, part.alpha
    return Transferred(photo, planes[0], planes[1])


def _kept_off(person: Person, strands: Strands | None, *, keep_face: bool) -> Strands | None:
    """Return hair that ends before eyes, nose and mouth, if that is wanted."""
    if strands is None or not keep_face:
        return strands
    return kept_off_face(strands, person.head.landmarks, person.skull.unit)
