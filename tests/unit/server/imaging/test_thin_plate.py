"""The invariants of thin-plate splines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RBFInterpolator

from limner_server.imaging.thin_plate import laid_out, spline_of

few = settings(max_examples=20)
seeds = st.integers(0, 2**32 - 1)


def pairs_of(seed, count=20):
    """Return points spread over a photo, no two near each other, and others."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(36)[:count]
    places = np.stack(np.divmod(cells, 6), 1) * 100.0
    return places + rng.uniform(10, 90, places.shape), rng.uniform(-50, 700, places.shape)


@few
@given(seeds)
def test_every_point_comes_exactly_where_it_belongs(seed):
    sources, targets = pairs_of(seed)

    np.testing.assert_allclose(spline_of(sources, targets).at(sources), targets, atol=1e-6)


@few
@given(seeds, st.floats(0, 10))
def test_an_affine_map_is_met_everywhere_however_smooth(seed, smoothing):
    sources, beyond = pairs_of(seed)
    rng = np.random.default_rng(seed)
    turn, shift = rng.normal(size=(2, 2)), rng.normal(size=2) * 100

    spline = spline_of(sources, sources @ turn + shift, smoothing)

    np.testing.assert_allclose(spline.at(10 * beyond), 10 * beyond @ turn + shift, atol=1e-4)


@few
@given(seeds)
def test_it_equals_another_library_s(seed):
    sources, targets = pairs_of(seed)
    probes = np.random.default_rng(seed).uniform(-200, 800, (50, 2))
    theirs = RBFInterpolator(sources, targets, kernel="thin_plate_spline")

    np.testing.assert_allclose(spline_of(sources, targets).at(probes), theirs(probes), atol=1e-5)


@few
@given(seeds)
def test_the_smoother_the_less_it_bends(seed):
    sources, targets = pairs_of(seed)

    bent = [
        np.abs(spline_of(sources, targets, smoothing).weights[:-3]).sum()
        for smoothing in (0.0, 0.01, 1.0, 100.0)
    ]

    assert bent == sorted(bent, reverse=True)


def test_points_on_a_line_are_refused():
    line = np.stack([np.arange(5.0), 2 * np.arange(5.0)], 1)

    with pytest.raises(ValueError, match="one line"):
        spline_of(line, line)


@few
@given(seeds, st.integers(1, 400), st.integers(1, 400), st.integers(0, 300))
def test_an_affine_map_is_laid_out_to_a_thousandth_of_a_pixel(seed, height, width, start):
    sources, _ = pairs_of(seed)
    turn = np.array([[0.9, 0.2], [-0.3, 1.1]])
    rows, columns = slice(start, start + height), slice(2 * start, 2 * start + width)

    lattice = laid_out(spline_of(sources, sources @ turn + 7), rows, columns)

    x, y = np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop))
    expected = np.stack([x, y], -1) @ turn + 7
    np.testing.assert_allclose(lattice.rows(slice(0, height), width), expected, atol=2e-3)


@few
@given(seeds)
def test_between_the_nodes_a_bending_is_read_to_a_fifth_of_a_pixel(seed):
    sources, _ = pairs_of(seed)
    bent = sources + np.random.default_rng(seed).uniform(-7, 7, sources.shape)
    spline = spline_of(sources, bent, 1e-3)

    read = laid_out(spline, slice(0, 600), slice(0, 600)).rows(slice(250, 350), 600)

    x, y = np.meshgrid(np.arange(600), np.arange(250, 350))
    exact = spline.at(np.stack([x, y], -1).reshape(-1, 2)).reshape(read.shape)
    assert np.abs(read - exact).max() < 0.2
