"""Losses against a plain reference in double precision, and where masks are empty."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner_models.loho import losses
from limner_models.loho.masks import at_levels

CHANCE = torch.Generator().manual_seed(4)
SHAPES = ((5, 8), (6, 4))
"""Channels, and pixels a side, of two levels."""


def features():
    return [
        torch.randn(1, count, side, side, generator=CHANCE, dtype=torch.float64)
        for count, side in SHAPES
    ]


def square(side=8, *, rows=slice(1, 7), columns=slice(2, 8)):
    mask = torch.zeros(1, 1, side, side, dtype=torch.float64)
    mask[..., rows, columns] = 1
    return mask


def pixels(mask, side):
    """Return rows and columns under a mask that is seen by every 8 / side pixels."""
    step = mask.shape[-1] // side
    small = mask[0, 0, ::step, ::step].numpy()
    return [(row, column) for row in range(side) for column in range(side) if small[row, column]]


def test_the_difference_is_the_mean_of_what_unit_features_differ_by():
    seen, wanted, mask = features(), features(), square()
    weights = [torch.rand(count, generator=CHANCE, dtype=torch.float64) for count, _ in SHAPES]

    expected = 0.0
    for one, other, weight, (count, side) in zip(seen, wanted, weights, SHAPES, strict=True):
        where = pixels(mask, side)
        for row, column in where:
            a, b = (f[0, :, row, column].numpy() for f in (one, other))
            a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
            gaps = [float(weight[c]) * (a[c] - b[c]) ** 2 for c in range(count)]
            expected += sum(gaps) / len(where)

    assert float(losses.difference(seen, wanted, weights, mask)) == pytest.approx(expected, 1e-8)


def test_appearance_is_the_mean_square_of_what_the_means_differ_by():
    (seen, _), (wanted, _) = features(), features()
    mask, wanted_mask = square(), square(rows=slice(0, 3))

    means = [
        np.mean([f[0, :, row, column].numpy() for row, column in pixels(where, 8)], 0)
        for f, where in ((seen, mask), (wanted, wanted_mask))
    ]
    found = losses.appearance_difference(seen, mask, wanted, wanted_mask)

    assert float(found) == pytest.approx(float(((means[0] - means[1]) ** 2).mean()), 1e-6)


def test_the_mask_is_held_to_but_not_along_its_outline():
    likely = torch.rand(1, 1, 8, 8, generator=CHANCE, dtype=torch.float64)
    likely[0, 0, 0, :2] = torch.tensor([0.0, 1.0])  # as sure as can be, and wrong once
    hair, ring = square(), square(rows=slice(6, 8))

    errors = []
    for row in range(8):
        for column in range(8):
            if not ring[0, 0, row, column]:
                share = min(max(float(likely[0, 0, row, column]), 1e-3), 1 - 1e-3)
                errors.append(-np.log(share if hair[0, 0, row, column] else 1 - share))

    assert float(losses.mask_difference(likely, hair, ring)) == pytest.approx(np.mean(errors), 1e-6)


@pytest.mark.parametrize("by_area", [True, False])
def test_style_is_how_channels_go_together(by_area):
    seen, wanted = features(), features()
    mask, wanted_mask = square(), square(rows=slice(0, 4))

    expected = 0.0
    for one, other, (count, side) in zip(seen, wanted, SHAPES, strict=True):
        grams = []
        for maps, where in ((one, pixels(mask, side)), (other, pixels(wanted_mask, side))):
            rows = np.array([maps[0, :, row, column].numpy() for row, column in where])
            parts = count * (len(where) if by_area else side * side)
            grams.append(sum(np.outer(row, row) for row in rows) / parts)
        expected += ((grams[0] - grams[1]) ** 2).mean() / len(SHAPES)
    found = losses.style_difference(seen, mask, wanted, wanted_mask, by_area=by_area)

    assert float(found) == pytest.approx(expected, 1e-8)


def test_style_by_area_knows_no_amount_of_hair():
    strands = torch.rand(1, 4, 8, 8, generator=CHANCE).repeat(1, 1, 2, 2)
    few, many = square(16, rows=slice(0, 8), columns=slice(0, 8)), square(16, rows=slice(0, 16))
    many[...] = 1

    def apart(*, by_area):
        return float(losses.style_difference([strands], few, [strands], many, by_area=by_area))

    assert apart(by_area=True) < 1e-12
    assert apart(by_area=False) > 1e-4


def test_patterns_of_noise_are_found_at_every_size():
    noise = torch.randn(1, 1, 16, 16, generator=CHANCE, dtype=torch.float64)

    expected = 0.0
    plane = noise[0, 0].numpy()
    for _ in range(2):
        side = len(plane)
        for down, right in ((1, 0), (0, 1)):
            total = sum(
                plane[y, x] * plane[(y - down) % side, (x - right) % side]
                for y in range(side)
                for x in range(side)
            )
            expected += (total / side**2) ** 2
        plane = plane.reshape(side // 2, 2, side // 2, 2).mean((1, 3))

    assert float(losses.noise_patterns([noise])) == pytest.approx(expected, 1e-10)


def test_nothing_is_asked_of_an_empty_mask():
    seen = [f.requires_grad_() for f in features()]
    wanted, nothing = features(), torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    weights = [torch.ones(count) for count, _ in SHAPES]

    for mine, theirs in ((nothing, square()), (square(), nothing)):
        assert losses.style_difference(seen, mine, wanted, theirs) == 0
        assert losses.appearance_difference(seen[0], mine, wanted[0], theirs) == 0
    assert losses.difference(seen, wanted, weights, nothing) == 0


def test_hair_that_is_thin_is_left_out_where_features_are_coarse():
    thin = torch.zeros(1, 1, 16, 16)
    thin[..., 5] = 1

    fine, coarse = at_levels(thin, [torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 4, 4)])

    assert (float(fine.sum()), float(coarse.sum())) == (16, 0)
