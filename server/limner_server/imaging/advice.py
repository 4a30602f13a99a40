"""What would make a better portrait, measured on the face that was found."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from limner_server.imaging.arrays import Photo
    from limner_server.imaging.detection import Detection
    from limner_server.imaging.pose import HeadPose

MIN_FACE_PX: Final = 128
"""The mesh reads the face with half of room around it at 192 pixels: fewer would be blown up."""

MIN_FACE_SHARE: Final = 0.15
"""Of the photo's shorter edge; in a head-and-shoulders portrait the face has a quarter or more."""

MAX_YAW: Final = 30.0
"""Degrees; beyond, the far eye begins to disappear behind the nose."""

MAX_PITCH: Final = 25.0
"""Degrees; beyond, chin or forehead foreshorten until proportions mislead."""

MAX_ROLL: Final = 20.0
"""Degrees; a head held at ease leans ten."""

MAX_OFFSET: Final = 0.25
"""Of the photo's width between the middles of face and photo: the face leaves the middle half."""

MAX_OUTSIDE: Final = 0.02
"""Of the face's width or height beyond the photo's edge: more than the detector's unrest."""


LEAST_LIGHT: Final = 0.3
"""Of what a screen shows, the brightest tenth of a face: skin that gleams, white of eyes. Between
11 photographed and drawn faces of light and dark skin it was 0.48 to 0.84."""

LOOKED_AT: Final = 64
"""Rows and columns of a face that its light is read from, at most about."""


class Advice(enum.Enum):
    """The things that can be told."""

    COME_NEARER = enum.auto()
    FACE_THE_CAMERA = enum.auto()
    HOLD_UPRIGHT = enum.auto()
    CENTER_THE_FACE = enum.auto()
    STEP_BACK = enum.auto()
    FIND_MORE_LIGHT = enum.auto()


@dataclass(frozen=True)
class Hint:
    """One thing to tell the person who holds the camera."""

    advice: Advice
    message: str
    """One sentence with what was measured."""


def hints(face: Detection, pose: HeadPose, photo: Photo) -> list[Hint]:
    """Return what would make a better portrait of a face; empty where nothing would.

    Args:
        face: The portrait's face.
        pose: How its head is turned.
        photo: HxWx3 uint8, sRGB; only pixels of the face are read.
    """
    height, width, _ = photo.shape
    return [
        *_distance(face, width, height),
        *_turning(pose),
        *_framing(face, width, height),
        *_lighting(face, photo),
    ]


def _distance(face: Detection, width: int, height: int) -> Iterator[Hint]:
    size = min(face.width, face.height)
    least = max(MIN_FACE_PX, MIN_FACE_SHARE * min(width, height))
    if size < least:
        yield Hint(
            Advice.COME_NEARER,
            f"Come nearer: the face is {size:.0f} pixels, {least:.0f} make a good portrait.",
        )


def _turning(pose: HeadPose) -> Iterator[Hint]:
    if abs(pose.yaw) > MAX_YAW:
        side = "right" if pose.yaw > 0 else "left"
        yield Hint(
            Advice.FACE_THE_CAMERA,
            f"Look into the camera: the head is turned {abs(pose.yaw):.0f} degrees "
            f"to the picture's {side}.",
        )
    elif abs(pose.pitch) > MAX_PITCH:
        way = "up" if pose.pitch > 0 else "down"
        yield Hint(
            Advice.FACE_THE_CAMERA,
            f"Look into the camera: the head is turned {abs(pose.pitch):.0f} degrees {way}.",
        )
    if abs(pose.roll) > MAX_ROLL:
        yield Hint(
            Advice.HOLD_UPRIGHT,
            f"Hold head and camera upright: the head leans {abs(pose.roll):.0f} degrees.",
        )


def _framing(face: Detection, width: int, height: int) -> Iterator[Hint]:
    beyond_x = max(-face.left, face.right - width, 0.0) / face.width
    beyond_y = max(-face.top, face.bottom - height, 0.0) / face.height
    beyond = max(beyond_x, beyond_y)
    if beyond > MAX_OUTSIDE:
        yield Hint(
            Advice.STEP_BACK,
            f"Step back or aim anew: {beyond:.0%} of the face lies beyond the picture's edge.",
        )
    offset = ((face.left + face.right) / 2 - width / 2) / width
    if abs(offset) > MAX_OFFSET:
        side = "right" if offset > 0 else "left"
        yield Hint(
            Advice.CENTER_THE_FACE,
            f"Center the face: it is {abs(offset):.0%} of the picture's width too far "
            f"to the {side}.",
        )


def _lighting(face: Detection, photo: Photo) -> Iterator[Hint]:
    height, width, _ = photo.shape
    # the middle of its box, which is skin and not what is behind
    sides = ((face.top, face.height, height), (face.left, face.width, width))
    rows, columns = (
        slice(
            int(np.clip(start + 0.2 * size, 0, limit - 1)),
            max(int(np.clip(start + 0.8 * size, 1, limit)), 1),
            max(1, int(size / LOOKED_AT)),
        )
        for start, size, limit in sides
    )
    seen = photo[rows, columns] @ (0.2126, 0.7152, 0.0722) / 255
    light = float(np.quantile(seen, 0.9)) if seen.size else 1.0
    if light < LEAST_LIGHT:
        yield Hint(
            Advice.FIND_MORE_LIGHT,
            f"Find more light, from the front: the face is {light:.0%} bright, "
            f"{LEAST_LIGHT:.0%} make a good portrait.",
        )
