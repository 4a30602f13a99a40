"""Light on strands: what they mirror, what goes through them, and what wanders among them.

Source: Marschner et al., Light Scattering from Human Hair Fibers, SIGGRAPH 2003, in Karis'
approximation (Physically Based Hair Shading in Unreal, SIGGRAPH 2016 course); the scattering
among strands is a wrapped diffuse term tinted by the optical depth, fitted by eye.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import inlined, lean
from limner_models.studio.kernels.field import Field, place

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.kernels.compiled import Real, Whole

ONE = np.float32(1)
ZERO = np.float32(0)
TILT = np.float32(-0.10)
"""Radians by which the scales of a hair tilt its mirror."""
DENSITY = np.float32(3.6)
"""Extinction of one unit of strand density."""
TINY = np.float32(1e-5)
BRIGHT = np.float32(0.95)
"""How much of its light hair scatters before paler hair scatters little more; fitted by eye."""
BRIGHTER = np.float32(0.12)
"""The most that any hair scatters beyond that: white hair is paler than skin, not a lamp."""


class Lamps(NamedTuple):
    """Far lights; those after `keys` are the surroundings, too soft to mirror."""

    toward: F32
    """(3, n) unit vectors to the lights, contiguous in n so that loops over lights vectorize."""
    color: F32
    """(3, n) linear light."""
    keys: int


class StrandPoints(NamedTuple):
    """Points to light: float32, (n, 3) or (n,)."""

    position: F32
    along: F32
    outward: F32
    albedo: F32
    tilt: F32
    """Normal deviates that vary the tilt of scales."""
    gloss: F32
    """Strength of the mirror lobes, 1 on average."""
    rough: F32
    through: F32
    """Strength of the lobe that shines through when lit from behind."""


@inlined
def falloff(depth: Real) -> Real:
    """Return exp(-depth), within 0.3 % for depths up to 4, from products that vectorize."""
    y = depth * np.float32(1 / 16)
    grown = ONE + y * (ONE + y * (np.float32(0.5) + y * np.float32(1 / 6)))
    inverse = ONE / grown
    square = inverse * inverse
    square = square * square
    square = square * square
    return square * square


@inlined
def depths_at(
    depths: F32, grid: Field, point: tuple[Real, Real, Real], lights: Whole, out: F32
) -> None:
    """Write the optical depth toward the first lights at a point.

    Args:
        depths: (z, y, x, lights) float32.
        grid: Where `depths` lies; its values are not read.
        point: x, y, z.
        lights: How many are wanted.
        out: (lights,) float32, written.
    """
    i, u = place(grid, 0, point[0])
    j, v = place(grid, 1, point[1])
    k, w = place(grid, 2, point[2])
    a, b, c, d = depths[k, j, i], depths[k, j, i + 1], depths[k, j + 1, i], depths[k, j + 1, i + 1]
    k += 1
    e, f, g, h = depths[k, j, i], depths[k, j, i + 1], depths[k, j + 1, i], depths[k, j + 1, i + 1]
    wa, wb = (ONE - u) * (ONE - v) * (ONE - w), u * (ONE - v) * (ONE - w)
    wc, wd = (ONE - u) * v * (ONE - w), u * v * (ONE - w)
    we, wf = (ONE - u) * (ONE - v) * w, u * (ONE - v) * w
    wg, wh = (ONE - u) * v * w, u * v * w
    for q in range(lights):
        low = wa * a[q] + wb * b[q] + wc * c[q] + wd * d[q]
        out[q] = low + we * e[q] + wf * f[q] + wg * g[q] + wh * h[q]


def light_strands(points: StrandPoints, lamps: Lamps, depths: F32, grid: Field, eye: F32) -> F32:
    """Return the radiance, float32 (n, 3), that strand points send to the eye.

    Args:
        points: What is lit.
        lamps: By what.
        depths: (z, y, x, lights) float32, optical depth of hair and body toward each light.
        grid: Where `depths` lies; its values are not read.
        eye: (3,) float32, decimeters.
    """
    lit = np.zeros((len(points.position), 3), np.float32)
    passing = np.empty(lamps.color.shape[1], np.float32)
    _light_all(points, lamps, (depths, grid, eye), (passing, np.empty_like(passing), lit))
    return lit


@lean
def _light_all(
    points: StrandPoints,
    lamps: Lamps,
    world: tuple[F32, Field, F32],
    room: tuple[F32, F32, F32],
) -> None:
    """Write the radiance of all points into the last array of `room`."""
    depths, grid, eye = world
    passing, facing, lit = room
    for n in range(len(lit)):
        p, out = points.position[n], points.outward[n]
        # half a cell outward, so that the strand's own cell does not shadow it
        above = np.float32(0.5) * grid.cell
        lifted = (p[0] + above * out[0], p[1] + above * out[1], p[2] + above * out[2])
        depths_at(depths, grid, lifted, len(passing), passing)
        x, y, z = eye[0] - p[0], eye[1] - p[1], eye[2] - p[2]
        length = np.float32(math.sqrt(x * x + y * y + z * z))
        view = (x / length, y / length, z / length)
        normal = _facing_normal(points.along[n], points.outward[n], view)
        _pass(points.albedo[n], lamps, normal, passing, facing)
        _scatter(points.albedo[n], lamps, passing, facing, lit[n])
        _mirror(points, n, lamps, view, (passing, facing, lit[n]))


@inlined
def _facing_normal(
    along: F32, outward: F32, view: tuple[Real, Real, Real]
) -> tuple[Real, Real, Real]:
    """Return the normal of a strand: half toward the eye, half away from the head."""
    s = along[0] * view[0] + along[1] * view[1] + along[2] * view[2]
    a, b, c = view[0] - along[0] * s, view[1] - along[1] * s, view[2] - along[2] * s
    share = np.float32(0.45) / (np.float32(math.sqrt(a * a + b * b + c * c)) + TINY)
    rest = np.float32(0.55)
    x, y, z = (
        a * share + rest * outward[0],
        b * share + rest * outward[1],
        c * share + rest * outward[2],
    )
    length = np.float32(math.sqrt(x * x + y * y + z * z)) + TINY
    return x / length, y / length, z / length


@inlined
def _luminance(albedo: F32) -> Real:
    weighted = np.float32(0.3) * albedo[0] + np.float32(0.59) * albedo[1]
    return np.float32(weighted + np.float32(0.11) * albedo[2] + np.float32(1e-4))


@inlined
def _pass(
    albedo: F32, lamps: Lamps, normal: tuple[Real, Real, Real], passing: F32, facing: F32
) -> None:
    """Turn optical depths into the shares that pass, and write each light's cosine."""
    # light hair swallows less on the way
    clarity = ONE - np.float32(0.5) * min(ONE, _luminance(albedo) * np.float32(1.4))
    extinction = DENSITY * clarity
    toward = lamps.toward
    x, y, z = np.float32(normal[0]), np.float32(normal[1]), np.float32(normal[2])
    for q in range(len(passing)):
        passing[q] = falloff(extinction * passing[q])
        facing[q] = x * toward[0, q] + y * toward[1, q] + z * toward[2, q]


@inlined
def _bounded(share: Real) -> Real:
    """Return a share of scattered light, with a shoulder above BRIGHT."""
    over = max(ZERO, share - BRIGHT)
    return min(share, BRIGHT) + BRIGHTER * over / (over + BRIGHTER)


@inlined
def _scatter(albedo: F32, lamps: Lamps, passing: F32, facing: F32, lit: F32) -> None:
    """Add what wanders among strands: wrapped diffuse light, deeper hues where it is thick."""
    luminance = _luminance(albedo)
    # light that enters pale hair comes out again, from deeper the paler it is
    pale = (ONE + np.float32(0.75) * min(ONE, luminance)) * np.float32(1.15)
    gray = np.float32(math.sqrt(luminance))
    bright = _bounded(pale * gray) / gray
    deeper = np.float32(0.3) + np.float32(0.2) * min(ONE, luminance)
    least = np.float32(0.35) * min(ONE, luminance)
    for c in range(3):
        root = np.float32(math.sqrt(albedo[c]))
        hue = np.float32(math.log(albedo[c] / luminance))
        bounced = deeper * min(ONE, np.float32(0.25) + np.float32(1.6) * root)
        body = bright * root
        color = lamps.color[c]
        total = ZERO
        for q in range(len(passing)):
            t = passing[q]
            wrapped = min(max((facing[q] + np.float32(0.6)) * np.float32(1 / 2.56), ZERO), ONE)
            deep = (ONE - t) * np.float32(0.9)
            tint = max(np.float32(0.15), ONE + deep * hue * (ONE + np.float32(0.5) * deep * hue))
            softened = (ONE - deeper) * t + bounced * max(
                least, np.float32(math.sqrt(math.sqrt(t)))
            )
            total += color[q] * softened * wrapped * tint
        lit[c] += total * body


@inlined
def _bell(x: Real, width: Real) -> Real:
    """Return a normal density; beyond four widths, nothing."""
    ratio = x / width
    if abs(ratio) > 4:
        return ZERO
    return np.float32(falloff(np.float32(0.5) * ratio * ratio) / (width * np.float32(2.5066)))


@inlined
def _mirror(
    points: StrandPoints,
    n: Whole,
    lamps: Lamps,
    view: tuple[Real, Real, Real],
    state: tuple[F32, F32, F32],
) -> None:
    """Add the lobes of a strand: off its surface, through it, and off its far side."""
    passing, facing, lit = state
    along, albedo = points.along[n], points.albedo[n]
    spread = max(points.rough[n] * points.rough[n], np.float32(0.02))
    tilt = TILT + points.tilt[n] * np.float32(0.06)
    sv = along[0] * view[0] + along[1] * view[1] + along[2] * view[2]
    va, vb, vc = view[0] - along[0] * sv, view[1] - along[1] * sv, view[2] - along[2] * sv
    span = np.float32(math.sqrt(va * va + vb * vb + vc * vc)) + TINY
    tho = math.asin(min(max(sv, -ONE), ONE))
    for q in range(lamps.keys):
        if passing[q] < np.float32(0.02):
            continue
        lx, ly, lz = lamps.toward[0, q], lamps.toward[1, q], lamps.toward[2, q]
        sl = along[0] * lx + along[1] * ly + along[2] * lz
        across = (lx * va + ly * vb + lz * vc) - sl * (
            along[0] * va + along[1] * vb + along[2] * vc
        )
        flat = np.float32(math.sqrt(max(ZERO, ONE - sl * sl)))
        turn = min(max(across / ((flat + TINY) * span), -ONE), ONE)
        thi = math.asin(min(max(sl, -ONE), ONE))
        middle, bow = np.float32(0.5 * (thi + tho)), np.float32(math.cos(0.5 * (tho - thi)))
        lobes = _lobes(middle, bow, turn, spread, tilt)
        seen = passing[q] * min(max(facing[q] * np.float32(1.5) + np.float32(0.75), ZERO), ONE)
        seen *= points.gloss[n]
        through = passing[q] * lobes[1] * points.through[n] * np.float32(0.8)
        thin = np.float32(0.5) / max(bow, np.float32(0.2))
        for c in range(3):
            once = np.float32(albedo[c] ** thin)
            inner = np.float32(0.50) * lobes[2] * once * np.float32(math.sqrt(once))
            value = seen * (lobes[0] * np.float32(2.2) + inner) + through * once
            lit[c] += lamps.color[c, q] * flat * value


@inlined
def _lobes(
    middle: Real, bow: Real, turn: Real, spread: Real, tilt: Real
) -> tuple[Real, Real, Real]:
    """Return the strengths of R, TT and TRT for one light."""
    half = np.float32(math.sqrt(np.float32(0.5) + np.float32(0.5) * turn))
    rest = ONE - min(max(bow * half, ZERO), ONE)
    square = rest * rest
    fresnel = np.float32(0.047) + np.float32(0.953) * square * square * rest
    mirrored = _bell(middle + tilt, spread) * np.float32(0.25) * half * fresnel
    forward = ZERO
    if turn < np.float32(0.2):
        forward = np.float32(math.exp(-3.65 * turn - 3.98)) * np.float32(0.6)
        forward *= _bell(middle - np.float32(0.5) * tilt, np.float32(0.5) * spread)
    back = ZERO
    if turn > np.float32(0.5):
        back = np.float32(math.exp(17 * turn - 16.78))
        back *= _bell(middle - np.float32(1.5) * tilt, np.float32(2) * spread)
    return mirrored, forward, back
