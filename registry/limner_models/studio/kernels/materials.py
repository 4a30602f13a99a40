"""Patterns of materials: pores and blotches, irises, wool and stripes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from limner_models.studio.kernels.compiled import Real, Whole, inlined
from limner_models.studio.kernels.noise import value_noise, vector_noise

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32

Vector: TypeAlias = tuple[Real, Real, Real]

ONE = np.float32(1)
ZERO = np.float32(0)


class Eyes(NamedTuple):
    """Both eyeballs; row 0 is the one on the person's left."""

    centers: F32
    """(2, 3)."""
    gazes: F32
    """(2, 3): unit vectors."""
    iris: F32
    """(3,): albedo."""
    pupil: Real
    """Its radius as an angle seen from the eyeball's center, radians."""
    limbus: Real
    """The iris' radius, likewise."""
    slit: Real
    """0 for round pupils, up to 1 for upright slits."""


class Cloth(NamedTuple):
    """Weave and pattern."""

    weave_rate: Real
    weave: Real
    """Contrast of the weave."""
    wrinkle: Real
    """How much normals waver."""
    stripe_rate: Real
    """Radians per decimeter; 0 for none."""
    across: bool
    """Stripes lie across the body."""
    stripe: F32
    plaid_rate: Real
    plaid: F32


@inlined
def _clamp(value: Real) -> Real:
    return min(max(value, ZERO), ONE)


@inlined
def skin_look(
    albedo: Vector, normal: Vector, rest: Vector, relief: tuple[Real, Real], seed: int
) -> tuple[Vector, Vector]:
    """Return skin's albedo and normal with pores; `relief` is their height and contrast."""
    height, contrast = relief
    x, y, z = rest
    fine = value_noise(x * 38, y * 38, z * 38, seed) + value_noise(x * 80, y * 80, z * 80, seed + 1)
    tone = ONE + np.float32(contrast) * np.float32(0.045) * fine
    green = tone * (ONE - np.float32(0.005) * fine)
    a, b, c = vector_noise(x * 45, y * 45, z * 45, seed + 2)
    bent = (normal[0] + height * a, normal[1] + height * b, normal[2] + height * c)
    return (albedo[0] * tone, albedo[1] * green, albedo[2] * tone), bent


@inlined
def eye_look(position: Vector, rest: Vector, eyes: Eyes, seed: Whole) -> tuple[Vector, Vector]:
    """Return the albedo and normal of an eyeball: white, iris with streaks, pupil."""
    side = 0 if rest[0] > 0 else 1
    center, gaze = eyes.centers[side], eyes.gazes[side]
    x, y, z = position[0] - center[0], position[1] - center[1], position[2] - center[2]
    length = np.float32(math.sqrt(x * x + y * y + z * z)) + np.float32(1e-6)
    x, y, z = x / length, y / length, z / length
    along = min(max(x * gaze[0] + y * gaze[1] + z * gaze[2], -ONE), ONE)
    angle = np.float32(math.acos(along))
    turn = np.float32(math.atan2(y - along * gaze[1], x - along * gaze[0]))
    u = angle / np.float32(eyes.limbus)
    vein = ONE - np.float32(0.10) * max(
        ZERO, value_noise(rest[0] * 30, rest[1] * 30, rest[2] * 30, seed + 5)
    )
    dim = ONE - np.float32(0.35) * _clamp((angle - np.float32(eyes.limbus)) / np.float32(0.9))
    white = (np.float32(0.64) * dim, np.float32(0.61) * vein * dim, np.float32(0.58) * vein * dim)
    open_ = angle
    if eyes.slit > 0:
        wide = angle * math.cos(turn) / (1 - 0.75 * eyes.slit)
        tall = angle * math.sin(turn) * (1 - 0.45 * eyes.slit)
        open_ = np.float32(math.sqrt(wide * wide + tall * tall))
    pupil = ONE - _clamp((open_ - np.float32(eyes.pupil)) / np.float32(0.03))
    iris = ONE - _clamp((u - np.float32(0.93)) / np.float32(0.14))
    rim = ONE - np.float32(0.65) * _clamp((u - np.float32(0.7)) / np.float32(0.3))
    glow = ONE + np.float32(0.5) * min(max((np.float32(0.65) - u) * 2, ZERO), np.float32(0.6))
    streak = np.float32(0.8) + np.float32(0.5) * value_noise(turn * 6, u * 2.5, 1.0, seed + 7)
    colored = streak * rim * glow * (ONE - pupil)
    dark = np.float32(0.004) * pupil
    rest_share = ONE - iris
    albedo = (
        white[0] * rest_share + iris * (eyes.iris[0] * colored + dark),
        white[1] * rest_share + iris * (eyes.iris[1] * colored + dark),
        white[2] * rest_share + iris * (eyes.iris[2] * colored + dark),
    )
    return albedo, (x, y, z)


@inlined
def cloth_look(
    albedo: Vector, normal: Vector, rest: Vector, cloth: Cloth, seed: int
) -> tuple[Vector, Vector]:
    """Return cloth's albedo and normal: weave, wrinkles, stripes."""
    x, y, z = rest
    rate, b = np.float32(cloth.weave_rate), np.float32(cloth.wrinkle)
    tone = ONE + np.float32(cloth.weave) * value_noise(x * rate, y * rate, z * rate, seed + 11)
    first = vector_noise(x * np.float32(3.1), y * np.float32(1.7), z * 3, seed + 12)
    fine = value_noise(x * 9, y * 5, z * 9, seed + 14)
    bent = (
        normal[0] + b * first[0] + np.float32(0.4) * b * fine,
        normal[1] + b * first[1],
        normal[2],
    )
    stripe, plaid = ZERO, ZERO
    if cloth.stripe_rate > 0:
        way = y if cloth.across else x
        stripe = _clamp(np.float32(math.sin(way * cloth.stripe_rate)) * 4 + np.float32(0.5))
    if cloth.plaid_rate > 0:
        plaid = _clamp(np.float32(math.sin(y * cloth.plaid_rate)) * 4 + np.float32(0.5))
    plaid *= np.float32(0.5)
    r = albedo[0] * tone * (ONE - stripe) + cloth.stripe[0] * stripe
    g = albedo[1] * tone * (ONE - stripe) + cloth.stripe[1] * stripe
    a = albedo[2] * tone * (ONE - stripe) + cloth.stripe[2] * stripe
    keep = ONE - plaid
    color = (
        r * keep + cloth.plaid[0] * plaid,
        g * keep + cloth.plaid[1] * plaid,
        a * keep + cloth.plaid[2] * plaid,
    )
    return color, bent
