"""Hair taken off a head."""

from __future__ import annotations

import numpy as np
import pytest

from limner_server.imaging.wig import wig_of
from tests.unit.server.imaging.heads import mesh_of

MESH = mesh_of(middle=(299.5, 250))


def photo_of(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (500, 600, 3), np.uint8)


def alpha_of(rows=slice(60, 180), columns=slice(200, 390)):
    alpha = np.zeros((500, 600), np.uint8)
    alpha[rows, columns] = 255
    return alpha


def test_a_wig_holds_its_hair_and_little_else():
    photo, alpha = photo_of(), alpha_of()

    wig = wig_of(photo, alpha, photo, MESH)

    laid = np.zeros_like(alpha)
    laid[wig.strands.rows, wig.strands.columns] = wig.strands.alpha
    assert laid.mean() == pytest.approx(alpha.mean(), rel=0.02)
    assert wig.strands.alpha.size < 1.1 * np.count_nonzero(alpha)
    assert wig.nbytes == 4 * wig.strands.alpha.size


def test_mirrored_twice_it_is_itself():
    photo, alpha = photo_of(), alpha_of()
    wig = wig_of(photo, alpha, photo, MESH)

    again = wig.mirrored().mirrored()

    assert (again.strands.rows, again.strands.columns) == (wig.strands.rows, wig.strands.columns)
    np.testing.assert_array_equal(again.strands.colors, wig.strands.colors)
    np.testing.assert_allclose(again.head.points, wig.head.points)
    assert again.light.tilt == wig.light.tilt


def test_its_mirror_image_is_that_of_the_mirrored_photo():
    photo, alpha = photo_of(), alpha_of()
    wig = wig_of(photo, alpha, photo, MESH).mirrored()
    flipped = wig_of(photo[:, ::-1], alpha[:, ::-1], photo[:, ::-1], MESH)

    assert (wig.strands.rows, wig.strands.columns) == (
        flipped.strands.rows,
        flipped.strands.columns,
    )
    np.testing.assert_array_equal(wig.strands.colors, flipped.strands.colors)
    apart = wig.strands.alpha.astype(int) - flipped.strands.alpha
    assert np.abs(apart).max() <= 8


@pytest.mark.parametrize("cut", ["top", "bottom", "left", "right"])
def test_hair_that_its_photo_cuts_fades_out_there(cut):
    boxes = {
        "top": (slice(0, 180), slice(200, 390)),
        "bottom": (slice(300, 500), slice(200, 390)),
        "left": (slice(60, 180), slice(0, 390)),
        "right": (slice(60, 180), slice(200, 600)),
    }
    photo = photo_of()

    alpha = wig_of(photo, alpha_of(*boxes[cut]), photo, MESH).strands.alpha

    rims = {"top": alpha[0], "bottom": alpha[-1], "left": alpha[:, 0], "right": alpha[:, -1]}
    assert rims[cut].max() <= 1
    assert alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255


def test_no_hair_is_no_wig():
    with pytest.raises(ValueError, match="no hair"):
        wig_of(photo_of(), np.zeros((500, 600), np.uint8), photo_of(), MESH)
