"""What of an alpha is a head's own hair."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.own_hair import cleared, firm_before_face
from limner_server.imaging.skull import head_of
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)
MESH = mesh_of()
HEAD = head_of(MESH)


def cap_of():
    """Return hair on the head, with a soft edge."""
    alpha = np.zeros((600, 700), np.uint8)
    cv2.ellipse(alpha, (300, 170), (160, 130), 0, 180, 360, 255, -1)
    return cv2.GaussianBlur(alpha, (0, 0), 4)


def test_a_neighbor_s_hair_goes_and_one_s_own_stays_with_its_soft_edge():
    alpha = cap_of()
    cv2.circle(alpha, (640, 400), 50, 255, -1)

    np.testing.assert_array_equal(cleared(alpha, MESH), cap_of())


def test_hair_that_is_all_elsewhere_stays():
    alpha = np.zeros((600, 700), np.uint8)
    alpha[550:, 600:] = 255

    np.testing.assert_array_equal(cleared(alpha, MESH), alpha)


@few
@given(seeds)
def test_beside_and_above_the_head_every_strand_stays(seed):
    alpha = np.random.default_rng(seed).integers(0, 256, (600, 700), np.uint8)

    firm = firm_before_face(alpha, HEAD)

    np.testing.assert_array_equal(firm[:20], alpha[:20])
    np.testing.assert_array_equal(firm[:, 550:], alpha[:, 550:])


@few
@given(st.integers(0, 255))
def test_before_the_face_a_veil_goes_and_what_is_nearly_hair_is_hair(share):
    alpha = np.full((600, 700), share, np.uint8)

    before = int(firm_before_face(alpha, HEAD)[290, 300])

    assert (before == 0) if share < 0.15 * 255 else (before == 255) if share > 0.86 * 255 else True
    assert (before <= share) if share < 120 else (before >= share) if share > 135 else True


def test_before_the_face_speckles_are_smoothed():
    rng = np.random.default_rng(0)
    slope = np.tile(np.linspace(0, 255, 700), (600, 1))
    noisy = np.clip(slope + rng.normal(0, 50, slope.shape), 0, 255).astype(np.uint8)

    rough = [
        np.abs(np.diff(some[240:330, 240:360].astype(float), axis=0)).mean()
        for some in (noisy, firm_before_face(noisy, HEAD))
    ]

    assert rough[1] < 0.5 * rough[0]


def test_a_brow_that_hangs_together_with_hair_goes_and_the_hair_stays():
    hair = cap_of()
    browed = hair.copy()
    browed[225:240, 140:262] = 255

    clear = cleared(browed, MESH)

    assert clear[225:240, 205:260].max() <= 3
    above = np.abs(clear[:200].astype(int) - hair[:200])
    assert above.max() <= 3


def test_a_fringe_over_the_brow_stays():
    fringed = cap_of()
    fringed[150:250, 150:450] = 255

    clear = cleared(fringed, MESH)

    assert (clear[150:235, 170:430] >= 250).all()


@few
@given(seeds)
def test_nowhere_is_there_more_hair_than_before(seed):
    alpha = np.random.default_rng(seed).integers(0, 256, (600, 700), np.uint8)
    kept = alpha.copy()

    assert (cleared(alpha, MESH) <= alpha).all()
    np.testing.assert_array_equal(alpha, kept)
