"""The person: how likely each part of a photo is one, and the outline that follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from limner_registry.contracts import PERSON_SEGMENTER
from limner_server.imaging.geometry import crop, whole
from limner_server.imaging.outline import outline, stretched

if TYPE_CHECKING:
    from limner_server.call import Call
    from limner_server.imaging.arrays import Flags, Matte, Photo
    from limner_server.routing.models import Models


async def find_person(photo: Photo, models: Models, call: Call) -> Matte:
    """Return the probability of a person over the whole photo, squeezed to the network's square.

    Returns:
        256x256 float32 in [0, 1]; its corners are the photo's.
    """
    height, width, _ = photo.shape
    rows, columns, _ = PERSON_SEGMENTER.inputs[0].shape
    with call.stage("crop_person_segmenter"):
        square = await asyncio.to_thread(crop, photo, whole(width, height), columns, rows)
    answers = await models.infer(PERSON_SEGMENTER, {"image": square[None]}, call)
    person: Matte = answers["person"][0]
    return person


async def find_outline(photo: Photo, models: Models, call: Call) -> Flags:
    """Return which of the photo's pixels are a person's, HxW bool."""
    person = await find_person(photo, models, call)
    with call.stage("outline"):
        return await asyncio.to_thread(_outlined, person, photo)


def _outlined(person: Matte, photo: Photo) -> Flags:
    height, width, _ = photo.shape
    return stretched(outline(person, photo), width, height)
