"""The invariants of bringing hair from one head to another."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_registry.face_template import similarity
from limner_server.imaging.fitting import Strands, fit
from limner_server.imaging.skull import head_of
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)
ROWS, COLUMNS = slice(20, 420), slice(150, 450)


def strands_of(seed=0):
    """Return hair around a head, smooth enough to be read between its pixels."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (40, 30, 4), np.uint8)
    large = cv2.resize(small, (300, 400), interpolation=cv2.INTER_CUBIC)
    alpha = np.zeros((400, 300), np.uint8)
    alpha[30:-30, 30:-30] = large[30:-30, 30:-30, 3]
    return Strands(np.ascontiguousarray(large[..., :3]), alpha, ROWS, COLUMNS)


@few
@given(seeds)
def test_on_the_head_that_it_comes_from_hair_stays_as_it_is(seed):
    strands, head = strands_of(seed), head_of(mesh_of())

    worn = fit(strands, head, head, (600, 640))

    box = (
        slice(worn.rows.start - 20, worn.rows.stop - 20),
        slice(worn.columns.start - 150, worn.columns.stop - 150),
    )
    assert (worn.alpha > 0).sum() == (strands.alpha > 0).sum()
    np.testing.assert_allclose(worn.alpha, strands.alpha[box], atol=1)
    np.testing.assert_allclose(worn.colors, strands.colors[box], atol=1)


@few
@given(seeds, st.integers(-300, 300), st.integers(-300, 300))
def test_hair_goes_where_the_head_goes_as_far_as_the_photo_reaches(seed, right, down):
    strands = strands_of(seed)
    head, elsewhere = head_of(mesh_of()), head_of(mesh_of(middle=(300 + right, 250 + down)))
    laid, expected = np.zeros((500, 600), np.uint8), np.zeros((1600, 1800), np.uint8)

    worn = fit(strands, head, elsewhere, (500, 600))

    expected[620 + down : 1020 + down, 750 + right : 1050 + right] = strands.alpha
    if worn is not None:
        laid[worn.rows, worn.columns] = worn.alpha
    np.testing.assert_allclose(laid, expected[600:1100, 600:1200], atol=1)


@pytest.mark.parametrize("unit", [4.0, 10.0, 40.0])
def test_hair_of_any_size_covers_as_much_of_a_head(unit):
    strands, head = strands_of(), head_of(mesh_of())
    other = head_of(mesh_of(unit=unit, middle=(30 * unit, 30 * unit)))

    worn = fit(strands, head, other, (round(60 * unit), round(60 * unit)))

    ours, theirs = worn.alpha.sum() / unit**2, strands.alpha.sum() / 20**2
    assert ours == pytest.approx(theirs, rel=0.02)
    shares = [
        np.average(some.colors.reshape(-1, 3), 0, some.alpha.ravel()) for some in (worn, strands)
    ]
    np.testing.assert_allclose(*shares, atol=1.5)


def test_a_wider_face_widens_hair_beside_it_and_leaves_what_hangs_far_below():
    mesh = mesh_of()
    wider = mesh.copy()
    wider[:, 0] = 300 + (mesh[:, 0] - 300) * 1.15
    stripe = np.zeros((1200, 700), np.uint8)
    stripe[:, 170:180] = 255
    strands = Strands(np.zeros((1200, 700, 3), np.uint8), stripe, slice(0, 1200), slice(0, 700))
    back = similarity(head_of(wider).still, head_of(mesh).still)

    worn = fit(strands, head_of(mesh), head_of(wider), (1200, 700))

    def middle(row):
        place = row - worn.rows.start
        across = np.arange(worn.columns.start, worn.columns.stop)
        return np.average(across, weights=worn.alpha[place]) * back[0, 0] + back[0, 2]

    assert middle(290) < 172
    assert middle(1150) == pytest.approx(174.5, abs=2)
