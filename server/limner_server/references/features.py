"""What is known of a portrait's head and hair: small numbers that are measured once and kept."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

from limner_server.imaging.face_shape import FaceShape, Proportions, face_shape
from limner_server.imaging.hairstyle import CELLS, Hairstyle
from limner_server.imaging.pose import HeadPose

LARGEST: Final = 1e6
"""Beyond which no number that is kept can be."""


class FeaturesUnreadable(ValueError):
    """A document holds no features; the message says why."""


@dataclass(frozen=True)
class HairFeatures:
    """A head's hair."""

    style: Hairstyle
    lab: tuple[float, float, float]
    """Its commonest color, CIELAB."""


@dataclass(frozen=True)
class Features:
    """A head, and its hair where it has some."""

    pose: HeadPose
    face: Proportions
    head: tuple[float, float, float]
    """The square that shows it: its middle, x and y, and its side, in pixels of the photo."""
    hair: HairFeatures | None

    @property
    def face_shape(self) -> FaceShape:
        """What stylists would call the face."""
        return face_shape(self.face)

    def to_json(self) -> dict[str, Any]:
        """Return an object that JSON can hold and `from_json` reads back."""
        document = asdict(self)
        if self.hair:
            rows = self.hair.style.outline
            document["hair"]["style"]["outline"] = [f"{row:08x}" for row in rows]
        rounded: dict[str, Any] = _rounded(document)
        return rounded

    @classmethod
    def from_json(cls, document: object) -> Features:
        """Return the features written by `to_json`.

        Raises:
            FeaturesUnreadable: It is no such object.
        """
        try:
            return _read(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FeaturesUnreadable(f"no features: {error!r}") from error


def _rounded(value: Any) -> Any:
    """Return a document with its numbers as exact as anybody needs them."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, (list, tuple)) else value


def _read(document: Any) -> Features:
    hair = document["hair"]
    return Features(
        pose=HeadPose(**_numbers(document["pose"])),
        face=Proportions(**_numbers(document["face"])),
        head=_three(document["head"]),
        hair=hair and HairFeatures(_style(hair["style"]), _three(hair["lab"])),
    )


def _style(document: Any) -> Hairstyle:
    outline = tuple(int(row, 16) for row in document["outline"])
    if len(outline) != CELLS or not all(0 <= row < 1 << CELLS for row in outline):
        raise ValueError("the outline is of another size")
    numbers = {name: value for name, value in document.items() if name != "outline"}
    return Hairstyle(outline=outline, **_numbers(numbers))


def _three(values: Any) -> tuple[float, float, float]:
    one, two, three = (_number(value) for value in values)
    return one, two, three


def _numbers(document: dict[str, Any]) -> dict[str, float]:
    return {name: _number(value) for name, value in document.items()}


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ValueError(f"{value!r} is no number that was measured")
    return number
