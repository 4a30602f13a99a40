"""What results are made of: colors, faces, and what each says of how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from limner_client.photos import PhotoLike
    from limner_client.request_parts import FaceChoice

AnchorName = Literal[
    "forehead",
    "nose",
    "chin",
    "ear_r",
    "ear_l",
    "eye_r",
    "eye_l",
    "mouth_r",
    "mouth_l",
    "eyes",
    "mouth",
]
"""A point of an animal's head; `_r` is the head's own right, on the image's left."""


class Lab(NamedTuple):
    """A color in CIELAB under D65."""

    lightness: float
    """In [0, 100]."""
    a: float
    """From green (negative) to red, in [-128, 127]."""
    b: float
    """From blue (negative) to yellow, in [-128, 127]."""


@dataclass(frozen=True)
class Color:
    """One color, as it is measured and as a screen shows it."""

    lab: Lab
    rgb: tuple[int, int, int]
    """The nearest sRGB, each in [0, 255]."""

    @property
    def hex(self) -> str:
        """The same as `#rrggbb`."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


@dataclass(frozen=True)
class Box:
    """An upright rectangle in pixels; it may reach over the picture's edges."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class HeadPose:
    """How a head is turned, in degrees; all zero looks straight into the camera."""

    yaw: float
    """Positive turns the nose to the image's right."""
    pitch: float
    """Positive lifts the nose."""
    roll: float
    """Positive leans the head clockwise in the image."""


@dataclass(frozen=True)
class Face:
    """One face of a photo."""

    box: Box
    """From brow to chin, as the detector saw it."""
    score: float
    """How sure the detector is, in [0, 1]."""
    pose: HeadPose
    scheme: str
    """Names the landmarks' order, such as `mediapipe_478`."""
    landmarks: tuple[tuple[float, float, float], ...] = field(repr=False)
    """(x, y, z) in pixels; a smaller z is nearer the camera."""
    oval: tuple[tuple[float, float], ...] = field(repr=False)
    """The outline, (x, y) in pixels, clockwise from the top."""


@dataclass(frozen=True)
class Sticker:
    """A picture that an animal wears; it turns and grows with the head."""

    name: str | None = None
    """One that comes with the server; `list_animals` has them."""
    picture: PhotoLike | None = field(default=None, repr=False)
    """One of your own instead, with an alpha: a PNG or WebP, or an HxWx4 array."""
    anchor: AnchorName | None = None
    """What holds it; None is its usual place, for one of your own the forehead."""
    scale: float = 1.0
    """Of its usual size, which for one of your own is twice as wide as the eyes are apart."""
    shift: tuple[float, float] = (0.0, 0.0)
    """How far it lies to the image's right and down, were the head upright, in distances of the
    animal's eyes."""


@dataclass(frozen=True)
class Reference:
    """A photo that hair is taken from: one that the server stores, or one of your own."""

    name: str | None = None
    """One that is stored; `list_references` has them. The view that is turned most like the
    person is used."""
    photo: PhotoLike | None = field(default=None, repr=False)
    """One of your own instead."""
    face: FaceChoice = "largest"
    """Whose hair: the largest face's, a place from the image's left, or a point in the face."""


@dataclass(frozen=True)
class Hint:
    """One thing that would make a better portrait."""

    advice: str
    """A stable name, such as `come_nearer`."""
    message: str
    """One sentence for the person who holds the camera."""


@dataclass(frozen=True)
class ModelUse:
    """One model version that took part in a call."""

    model: str
    version: int
    arm: str
    """The side of a rollout it served on, such as `stable`."""


@dataclass(frozen=True)
class Stage:
    """One named part of a call's time."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Timings:
    """Where the server spent a call's time."""

    stages: tuple[Stage, ...]
    """In the order they began; those that ran side by side overlap."""
    total_seconds: float


@dataclass(frozen=True)
class Caution:
    """A warning about a reply that is good all the same."""

    code: str
    """A stable name in UPPER_SNAKE."""
    message: str
    field: str
    """The request field that brought it about; empty where none did."""
