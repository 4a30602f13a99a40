"""What callers say colors with, turned into messages."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, TypeAlias

from limner.v1 import dye_pb2, image_pb2
from limner_client.photos import photo_to_image
from limner_client.values import Color, Lab

if TYPE_CHECKING:
    from limner_client.photos import PhotoLike

ColorLike: TypeAlias = str | tuple[int, int, int] | Lab | Color
"""A color: `#rrggbb` or `#rgb`; red, green, blue in [0, 255]; CIELAB; or a Color of a reply."""


def rgb_of_hex(text: str) -> tuple[int, int, int]:
    """Return the color that `#rrggbb` or `#rgb` names.

    Raises:
        ValueError: It names none.
    """
    digits = text.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or not set(digits) <= set(string.hexdigits):
        raise ValueError(f"{text!r} is no color: #rrggbb or #rgb is wanted")
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def dye_color(
    color: ColorLike | None, shade: str | None, like: PhotoLike | None
) -> dye_pb2.DyeColor:
    """Return the color that hair is to have as a message.

    Raises:
        ValueError: None is said, or more than one, or what is said is none.
    """
    if [color, shade, like].count(None) != 2:
        raise ValueError("a dye wants one of color, shade and like, and only one")
    if shade is not None:
        return dye_pb2.DyeColor(shade=shade)
    if like is not None:
        return dye_pb2.DyeColor(reference=photo_to_image(like))
    if isinstance(color, Color):
        color = color.lab
    if isinstance(color, Lab):
        return dye_pb2.DyeColor(lab=image_pb2.Lab(l=color.lightness, a=color.a, b=color.b))
    if isinstance(color, str):
        color = rgb_of_hex(color)
    if not isinstance(color, tuple) or len(color) != 3:
        raise ValueError(f"color is #rrggbb, (red, green, blue) or a Lab, not {color!r}")
    red, green, blue = color
    return dye_pb2.DyeColor(srgb=image_pb2.Srgb(red=red, green=green, blue=blue))
