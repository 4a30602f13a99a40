"""Light on triangles: skin, eyes and cloth, shadowed by the body and by its hair."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import inlined, lean
from limner_models.studio.kernels.hair_light import Lamps, depths_at, falloff
from limner_models.studio.kernels.materials import Cloth, Eyes, cloth_look, eye_look, skin_look
from limner_models.studio.kernels.noise import scramble

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, I32, U8
    from limner_models.studio.kernels.compiled import Real, Whole
    from limner_models.studio.kernels.field import Field
    from limner_models.studio.kernels.raster import Canvas

ONE = np.float32(1)
ZERO = np.float32(0)
HAIR_SHADOW = np.float32(3.2)
"""Extinction of hair where it shadows the body."""
SLACK = np.float32(0.035)
"""Depth by which a surface may lie behind its own shadow map, decimeters."""
TAPS = 6
SKIN, EYE, CLOTH = 0, 1, 4


class Surface(NamedTuple):
    """The meshes to light: vertices (n, ...) and what each triangle is made of."""

    positions: F32
    normals: F32
    rest: F32
    """(n, 3): where the vertex lies on the head at rest; patterns are fixed to it."""
    albedo: F32
    traits: F32
    """(n, 4): strength of the mirror, its roughness, light under the skin, height of pores."""
    ambient: F32
    """(n, 3): light from the surroundings."""
    triangles: I32
    materials: U8
    """(triangles,): 0 skin, 1 eye, 2 teeth, 3 tongue, 4 cloth."""


class Shade(NamedTuple):
    """What lies between a surface and the lights."""

    maps: F32
    """(keys, side, side): depth of the nearest surface, seen from each light."""
    views: F32
    """(keys, 3, 4): from space to a map's column, row and depth."""
    depths: F32
    """(z, y, x, lights): optical depth of hair."""
    grid: Field
    """Where `depths` lies."""


class Look(NamedTuple):
    """The pattern of materials."""

    eyes: Eyes
    cloth: Cloth
    detail: Real
    """Contrast of pores, 1 on average."""
    seed: int


@inlined
def _visible(point: tuple[Real, Real, Real], q: Whole, shade: Shade, word: Whole) -> Real:
    """Return the share of jittered looks from a light that reach a point."""
    m = shade.views[q]
    x, y, z = point
    u = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
    v = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
    depth = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3] - SLACK
    side = shade.maps.shape[1]
    seen = 0
    bits = np.uint32(word)
    for _ in range(TAPS):
        bits = np.uint32(scramble(bits))
        a = int(
            u + np.float32(bits & np.uint32(0xFFFF)) * np.float32(3.2 / 65536) - np.float32(1.6)
        )
        b = int(v + np.float32(bits >> np.uint32(16)) * np.float32(3.2 / 65536) - np.float32(1.6))
        outside = a < 0 or b < 0 or a >= side or b >= side
        if outside or shade.maps[q, b, a] > depth:
            seen += 1
    return np.float32(seen) / np.float32(TAPS)


@inlined
def _mix(
    values: F32, corners: tuple[Whole, Whole, Whole], w0: Real, w1: Real
) -> tuple[Real, Real, Real]:
    """Return a vertex attribute's first three numbers at a place on a triangle."""
    i, j, k = corners
    w2 = ONE - w0 - w1
    return (
        w0 * values[i, 0] + w1 * values[j, 0] + w2 * values[k, 0],
        w0 * values[i, 1] + w1 * values[j, 1] + w2 * values[k, 1],
        w0 * values[i, 2] + w1 * values[j, 2] + w2 * values[k, 2],
    )


@inlined
def _unit(v: tuple[Real, Real, Real]) -> tuple[Real, Real, Real]:
    length = np.float32(math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])) + np.float32(1e-6)
    return v[0] / length, v[1] / length, v[2] / length


def light_surface(
    surface: Surface, canvas: Canvas, lamps: Lamps, shade: Shade, look: Look, eye: F32
) -> F32:
    """Return the radiance, float32 (height, width, 3), of the triangles on a canvas."""
    lit = np.zeros((*canvas.triangle.shape, 3), np.float32)
    passing = np.empty(lamps.color.shape[1], np.float32)
    _light_all(surface, canvas, lamps, (shade, look, eye), (passing, lit))
    return lit


@lean
def _light_all(
    surface: Surface,
    canvas: Canvas,
    lamps: Lamps,
    world: tuple[Shade, Look, F32],
    room: tuple[F32, F32],
) -> None:
    """Write the radiance of all samples into the second array of `room`."""
    passing, lit = room
    height, width = canvas.triangle.shape
    for y in range(height):
        for x in range(width):
            t = canvas.triangle[y, x]
            if t < 0:
                continue
            word = np.uint32(scramble(y * width + x))
            sample = (t, canvas.weights[y, x, 0], canvas.weights[y, x, 1], word)
            r, g, b = _light_one(surface, sample, lamps, world, passing)
            lit[y, x, 0], lit[y, x, 1], lit[y, x, 2] = r, g, b


@inlined
def _light_one(
    surface: Surface,
    sample: tuple[Whole, Real, Real, Whole],
    lamps: Lamps,
    world: tuple[Shade, Look, F32],
    passing: F32,
) -> tuple[Real, Real, Real]:
    """Return the radiance of one sample; `passing` is room to work in."""
    t, w0, w1, word = sample
    shade, look, eye = world
    corners = (surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2])
    position = _mix(surface.positions, corners, w0, w1)
    albedo, normal, traits = _material(surface, sample, corners, position, look)
    view = _unit((eye[0] - position[0], eye[1] - position[1], eye[2] - position[2]))
    at = (position, normal, view, traits)
    diffuse, mirrored = _gather(at, lamps, shade, passing, word)
    ambient = _mix(surface.ambient, corners, w0, w1)
    facing = max(np.float32(0.02), normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2])
    grazing = (ONE - facing) * (ONE - facing)
    material = surface.materials[t]
    veil = np.float32(0.15)
    if material == EYE:
        veil = np.float32(1.4)
    elif material == SKIN:
        veil = np.float32(0.45)
    sheen = traits[0] * (np.float32(0.025) + np.float32(0.5) * grazing * grazing) * veil
    sheen *= np.float32(0.6)
    return (
        albedo[0] * (ambient[0] + diffuse[0]) + mirrored[0] + sheen * ambient[0],
        albedo[1] * (ambient[1] + diffuse[1]) + mirrored[1] + sheen * ambient[1],
        albedo[2] * (ambient[2] + diffuse[2]) + mirrored[2] + sheen * ambient[2],
    )


@inlined
def _material(
    surface: Surface,
    sample: tuple[Whole, Real, Real, Whole],
    corners: tuple[Whole, Whole, Whole],
    position: tuple[Real, Real, Real],
    look: Look,
) -> tuple[tuple[Real, Real, Real], tuple[Real, Real, Real], tuple[Real, Real, Real]]:
    """Return a sample's albedo, its normal, and its mirror, roughness and translucency."""
    t, w0, w1, _ = sample
    normal = _unit(_mix(surface.normals, corners, w0, w1))
    albedo = _mix(surface.albedo, corners, w0, w1)
    rest = _mix(surface.rest, corners, w0, w1)
    traits = _mix(surface.traits, corners, w0, w1)
    material = surface.materials[t]
    if material == EYE:
        albedo, normal = eye_look(position, rest, look.eyes, look.seed)
        traits = (ONE, np.float32(0.12), np.float32(0.3))
    elif material == CLOTH:
        albedo, normal = cloth_look(albedo, normal, rest, look.cloth, look.seed)
    elif material == SKIN:
        i, j, k = corners
        w2 = ONE - w0 - w1
        pores = w0 * surface.traits[i, 3] + w1 * surface.traits[j, 3] + w2 * surface.traits[k, 3]
        relief = (pores, np.float32(look.detail))
        albedo, normal = skin_look(albedo, normal, rest, relief, look.seed)
    return albedo, _unit(normal), traits


@inlined
def _gather(
    at: tuple[
        tuple[Real, Real, Real],
        tuple[Real, Real, Real],
        tuple[Real, Real, Real],
        tuple[Real, Real, Real],
    ],
    lamps: Lamps,
    shade: Shade,
    passing: F32,
    word: Whole,
) -> tuple[tuple[Real, Real, Real], tuple[Real, Real, Real]]:
    """Return the diffuse irradiance and the mirrored light of the key lights at a point."""
    position, normal, view, traits = at
    r, g, b, sr, sg, sb = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
    wrap_r, wrap_g, wrap_b = (
        np.float32(0.34) * traits[2],
        np.float32(0.15) * traits[2],
        np.float32(0.09) * traits[2],
    )
    # hair is looked up a little above the skin, so that none shadows its own root
    above = np.float32(0.84) * shade.grid.cell
    x, y, z = position[0] + normal[0] * above, position[1] + normal[1] * above, position[2]
    lifted = (x, y, z + normal[2] * above)
    depths_at(shade.depths, shade.grid, lifted, lamps.keys, passing)
    for q in range(lamps.keys):
        lx, ly, lz = lamps.toward[0, q], lamps.toward[1, q], lamps.toward[2, q]
        cosine = normal[0] * lx + normal[1] * ly + normal[2] * lz
        if cosine < np.float32(-0.3):
            continue
        share = _visible(position, q, shade, word + q) * falloff(HAIR_SHADOW * passing[q])
        if share < np.float32(0.003):
            continue
        cr, cg, cb = lamps.color[0, q] * share, lamps.color[1, q] * share, lamps.color[2, q] * share
        r += cr * max(ZERO, (cosine + wrap_r) / (ONE + wrap_r))
        g += cg * max(ZERO, (cosine + wrap_g) / (ONE + wrap_g))
        b += cb * max(ZERO, (cosine + wrap_b) / (ONE + wrap_b))
        if cosine > 0:
            s = _gloss((lx, ly, lz), normal, view, (traits[0], traits[1], cosine))
            sr, sg, sb = sr + cr * s, sg + cg * s, sb + cb * s
    return (r, g, b), (sr, sg, sb)


@inlined
def _gloss(
    toward: tuple[Real, Real, Real],
    normal: tuple[Real, Real, Real],
    view: tuple[Real, Real, Real],
    traits: tuple[Real, Real, Real],
) -> Real:
    """Return the mirror of a two-lobed rough surface: a tight highlight upon a wide one.

    Source: Walter et al., Microfacet Models for Refraction, EGSR 2007 (GGX).
    """
    strength, rough, cosine = traits
    h = _unit((toward[0] + view[0], toward[1] + view[1], toward[2] + view[2]))
    nh = max(ZERO, normal[0] * h[0] + normal[1] * h[1] + normal[2] * h[2])
    vh = max(ZERO, view[0] * h[0] + view[1] * h[1] + view[2] * h[2])
    nv = max(np.float32(0.02), normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2])
    rest = ONE - vh
    fresnel = np.float32(0.04) + np.float32(0.96) * rest * rest * rest * rest * rest
    wide = min(ONE, rough * np.float32(1.8))
    density = np.float32(0.55) * _ggx(nh, rough) + np.float32(0.45) * _ggx(nh, wide)
    k = (rough + ONE) * (rough + ONE) * np.float32(0.125)
    masked = ONE / ((nv * (ONE - k) + k) * (cosine * (ONE - k) + k))
    quarter_pi = np.float32(0.25 * math.pi)
    return min(strength * density * fresnel * masked * quarter_pi * cosine, np.float32(6))


@inlined
def _ggx(cosine: Real, rough: Real) -> Real:
    square = rough * rough * rough * rough
    d = cosine * cosine * (square - ONE) + ONE
    return square / (np.float32(math.pi) * d * d)
