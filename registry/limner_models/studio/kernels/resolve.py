"""From samples to pixels: exact coverage, since every sample shows one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import inlined, lean

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, I32, U8, Mask
    from limner_models.studio.kernels.compiled import Real, Whole

CLASSES = 14
HAIR = 1
BRIGHTEST = np.float32(6)


class Samples(NamedTuple):
    """What each sample shows; (side, side) unless said."""

    triangle: I32
    owner: I32
    """Number of the nearest strand point, -1 where no strand covers the sample."""
    share: F32
    surface_labels: U8
    """(triangles,)."""
    strand_labels: U8
    """(strand points,)."""


@lean
def mark_used(owner: I32, used: Mask) -> None:
    """Mark the strand points, in place, between which some sample lies."""
    for y in range(owner.shape[0]):
        for x in range(owner.shape[1]):
            number = owner[y, x]
            if number >= 0:
                used[number] = True
                used[number + 1] = True


def resolve(
    samples: Samples, surface_light: F32, strand_light: F32, step: Whole, gain: Real
) -> tuple[F32, F32, F32, U8]:
    """Sum step x step samples to each pixel.

    Returns:
        foreground float32 (n, n, 3), linear light times `gain`, premultiplied by coverage, each
        sample at most 6; coverage and hair float32 (n, n) in [0, 1]; labels uint8 (n, n), what
        covers most of the pixel.
    """
    size = samples.triangle.shape[0] // step
    foreground = np.zeros((size, size, 3), np.float32)
    coverage = np.zeros((size, size), np.float32)
    hair = np.zeros((size, size), np.float32)
    labels = np.zeros((size, size), np.uint8)
    pixels = (foreground, coverage, hair, labels, np.zeros(CLASSES, np.int32))
    _resolve_all(samples, (surface_light, strand_light), step, np.float32(gain), pixels)
    return foreground, coverage, hair, labels


@lean
def _resolve_all(
    samples: Samples,
    lights: tuple[F32, F32],
    step: Whole,
    gain: Real,
    pixels: tuple[F32, F32, F32, U8, I32],
) -> None:
    """Write all pixels; the last array is room to count in."""
    foreground, coverage, hair, labels, counts = pixels
    surface_light, strand_light = lights
    part = np.float32(1) / np.float32(step * step)
    size = len(coverage)
    for y in range(size):
        for x in range(size):
            counts[:] = 0
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            for j in range(y * step, (y + 1) * step):
                for i in range(x * step, (x + 1) * step):
                    label, r, g, b = _sample(samples, surface_light, strand_light, (j, i))
                    counts[label] += 1
                    red += min(r * gain, BRIGHTEST)
                    green += min(g * gain, BRIGHTEST)
                    blue += min(b * gain, BRIGHTEST)
            foreground[y, x, 0] = red * part
            foreground[y, x, 1] = green * part
            foreground[y, x, 2] = blue * part
            labels[y, x] = np.argmax(counts)
            coverage[y, x] = 1 - counts[0] * part
            hair[y, x] = counts[HAIR] * part


@inlined
def _sample(
    samples: Samples, surface_light: F32, strand_light: F32, place: tuple[Whole, Whole]
) -> tuple[Whole, Real, Real, Real]:
    """Return one sample's label and radiance."""
    j, i = place
    number = samples.owner[j, i]
    if number >= 0:
        share = samples.share[j, i]
        rest, after = np.float32(1) - share, number + 1
        return (
            int(samples.strand_labels[number]),
            strand_light[number, 0] * rest + strand_light[after, 0] * share,
            strand_light[number, 1] * rest + strand_light[after, 1] * share,
            strand_light[number, 2] * rest + strand_light[after, 2] * share,
        )
    triangle = samples.triangle[j, i]
    if triangle < 0:
        return 0, np.float32(0), np.float32(0), np.float32(0)
    light = surface_light[j, i]
    return int(samples.surface_labels[triangle]), light[0], light[1], light[2]
