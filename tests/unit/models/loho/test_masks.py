"""Masks against scipy's, and what the zones leave to the generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from limner_models.loho.masks import band_of, dilated, eroded, overlap, zones_of


def blob(seed=0, side=24):
    noise = np.random.default_rng(seed).normal(size=(side, side))
    return ndimage.gaussian_filter(noise, 3) > 0


@pytest.mark.parametrize("radius", [0, 1, 4])
def test_a_cross_widens_and_narrows_as_scipy_does(radius):
    mask = blob()
    plane = torch.from_numpy(mask).float()[None, None]

    wide = ndimage.binary_dilation(mask, iterations=radius) if radius else mask
    # beyond the picture nothing is outside
    narrow = ndimage.binary_erosion(mask, iterations=radius, border_value=1) if radius else mask

    assert np.array_equal(dilated(plane, radius)[0, 0].bool().numpy(), wide)
    assert np.array_equal(eroded(plane, radius)[0, 0].bool().numpy(), narrow)


def test_zones_share_nothing_and_leave_the_outline_free():
    hair = torch.from_numpy(blob(side=64)).float()[None, None]
    face = 1 - hair

    zones = zones_of(face, hair)

    assert float((zones.face + zones.hair + zones.ring).max()) == 1
    assert float((zones.face * dilated(hair, band_of(64))).max()) == 0
    edge = dilated(hair, 1) - eroded(hair, 1)
    assert torch.equal(edge * zones.ring, edge)


def test_the_band_is_five_pixels_of_256():
    assert [band_of(side) for side in (16, 128, 256, 1024)] == [1, 2, 5, 20]


def test_overlap_is_intersection_over_union():
    one, other = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    one[..., :2, :], other[..., 1:3, :] = 1, 1

    assert overlap(one, other) == pytest.approx(4 / 12)
    assert overlap(one * 0, other * 0) == 1
