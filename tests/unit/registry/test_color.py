from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import color as reference

from limner_registry.color import (
    ciede2000,
    lab_to_srgb,
    linear_to_srgb,
    srgb_to_lab,
    srgb_to_linear,
)

SHARMA = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
"""The published test pairs: two colors in CIELAB and their difference to four digits."""

labs = arrays(np.float64, (5, 3), elements=st.floats(-100, 100))
srgbs = arrays(np.float32, (4, 3), elements=st.floats(0, 1, width=32))


def test_differences_are_those_that_were_published():
    pairs = np.array([line.split() for line in SHARMA.strip().splitlines()], float)

    assert len(pairs) == 34
    np.testing.assert_allclose(ciede2000(pairs[:, :3], pairs[:, 3:6]), pairs[:, 6], atol=5.1e-5)


@given(labs, labs)
def test_differences_are_those_of_another_library(one, other):
    hues = [np.arctan2(lab[:, 2], lab[:, 1]) for lab in (one, other)]
    assume((np.abs(np.abs(hues[0] - hues[1]) - np.pi) > 0.01).all())  # there both are right
    theirs = reference.deltaE_ciede2000(one, other)

    np.testing.assert_allclose(ciede2000(one, other), theirs, atol=1e-5)


@given(labs, labs)
def test_a_difference_is_the_same_both_ways_and_none_to_itself(one, other):
    np.testing.assert_allclose(ciede2000(one, other), ciede2000(other, one), atol=1e-9)
    np.testing.assert_allclose(ciede2000(one, one), 0, atol=1e-9)


@given(srgbs)
def test_lab_is_what_another_library_says(colors):
    theirs = reference.rgb2lab(colors.astype(np.float64))

    np.testing.assert_allclose(srgb_to_lab(colors), theirs, atol=0.02)


def test_every_byte_has_the_light_that_its_float_has():
    codes = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)

    np.testing.assert_array_equal(srgb_to_lab(codes), srgb_to_lab(codes / np.float32(255)))


def test_gray_has_no_color():
    gray = np.repeat(np.linspace(0, 1, 50, dtype=np.float32)[:, None], 3, 1)

    assert np.abs(srgb_to_lab(gray)[:, 1:]).max() < 1e-3


@given(srgbs)
def test_a_color_comes_back_from_lab(colors):
    np.testing.assert_allclose(lab_to_srgb(srgb_to_lab(colors)), colors, atol=2e-4)


@given(srgbs)
def test_a_color_comes_back_from_linear_light(colors):
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(colors)), colors, atol=1e-5)


@pytest.mark.parametrize("lab", [(150, 0, 0), (-5, 0, 0), (50, 200, -200), (0, 80, 80)])
def test_a_color_that_no_screen_shows_is_cut_off(lab):
    shown = lab_to_srgb(np.array(lab, np.float32))

    assert shown.min() >= 0
    assert shown.max() <= 1
