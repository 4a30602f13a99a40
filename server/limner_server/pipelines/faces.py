"""Faces: detected in the whole photo, meshed twice, the second time from where the first saw them.

The refined mesh loses tilted and turned faces when it looks where the detector points, but not
where a first, plain mesh points; so the plain one goes first and also says whether a face is there.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner.v1.reasons import NoFace
from limner_registry.contracts import FACE_DETECTOR, FACE_MESH, FACE_MESH_ATTENTION
from limner_server.imaging import detection, mesh
from limner_server.imaging.geometry import Region, crop
from limner_server.imaging.pose import HeadPose, head_pose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_registry.contract import Contract
    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Photo, Points
    from limner_server.imaging.detection import Detection
    from limner_server.imaging.geometry import Border
    from limner_server.routing.models import Models


@dataclass(frozen=True, eq=False)
class FoundFace:
    """One face, with all that is known of it, in pixels of the photo."""

    detection: Detection
    landmarks: Points
    """478x3 float32."""
    pose: HeadPose


@dataclass(frozen=True)
class Selector:
    """Which face is meant; with neither, the largest."""

    index: int | None = None
    """Place counted from 0 at the image's left."""
    point: tuple[float, float] | None = None
    """A place (x, y) inside the face's box."""
    every: bool = False
    """All faces are meant; for `select_faces` alone."""


async def find_faces(photo: Photo, models: Models, call: Call) -> list[FoundFace]:
    """Return every face of a photo, from the image's left to its right.

    Raises:
        NoFace: There is none.
    """
    height, width, _ = photo.shape
    whole = [detection.letterbox(width, height)]
    found = await _detect(photo, whole, detection.THRESHOLD, models, call)
    faces = await _look_twice(photo, found, models, call)
    if not any(face.detection.score >= detection.AGAIN_THRESHOLD for face in faces):
        # One may be turned, fill the photo, or be small; what was found may be an eye of it.
        looks = [
            *detection.turned(width, height),
            detection.afar(width, height),
            *detection.tiles(width, height),
        ]
        found += await _detect(photo, looks, detection.AGAIN_THRESHOLD, models, call)
        faces = await _look_twice(photo, detection.merge(found), models, call)
    if not faces:
        raise NoFace("no face was found in the photo")
    return sorted(faces, key=lambda face: face.detection.left + face.detection.right)


async def glimpse_faces(photo: Photo, models: Models, call: Call) -> list[Detection]:
    """Return where faces seem to be, after one look and without their meshes; maybe nowhere."""
    height, width, _ = photo.shape
    whole = [detection.letterbox(width, height)]
    return await _detect(photo, whole, detection.THRESHOLD, models, call)


def select_face(faces: Sequence[FoundFace], selector: Selector) -> int:
    """Return the place in `faces` of the one that is meant.

    Raises:
        NoFace: There is no such face.
    """
    if selector.index is not None:
        if selector.index >= len(faces):
            raise NoFace(f"face {selector.index} was asked for, counted from 0; {len(faces)} found")
        return selector.index
    places = range(len(faces))
    if selector.point is None:
        return max(places, key=lambda place: faces[place].detection.area)
    x, y = selector.point
    held = [place for place in places if _holds(faces[place].detection, x, y)]
    if not held:
        raise NoFace(f"no face holds the point ({x:g}, {y:g}); {len(faces)} found elsewhere")
    return min(held, key=lambda place: _distance(faces[place].detection, x, y))


def select_faces(faces: Sequence[FoundFace], selector: Selector) -> list[int]:
    """Return the places in `faces` of those that are meant, from the image's left.

    Raises:
        NoFace: There is no such face.
    """
    return list(range(len(faces))) if selector.every else [select_face(faces, selector)]


async def _detect(
    photo: Photo, regions: list[Region], threshold: float, models: Models, call: Call
) -> list[Detection]:
    """Return what the detector finds in any of the regions."""
    boxes, scores = await _look(FACE_DETECTOR, photo, regions, "black", models, call)
    return [
        face
        for region, box, score in zip(regions, boxes, scores, strict=True)
        for face in detection.detections(box, score, region, threshold)
    ]


async def _look_twice(
    photo: Photo, found: list[Detection], models: Models, call: Call
) -> list[FoundFace]:
    """Return those detections that the plain mesh takes for faces, with their refined meshes."""
    regions = [mesh.region_of_detection(face) for face in found]
    first, presence = await _mesh(FACE_MESH, photo, regions, models, call)
    seen = [place for place, logit in enumerate(presence) if logit > 0]
    regions = [mesh.region_of_landmarks(first[place]) for place in seen]
    second, _ = await _mesh(FACE_MESH_ATTENTION, photo, regions, models, call)
    return [
        FoundFace(found[place], landmarks, head_pose(landmarks))
        for place, landmarks in zip(seen, second, strict=True)
    ]


async def _mesh(
    contract: Contract, photo: Photo, regions: list[Region], models: Models, call: Call
) -> tuple[list[Points], list[float]]:
    """Return each region's mesh in the photo, and the logit that a face is there."""
    if not regions:
        return [], []
    landmarks, presence = await _look(contract, photo, regions, "edge", models, call)
    placed = [
        mesh.landmarks_in_photo(points, region)
        for points, region in zip(landmarks, regions, strict=True)
    ]
    return placed, [float(logit[0]) for logit in presence]


async def _look(
    contract: Contract,
    photo: Photo,
    regions: list[Region],
    border: Border,
    models: Models,
    call: Call,
) -> tuple[Floats, Floats]:
    """Return a network's two answers for crops of a photo, in batches as large as it takes."""
    height, width, _ = contract.inputs[0].shape
    names = [output.name for output in contract.outputs]
    parts = []
    for start in range(0, len(regions), contract.max_batch):
        some = regions[start : start + contract.max_batch]
        with call.stage(f"crop_{contract.model}"):
            crops = await asyncio.to_thread(_crops, photo, some, (width, height), border)
        answers = await models.infer(contract, {"image": crops}, call)
        parts.append([answers[name] for name in names])
    first, second = (np.concatenate(part) for part in zip(*parts, strict=True))
    return first, second


def _crops(photo: Photo, regions: list[Region], size: tuple[int, int], border: Border) -> Photo:
    return np.stack([crop(photo, region, *size, border) for region in regions])


def _holds(face: Detection, x: float, y: float) -> bool:
    return face.left <= x <= face.right and face.top <= y <= face.bottom


def _distance(face: Detection, x: float, y: float) -> float:
    return math.hypot((face.left + face.right) / 2 - x, (face.top + face.bottom) / 2 - y)
