"""Colors between the wire and CIELAB: what callers may say, and how replies say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from limner.errors import Violation
from limner.v1 import dye_pb2, image_pb2
from limner.v1.reasons import ShadeUnknown
from limner_registry.color import lab_to_srgb, srgb_to_lab
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.shades import nearest_names, shade_named

if TYPE_CHECKING:
    from limner_server.services.checks import Checks

Lab: TypeAlias = tuple[float, float, float]
"""L in [0, 100], a and b in [-128, 127]; CIELAB under D65."""

CLASSES = {name: f"HAIR_COLOR_{name.upper()}" for name in HAIR_COLORS}
"""How the wire names each class of hair color."""
CHANNELS = ("red", "green", "blue")
LIMITS = {"l": (0, 100), "a": (-128, 127), "b": (-128, 127)}


def check(color: dye_pb2.DyeColor, checks: Checks) -> None:
    """Note what is wrong with a color's fields; a shade's name is `check_shade`'s."""
    kind = color.WhichOneof("color")
    checks.require(kind is not None, "color", "required: a shade, a color or a reference")
    if kind == "shade":
        checks.require(len(color.shade) <= 64, "color.shade", "at most 64 letters")
    elif kind == "srgb":
        for name in CHANNELS:
            checks.within(getattr(color.srgb, name), (0, 255), f"color.srgb.{name}")
    elif kind == "lab":
        for name, limits in LIMITS.items():
            checks.within(getattr(color.lab, name), limits, f"color.lab.{name}")
    elif kind == "reference":
        checks.image(color.reference, "color.reference")


def check_shade(color: dye_pb2.DyeColor) -> None:
    """Go on only with a shade that there is, or with a color said in another way.

    Raises:
        ShadeUnknown: No shade has the name; the message lists the nearest three.
    """
    if color.WhichOneof("color") != "shade":
        return
    try:
        shade_named(color.shade)
    except KeyError as error:
        nearest = ", ".join(nearest_names(color.shade))
        raise ShadeUnknown(
            f"no shade is named {color.shade[:40]!r}; the nearest are {nearest}",
            violations=[Violation("color.shade", f"none of {nearest}")],
        ) from error


def lab_of(color: dye_pb2.DyeColor) -> Lab:
    """Return a color that was said outright, in CIELAB; `check` and `check_shade` passed it."""
    match color.WhichOneof("color"):
        case "shade":
            return shade_named(color.shade).lab
        case "srgb":
            rgb = [getattr(color.srgb, name) for name in CHANNELS]
            lightness, a, b = srgb_to_lab(np.array(rgb, np.uint8)).tolist()
            return lightness, a, b
        case _:
            return color.lab.l, color.lab.a, color.lab.b


def to_lab(lab: Lab) -> image_pb2.Lab:
    """Return a color as replies measure it."""
    lightness, a, b = lab
    return image_pb2.Lab(l=lightness, a=a, b=b)


def to_srgb(lab: Lab) -> image_pb2.Srgb:
    """Return a color as replies show it, or the nearest one a screen has."""
    shown = lab_to_srgb(np.array(lab, np.float32))
    red, green, blue = np.rint(np.clip(shown, 0, 1) * 255).astype(int).tolist()
    return image_pb2.Srgb(red=red, green=green, blue=blue)
