"""The named shades as replies list them, each with a picture of a strand of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from limner.v1 import dye_pb2, image_pb2
from limner_registry.color import lab_to_srgb
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.hair_color import MAX_DISTANCE, classified
from limner_server.imaging.shades import SHADES
from limner_server.services import colors, wire

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo
    from limner_server.services.colors import Lab

EDGE: Final = 192
"""Pixels a side of a preview."""
FINER: Final = 2
"""A preview is drawn so many times finer than it is sent."""


def shades(output: image_pb2.OutputSpec, *, pictured: bool) -> list[dye_pb2.Shade]:
    """Return every shade that has a name, with its preview unless that is to be left out."""
    listed = [
        dye_pb2.Shade(
            name=shade.name,
            lab=colors.to_lab(shade.lab),
            srgb=colors.to_srgb(shade.lab),
            color=_family(shade.lab),
        )
        for shade in SHADES
    ]
    if pictured:
        for shade, preview in zip(listed, _previews(output.SerializeToString()), strict=True):
            shade.preview.CopyFrom(preview)
    return listed


def _family(lab: Lab) -> str:
    """Return the class a color belongs to; unspecified where none is near."""
    nearest = classified(lab, HAIR_COLORS)
    if nearest.distance > MAX_DISTANCE:
        return "HAIR_COLOR_UNSPECIFIED"
    return colors.CLASSES[nearest.name]


@lru_cache(maxsize=8)
def _previews(output: bytes) -> list[image_pb2.Image]:
    """Return the preview of every shade, written as `output`, an OutputSpec's bytes, says."""
    spec = image_pb2.OutputSpec.FromString(output)
    return [wire.write_image(strand(shade.lab), None, spec) for shade in SHADES]


def strand(lab: Lab) -> Photo:
    """Draw a wavy strand of hair of one color, lit from above, EDGE x EDGE uint8 sRGB.

    Its mean color is near `lab`: what gleams and what lies in shade balance each other.
    """
    light, gleam = _relief()
    lightness, a, b = lab
    drawn = np.empty((*light.shape, 3), np.float32)
    room = min(lightness, 100 - lightness) / 50  # black and white have less to either side
    drawn[..., 0] = lightness + light * (6 + 12 * room) + gleam * (100 - lightness) * 0.45
    fade = 1 - 0.55 * gleam
    drawn[..., 1] = a * fade
    drawn[..., 2] = b * fade
    pixels = np.clip(lab_to_srgb(drawn), 0, 1)
    tiles = pixels.reshape(EDGE, FINER, EDGE, FINER, 3)
    small: Photo = np.rint(tiles.mean((1, 3)) * 255).astype(np.uint8)
    return small


@lru_cache(maxsize=1)
def _relief() -> tuple[Floats, Floats]:
    """Return the strand's light, mean 0, and its gleam in [0, 1]; the same every time."""
    size = EDGE * FINER
    y, x = np.mgrid[:size, :size].astype(np.float32) / size
    wave = 0.09 * np.sin(2 * np.pi * (1.15 * y + 0.25 * x)) * (0.35 + 0.65 * y)
    across = x + wave
    random = np.random.default_rng(3)
    light = np.zeros_like(across)
    for hairs, weight in ((9, 0.55), (23, 0.6), (61, 0.7), (149, 0.7)):
        heights = random.normal(0, weight, hairs * 4)
        place = (across * hairs + 0.2 * np.sin(5 * y + hairs)) % heights.size
        low = np.floor(place).astype(int)
        share = place - low
        share = share * share * (3 - 2 * share)
        light += (1 - share) * heights[low] + share * heights[(low + 1) % heights.size]
    light -= light.mean()
    light /= 2 * light.std()
    bands = np.exp(-(((y - 0.30 - 0.10 * np.sin(6 * across)) / 0.085) ** 2))
    bands += 0.6 * np.exp(-(((y - 0.80 + 0.06 * np.sin(5 * across)) / 0.06) ** 2))
    gleam = np.clip(bands * (0.45 + 0.55 * np.tanh(1.5 * light)), 0, 1)
    return light.astype(np.float32), gleam.astype(np.float32)
