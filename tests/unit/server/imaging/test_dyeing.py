"""The invariants of dyeing, from a small picture's answer to the photo's own pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_registry.color import ciede2000, lab_to_srgb, srgb_to_lab
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging.color_grid import ColorGrid, GridFit
from limner_server.imaging.conversion import Conversion, look_at
from limner_server.imaging.dyeing import Canvas
from limner_server.imaging.foreground import Layers
from limner_server.imaging.hair_color import find_color
from limner_server.imaging.shades import SHADES

SIDE = 64
few = settings(max_examples=25)
seeds = st.integers(0, 2**32 - 1)
shades = st.sampled_from([shade.lab for shade in SHADES])


def head(seed, lab, height=72, width=60):
    """Return a photo of strands before a background, the alpha, and both layers exactly."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    light = 9 * np.sin(x / 2.5 + y / 9 + rng.uniform(0, 6)) + rng.normal(0, 2, (height, width))
    hair = lab_to_srgb((np.array(lab) + light[..., None] * (1, 0.1, 0.2)).astype(np.float32))
    behind = np.broadcast_to(rng.random(3).astype(np.float32), hair.shape)
    away = np.hypot(y - 35, x - 30) + rng.normal(0, 1.5, (height, width))
    alpha = np.rint(np.clip((26 - away) / 6, 0, 1) * 255).astype(np.uint8)
    share = (alpha / np.float32(255))[..., None]
    photo = np.rint((share * hair + (1 - share) * behind) * 255).astype(np.uint8)
    layers = Layers(np.dstack([hair, behind]), slice(0, height), slice(0, width))
    return photo, alpha, layers


def answer_of(kind, look, seed):
    """Return what some generator said: nothing asked, noise, black, the picture's negative."""
    noise = np.random.default_rng(seed).random(look.picture.shape, np.float32)
    picture = look.picture.astype(np.float32) / 255
    return {"none": None, "noise": noise, "black": 0 * noise, "negative": 1 - picture}[kind]


def dye(photo, alpha, layers, wanted, strength=1.0, kind="none", *, keep=True):
    found = find_color(photo, alpha, HAIR_COLORS)
    look = look_at(photo, alpha, SIDE)
    wanted = found.lab if wanted is None else wanted
    conversion = Conversion(look, found.lab, wanted)
    made = conversion.helped(answer_of(kind, look, 0), keep_highlights=keep)
    if made is None:
        made = conversion.unhelped(keep_highlights=keep)
    grid = GridFit(look.picture.astype(np.float32) / 255, look.weight).grid(made)
    return Canvas(photo, alpha, layers).dyed(grid, look.square, strength)


def far_from(photo, alpha, wanted):
    return ciede2000(srgb_to_lab(photo[alpha > 242]), np.array(wanted)).mean()


kinds = st.sampled_from(["none", "noise", "black", "negative"])


@few
@given(seeds, shades, shades, kinds, st.floats(0, 1), st.booleans())
def test_what_is_no_hair_stays_to_the_bit(seed, own, wanted, kind, strength, with_layers):
    photo, alpha, layers = head(seed, own)

    dyed = dye(photo, alpha, layers if with_layers else None, wanted, strength, kind)

    np.testing.assert_array_equal(dyed[alpha == 0], photo[alpha == 0])


@few
@given(seeds, shades, shades, kinds)
def test_no_strength_is_no_change(seed, own, wanted, kind):
    photo, alpha, layers = head(seed, own)

    np.testing.assert_array_equal(dye(photo, alpha, layers, wanted, 0.0, kind), photo)


@few
@given(seeds, shades, kinds, st.booleans(), st.booleans())
def test_hair_that_has_the_wanted_color_keeps_every_pixel(seed, own, kind, keep, with_layers):
    photo, alpha, layers = head(seed, own)

    dyed = dye(photo, alpha, layers if with_layers else None, None, 1.0, kind, keep=keep)

    assert np.abs(dyed.astype(int) - photo).max() <= 1


@few
@given(seeds, shades, shades, kinds, st.booleans())
def test_more_strength_never_leads_away_from_the_wanted_color(seed, own, wanted, kind, keep):
    photo, alpha, layers = head(seed, own)

    means = [
        far_from(dye(photo, alpha, layers, wanted, k, kind, keep=keep), alpha, wanted)
        for k in (0, 0.25, 0.5, 0.75, 1)
    ]

    assert np.diff(means).max() < 0.35, means


@few
@given(seeds, shades, st.sampled_from([(38, 6, -40), (15, 1, 1), (62, 45, -2), (38, 26, 28)]))
def test_hair_comes_near_the_wanted_color(seed, own, wanted):
    photo, alpha, layers = head(seed, own)

    before, after = (far_from(dye(photo, alpha, layers, wanted, k), alpha, wanted) for k in (0, 1))

    assert after < max(0.6 * before, 10)


def test_a_dyed_edge_has_no_halo():
    """Dark hair before a light wall: where both mix, the wall's share stays the wall's."""
    photo, alpha, layers = head(3, (15, 1, 1))
    white = Layers(layers.colors.copy(), layers.rows, layers.columns)
    white.colors[..., 3:] = 1
    share = (alpha / np.float32(255))[..., None]
    photo = np.rint((share * white.colors[..., :3] + (1 - share)) * 255).astype(np.uint8)
    blue = (38.0, 6.0, -40.0)

    dyed, flat = (dye(photo, alpha, kind, blue) for kind in (white, None))

    truth = share * (dye(np.rint(white.colors[..., :3] * 255).astype(np.uint8),
                         np.full_like(alpha, 255), None, blue) / 255) + (1 - share)  # fmt: skip
    edge = (alpha > 20) & (alpha < 235)
    assert np.abs(dyed / 255 - truth)[edge].mean() < 0.5 * np.abs(flat / 255 - truth)[edge].mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 2), (300, 5)])
def test_photos_of_any_shape_are_dyed(size):
    photo = np.full((*size, 3), 60, np.uint8)
    alpha = np.full(size, 255, np.uint8)
    layers = Layers(np.full((1, 1, 6), 0.2, np.float32), slice(0, size[0]), slice(0, size[1]))

    dyed = dye(photo, alpha, layers, (38, 6, -40))

    assert dyed.shape == photo.shape
    assert far_from(dyed, alpha, (38, 6, -40)) < far_from(photo, alpha, (38, 6, -40))


def test_a_part_is_dyed_as_it_is_in_the_whole():
    photo, alpha, layers = head(5, (38, 9, 18))
    rng = np.random.default_rng(0)
    grid = ColorGrid(rng.normal(0, 0.3, (16, 16, 8, 12)).astype(np.float32))
    square = (slice(4, 64), slice(0, 60))
    upper = alpha.copy()
    upper[36:] = 0

    whole = Canvas(photo, alpha, layers).dyed(grid, square, 0.7)
    part = Canvas(photo, upper, layers).dyed(grid, square, 0.7)

    np.testing.assert_array_equal(part[:36], whole[:36])
    np.testing.assert_array_equal(part[36:], photo[36:])
