"""Laying colors and ink on: as numpy would, one pixel at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.networks.laying_on import laid_on
from limner_registry.color import srgb_to_lab
from limner_registry.palette import toned
from limner_registry.styles import STYLES

seeds = st.integers(0, 2**32 - 1)
styles = st.integers(0, len(STYLES) - 1)


def by_hand(fields, palette, style):
    """Each pixel apart: nearest two colors, softened between them, then ink. HxWx3."""
    fields = np.clip(fields, 0, 1)
    tones = toned(palette, style).astype(np.float64)
    drawn = np.empty((*fields.shape[1:], 3))
    for row, column in np.ndindex(fields.shape[1:]):
        lab = srgb_to_lab(fields[:3, row, column].astype(np.float32)).astype(np.float64)
        squares = ((palette - lab) ** 2).sum(1)
        first, *others = np.argsort(squares, kind="stable")
        second = others[0] if others else first
        share = 1 / (1 + np.exp(-(squares[second] - squares[first]) / 10))
        color = share * tones[first] + (1 - share) * tones[second]
        cover = style.cover * fields[3, row, column]
        drawn[row, column] = color + cover * (np.array(style.ink) - color)
    return drawn


def case(seed, count=6):
    rng = np.random.default_rng(seed)
    fields = rng.uniform(-0.2, 1.2, (4, 5, 7)).astype(np.float32)
    palette = srgb_to_lab(rng.uniform(0, 1, (count, 3)).astype(np.float32))
    return fields, palette


def laid(fields, palette, style):
    planes = torch.from_numpy(fields)[None]
    return laid_on(planes, torch.from_numpy(palette)[None], torch.tensor([style]))[0]


@settings(max_examples=40)
@given(seeds, styles, st.integers(1, 24))
def test_a_picture_is_what_each_pixel_by_hand_becomes(seed, style, count):
    fields, palette = case(seed, count)

    found = laid(fields, palette, style).permute(1, 2, 0).numpy()

    np.testing.assert_allclose(found, by_hand(fields, palette, STYLES[style]), atol=3e-3)


def test_each_picture_of_a_batch_has_its_own_style_and_colors():
    cases = [case(seed) for seed in range(3)]
    fields, palettes = (torch.from_numpy(np.stack(each)) for each in zip(*cases, strict=True))

    together = laid_on(fields, palettes, torch.tensor([2, 0, 1]))

    for index, style in enumerate((2, 0, 1)):
        torch.testing.assert_close(together[index], laid(*cases[index], style))


@given(styles)
def test_a_palette_s_own_color_is_laid_on_as_its_tone_where_no_other_is_near(style):
    palette = srgb_to_lab(np.array([[0.1, 0.1, 0.1], [0.8, 0.2, 0.2], [0.9, 0.9, 0.7]], np.float32))
    fields = np.zeros((4, 2, 2), np.float32)
    fields[:3] = np.array([0.8, 0.2, 0.2], np.float32)[:, None, None]

    found = laid(fields, palette, style).permute(1, 2, 0).numpy()

    np.testing.assert_allclose(found[0, 0], toned(palette, STYLES[style])[1], atol=1e-3)


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_a_full_line_is_ink_as_far_as_it_covers(style):
    fields, palette = case(1)
    bare, full = fields.copy(), fields.copy()
    bare[3], full[3] = 0, 1

    without, covered = laid(bare, palette, style), laid(full, palette, style)

    ink = torch.tensor(STYLES[style].ink)[:, None, None]
    torch.testing.assert_close(covered, without + STYLES[style].cover * (ink - without))


def test_fields_and_lines_learn_from_the_picture():
    fields, _ = case(3)
    planes = torch.from_numpy(np.clip(0.4 + 0.1 * fields, 0.3, 0.5))[None].requires_grad_()
    near = srgb_to_lab(np.array([[0.38, 0.4, 0.41], [0.44, 0.42, 0.4]], np.float32))

    laid_on(planes, torch.from_numpy(near)[None], torch.tensor([0])).square().sum().backward()

    assert torch.isfinite(planes.grad).all()
    assert (planes.grad != 0).all()


@given(seeds, styles)
def test_pictures_stay_in_their_range(seed, style):
    found = laid(*case(seed), style)

    assert found.min() >= -1e-6
    assert found.max() <= 1 + 1e-6
