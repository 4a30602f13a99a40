"""Hair laid on a head."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.face_parts import center_of
from limner_server.imaging.fitting import Strands
from limner_server.imaging.skull import head_of
from limner_server.imaging.transplanting import kept_face, kept_off_face, transplant
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)
MESH = mesh_of()
HEAD = head_of(MESH)
WHOLE = slice(0, 500), slice(0, 600)


def photo_of(seed):
    return np.random.default_rng(seed).integers(0, 256, (500, 600, 3), np.uint8)


def strands_of(seed, rows=slice(10, 330), columns=slice(100, 490)):
    rng = np.random.default_rng(seed)
    shape = rows.stop - rows.start, columns.stop - columns.start
    small = rng.integers(-150, 256, (9, 9)).astype(np.float32)
    alpha = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 255)
    colors = rng.integers(0, 256, (*shape, 3), np.uint8)
    return Strands(colors, alpha.astype(np.uint8), rows, columns)


@few
@given(seeds)
def test_where_the_mask_is_0_no_bit_has_changed(seed):
    photo, strands = photo_of(seed), strands_of(seed)
    kept = photo.copy()

    done = transplant(photo, photo, strands, MESH, HEAD)

    np.testing.assert_array_equal(done.photo[done.mask == 0], photo[done.mask == 0])
    np.testing.assert_array_equal(photo, kept)
    assert set(np.unique(done.mask)) <= {0, 255}


@few
@given(seeds)
def test_a_kept_face_changes_only_under_hair(seed):
    photo = photo_of(seed)
    done = transplant(photo, photo, strands_of(seed), MESH, HEAD)

    face = (kept_face(MESH, *WHOLE, HEAD.unit) > 0) & (done.alpha == 0)

    assert face.any()
    np.testing.assert_array_equal(done.photo[face], photo[face])


@few
@given(seeds)
def test_full_hair_is_laid_on_as_it_is(seed):
    photo, strands = photo_of(seed), strands_of(seed)

    done = transplant(photo, photo, strands, MESH, HEAD)

    full = strands.alpha == 255
    laid = done.photo[strands.rows, strands.columns]
    np.testing.assert_array_equal(laid[full], strands.colors[full])
    np.testing.assert_array_equal(done.alpha[strands.rows, strands.columns], strands.alpha)


@few
@given(seeds)
def test_no_hair_lies_on_eyes_nose_and_mouth(seed):
    strands = strands_of(seed)

    kept = kept_off_face(strands, MESH, HEAD.unit)

    center = center_of(MESH, strands.rows, strands.columns) > 0
    assert center.any()
    assert not kept.alpha[center].any()
    assert (kept.alpha <= strands.alpha).all()


def test_a_fringe_casts_a_shadow_beneath_it_and_not_on_the_wall():
    photo = np.full((500, 600, 3), 180, np.uint8)
    alpha = np.full((60, 590), 255, np.uint8)
    fringe = Strands(np.zeros((60, 590, 3), np.uint8), alpha, slice(115, 175), slice(5, 595))

    done = transplant(photo, photo, fringe, MESH, HEAD)

    change = 180 - done.photo[176:].astype(int)
    assert change.min() == 0
    assert 8 < change[:, 300].max() < 60
    assert not change[:, :100].any()


def test_without_hair_what_lies_beneath_is_shown():
    photo, beneath = photo_of(0), photo_of(1)

    done = transplant(photo, beneath, None, MESH, HEAD)

    np.testing.assert_array_equal(done.photo, beneath)
    assert not done.alpha.any()
