"""Features: a head found, its face and its hair measured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner.v1.reasons import NoHair
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.face_shape import proportions
from limner_server.imaging.hair_color import color_among
from limner_server.imaging.hairstyle import hairstyle, looked_at
from limner_server.imaging.head import farther, head_region
from limner_server.pipelines.faces import find_faces, select_face
from limner_server.pipelines.hair import hair_of
from limner_server.references.features import Features, HairFeatures

if TYPE_CHECKING:
    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.pipelines.hair import Hair
    from limner_server.routing.models import Models


async def find_features(
    photo: Photo, selector: Selector, models: Models, call: Call
) -> tuple[FoundFace, Features]:
    """Return a face of a photo, and what is known of its head.

    Args:
        photo: HxWx3 uint8, sRGB.
        selector: Whose.
        models: Finds faces and hair.
        call: Whose deadline, plan and record apply.

    Raises:
        NoFace: There is no such face.
    """
    faces = await find_faces(photo, models, call)
    selected = select_face(faces, selector)
    try:
        hair = await hair_of(photo, faces, selected, models, call)
    except NoHair:
        hair = None
    with call.stage("features"):
        features = await asyncio.to_thread(_features, photo, faces[selected], hair)
    return faces[selected], features


def _features(photo: Photo, face: FoundFace, hair: Hair | None) -> Features:
    region = farther(head_region(face.landmarks))
    measured = None
    if hair:
        seen = looked_at(region, hair.probability * hair.inside, hair.rows, hair.columns)
        style = hairstyle(photo, seen, face.landmarks, region)
        measured = HairFeatures(style, _color(photo, hair))
    head = (region.center_x, region.center_y, region.width)
    return Features(face.pose, proportions(face.landmarks), head, measured)


def _color(photo: Photo, hair: Hair) -> tuple[float, float, float]:
    """Return the commonest color of the lit half of some hair: the rest shows shadow."""
    high, wide = hair.inside.shape
    part = cv2.resize(photo[hair.rows, hair.columns], (wide, high), interpolation=cv2.INTER_AREA)
    pixels = np.asarray(part, np.uint8)[hair.inside]
    light = pixels @ np.array([0.2126, 0.7152, 0.0722])
    return color_among(pixels[light >= np.median(light)], HAIR_COLORS).lab
