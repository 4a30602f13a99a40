"""The classes of a label map."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """What a pixel shows most of."""

    BACKGROUND = 0
    HAIR = 1
    """Visible hair of the scalp; brows, lashes and beards are not hair."""
    FACE_SKIN = 2
    NECK_BODY_SKIN = 3
    CLOTHES = 4
    EYES = 5
    BROWS_LASHES = 6
    LIPS = 7
    EARS = 8
    BEARD = 9
    MOUTH_INNER = 10
    ACCESSORY = 11
    """Glasses and hats."""
    FUR = 12
    ANIMAL_NOSE = 13


LABELS = tuple(label.name.lower() for label in Label)
"""Names in the order of their values."""
